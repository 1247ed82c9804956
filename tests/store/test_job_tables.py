import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from tutela.store.job_tables import deliveries, jobs, webhooks

JOB = {
    "id": "1",
    "kind": "import",
    "state": "waiting",
    "arguments": "{}",
    "done": 0,
    "message": "",
    "who": "",
    "why": "",
    "request": "",
    "made": 1,
    "cancelled": 0,
}
HOOK = {"url": "https://partner.example", "events": "", "secret": "", "state": "active", "made": 1}
DELIVERY = {"id": "m", "event": "e", "payload": "{}", "state": "waiting", "attempts": 0, "answer": "", "made": 1}


def put(store, table, **values):
    with store.database.writing() as connection:
        return connection.execute(insert(table).values(**values)).inserted_primary_key[0]


@pytest.mark.parametrize(("table", "values"), [(jobs, JOB | {"state": "lost"}), (webhooks, HOOK | {"state": "lost"})])
def test_a_state_is_one_that_there_is(store, table, values):
    with pytest.raises(IntegrityError):
        put(store, table, **values)


def test_a_job_is_one(store):
    put(store, jobs, **JOB)
    with pytest.raises(IntegrityError):
        put(store, jobs, **JOB)


def test_deliveries_belong_to_a_webhook_and_go_with_it(store):
    with pytest.raises(IntegrityError):
        put(store, deliveries, webhook=99, **DELIVERY)
    hook = put(store, webhooks, **HOOK)
    put(store, deliveries, webhook=hook, **DELIVERY)
    with store.database.writing() as connection:
        connection.execute(delete(webhooks))
    with store.database.reading() as connection:
        assert connection.execute(select(deliveries)).all() == []
