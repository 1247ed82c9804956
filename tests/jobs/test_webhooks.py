import base64
import hashlib
import hmac
import json
import time

import pytest
from sqlalchemy import select

from jobs.conftest import ME
from tutela.exchange.guarded import GuardedClient
from tutela.jobs.webhooks import Webhooks, signature, tell
from tutela.model.errors import FetchRefused, UsageError, WebhookUnknown
from tutela.store.audit import record
from tutela.store.job_tables import deliveries


@pytest.fixture
def hooks(store):
    return Webhooks(store.database, GuardedClient(resolve=lambda _host, _port: ["93.184.216.34"]))


def waiting(store):
    with store.database.reading() as connection:
        return [json.loads(row.payload) for row in connection.execute(select(deliveries).order_by(deliveries.c.made))]


def settled(monkeypatch):
    """Versions of the present second may still get company, and are left for the next time."""
    from tutela.jobs import webhooks as module

    real = module.precise_now
    monkeypatch.setattr(module, "precise_now", lambda: real() + 2_000_000)


def test_the_past_is_not_told_and_what_comes_is_told_once(hooks, store, monkeypatch):
    time.sleep(1.1)  # versions know their second: the list's first must lie in one that is over
    hooks.register("https://partner.example/told", ["list.changed", "match.hit"], ME)
    store.change_list("known", owner="us")
    with store.database.writing() as connection:
        record(connection, ME, "match.hit", "list:known", after={"distance": 3})
    settled(monkeypatch)
    assert hooks.gather() == 2
    assert hooks.gather() == 0
    told = waiting(store)
    assert {one["type"] for one in told} == {"list.changed", "match.hit"}
    assert {"list": "known", "version": 1} in [one["data"] for one in told]


def test_only_those_are_told_who_asked_and_are_not_switched_off(hooks, store):
    one, _ = hooks.register("https://partner.example/a", ["job.done"], ME)
    hooks.register("https://partner.example/b", ["list.changed"], ME)
    with store.database.writing() as connection:
        assert tell(connection, "job.done", {}) == 1
    assert hooks.get(one.id).waiting == 1
    hooks.disable(one.id, ME)
    assert (hooks.get(one.id).waiting, hooks.get(one.id).failed, hooks.get(one.id).state) == (0, 1, "disabled")
    with store.database.writing() as connection:
        assert tell(connection, "job.done", {}) == 0


def test_a_transaction_that_fails_tells_nothing(hooks, store):
    hooks.register("https://partner.example/a", ["job.done"], ME)
    with pytest.raises(RuntimeError), store.database.writing() as connection:
        tell(connection, "job.done", {})
        raise RuntimeError
    assert waiting(store) == []


def test_the_signature_is_that_of_standard_webhooks():
    secret = "whsec_" + base64.b64encode(b"k" * 32).decode()
    expected = hmac.new(b"k" * 32, b"msg_1.1700000000.{}", hashlib.sha256).digest()
    assert signature(secret, "msg_1", 1_700_000_000, b"{}") == "v1," + base64.b64encode(expected).decode()


@pytest.mark.parametrize(
    ("url", "events", "error"),
    [
        ("https://partner.example/", [], UsageError),
        ("https://partner.example/", ["tea"], UsageError),
        ("ftp://partner.example/", ["job.done"], FetchRefused),
        ("https://partner.example:8443/", ["job.done"], FetchRefused),
    ],
)
def test_what_cannot_be(hooks, url, events, error):
    with pytest.raises(error):
        hooks.register(url, events, ME)


def test_an_address_within_is_refused(store):
    with pytest.raises(FetchRefused, match="public network"):
        Webhooks(store.database).register("http://127.0.0.1/", ["job.done"], ME)
    with pytest.raises(WebhookUnknown):
        Webhooks(store.database).disable(7, ME)


def test_the_audit_trail_tells_of_it_without_the_address(hooks, store):
    hooks.register("https://partner.example/secret-path", ["job.done"], ME)
    from tutela.store.audit import rows

    with store.database.reading() as connection:
        (row,) = rows(connection, action="webhook.")
    assert "partner" not in str(row)
