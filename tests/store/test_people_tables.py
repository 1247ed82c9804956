import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from tutela.store.people_tables import accounts, links, sessions, tokens

ANNA = {
    "name": "anna",
    "password": "",
    "roles": "reader",
    "state": "active",
    "created": 1,
    "second_factor_used": 0,
    "recovery": "",
}


def put(store, table, **values):
    with store.database.writing() as connection:
        return connection.execute(insert(table).values(**values)).inserted_primary_key[0]


def test_two_accounts_have_two_names(store):
    put(store, accounts, **ANNA)
    with pytest.raises(IntegrityError):
        put(store, accounts, **ANNA)


def test_an_account_is_in_a_state_that_there_is(store):
    with pytest.raises(IntegrityError):
        put(store, accounts, **(ANNA | {"state": "asleep"}))


def test_a_number_is_never_given_twice(store):
    first = put(store, accounts, **ANNA)
    with store.database.writing() as connection:
        connection.execute(delete(accounts))
    assert put(store, accounts, **ANNA) > first


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (links, {"digest": b"d", "until": 1}),
        (sessions, {"digest": b"d", "csrf": "c", "made": 1, "used": 1, "address": ""}),
        (tokens, {"digest": b"d", "name": "n", "made": 1, "until": 2}),
    ],
)
def test_what_lets_somebody_in_goes_with_the_account(store, table, values):
    account = put(store, accounts, **ANNA)
    put(store, table, account=account, **values)
    with pytest.raises(IntegrityError):
        put(store, table, account=account, **values)  # a digest stands for one
    with store.database.writing() as connection:
        connection.execute(delete(accounts))
    with store.database.reading() as connection:
        assert connection.execute(select(table)).all() == []
