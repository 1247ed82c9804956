"""`Webhooks`: addresses that are told what happens.

A delivery is signed as Standard Webhooks has it: ``webhook-id``, ``webhook-timestamp``, and in ``webhook-signature``
``v1,`` and the base 64 of HMAC-SHA256 over ``id.timestamp.body``.  Its id stays the same however often it is sent, so
that a receiver can tell a repetition.  No payload holds a hash of a content or a URL.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from tutela.exchange.guarded import GuardedClient
from tutela.model.errors import UsageError, WebhookUnknown
from tutela.store.audit import By, record
from tutela.store.database import Database
from tutela.store.entry_rows import moment, precise_now
from tutela.store.job_tables import deliveries, event_cursors, webhooks
from tutela.store.people_tables import audit
from tutela.store.tables import list_versions, lists

EVENTS = ("list.changed", "match.hit", "job.done")
#: What happened that is turned into deliveries at once.
STEP = 500


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address and the events that it is told; ``waiting`` and ``failed`` count its deliveries."""

    id: int
    url: str
    events: tuple[str, ...]
    state: str
    made: datetime
    waiting: int
    failed: int


class Webhooks:
    """The webhooks of a store."""

    def __init__(self, database: Database, client: GuardedClient | None = None) -> None:
        self._database = database
        self._client = client or GuardedClient()

    def register(self, url: str, events: Iterable[str], by: By) -> tuple[Webhook, str]:
        """Tell an address of events from now on; return it and its secret, which is told this once.

        Raises `FetchRefused` for an address that would not be asked, `UsageError` for an event there is not.
        """
        named = tuple(sorted(set(events)))
        if not named or not set(named) <= set(EVENTS):
            raise UsageError(reason=f"A webhook is told of one or more of {', '.join(EVENTS)}.")
        self._client.check(url)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        values = {"url": url, "events": " ".join(named), "secret": secret, "state": "active", "made": precise_now()}
        with self._database.writing() as connection:
            self._begin(connection)
            number = connection.execute(insert(webhooks).values(values).returning(webhooks.c.id)).scalar_one()
            record(connection, by, "webhook.register", f"webhook:{number}", after={"events": list(named)})
        return self.get(number), secret

    def get(self, number: int) -> Webhook:
        """Return a webhook; raise `WebhookUnknown`."""
        for one in self.list():
            if one.id == number:
                return one
        raise WebhookUnknown(number=number)

    def list(self) -> tuple[Webhook, ...]:
        """Return every webhook, the newest first."""
        counts = select(deliveries.c.webhook, deliveries.c.state, func.count()).group_by(
            deliveries.c.webhook, deliveries.c.state
        )
        with self._database.reading() as connection:
            counted = {(hook, state): number for hook, state, number in connection.execute(counts)}
            rows = connection.execute(select(webhooks).order_by(webhooks.c.id.desc())).all()
        return tuple(_webhook(row, counted) for row in rows)

    def disable(self, number: int, by: By) -> None:
        """Tell an address nothing more; what waits for it is given up.  Raises `WebhookUnknown`."""
        self.get(number)
        with self._database.writing() as connection:
            connection.execute(update(webhooks).where(webhooks.c.id == number).values(state="disabled"))
            open_ = deliveries.c.state.in_(("waiting", "sending"))
            connection.execute(
                update(deliveries)
                .where(deliveries.c.webhook == number, open_)
                .values(state="failed", answer="switched off")
            )
            record(connection, by, "webhook.disable", f"webhook:{number}")

    def gather(self) -> int:
        """Turn what has happened since the last time into deliveries, each once; return how many."""
        made = 0
        with self._database.writing() as connection:
            self._begin(connection)
            for name, read in (("list.changed", _changes), ("match.hit", _hits)):
                cursor = select(event_cursors.c.number).where(event_cursors.c.name == name).with_for_update()
                since = connection.execute(cursor).scalar_one()
                last, payloads = read(connection, since)
                if last != since:
                    connection.execute(update(event_cursors).where(event_cursors.c.name == name).values(number=last))
                for payload in payloads:
                    made += tell(connection, name, payload)
        return made

    @staticmethod
    def _begin(connection: Connection) -> None:
        """Put the cursors at the present, where there are none: the first webhook is not told of the past."""
        there = set(connection.execute(select(event_cursors.c.name)).scalars())
        newest = select(func.coalesce(func.max(audit.c.number), 0))
        if "list.changed" not in there:
            connection.execute(insert(event_cursors).values(name="list.changed", number=_full_seconds()))
        if "match.hit" not in there:
            number = connection.execute(newest).scalar_one()
            connection.execute(insert(event_cursors).values(name="match.hit", number=number))


def tell(connection: Connection, event: str, payload: Mapping[str, Any]) -> int:
    """Write deliveries of an event in the caller's transaction; return how many webhooks are told."""
    rows = connection.execute(select(webhooks.c.id, webhooks.c.events).where(webhooks.c.state == "active")).all()
    time = precise_now()
    body = {"type": event, "timestamp": moment(time).isoformat(), "data": dict(payload)}
    told = [
        {
            "id": f"msg_{secrets.token_hex(12)}",
            "webhook": row.id,
            "event": event,
            "payload": json.dumps(body, separators=(",", ":")),
            "state": "waiting",
            "attempts": 0,
            "answer": "",
            "made": time,
        }
        for row in rows
        if event in row.events.split()
    ]
    if told:
        connection.execute(insert(deliveries), told)
    return len(told)


def signature(secret: str, number: str, time: int, body: bytes) -> str:
    """Return the ``webhook-signature`` of a delivery; ``time`` in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{number}.{time}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


def _full_seconds() -> int:
    """Return the end of the last whole second.

    A version's time is whole seconds: what was made in the present second may still get company.
    """
    return precise_now() // 1_000_000 * 1_000_000 - 1


def _changes(connection: Connection, since: int) -> tuple[int, list[dict[str, Any]]]:
    until = _full_seconds()
    asked = (
        select(lists.c.name, list_versions.c.number, list_versions.c.made)
        .join(lists, lists.c.id == list_versions.c.list)
        .where(list_versions.c.made > since, list_versions.c.made <= until)
        .order_by(list_versions.c.made)
    )
    rows = connection.execute(asked).all()
    return (rows[-1].made if rows else since), [{"list": row.name, "version": row.number} for row in rows]


def _hits(connection: Connection, since: int) -> tuple[int, list[dict[str, Any]]]:
    newest = connection.execute(select(func.coalesce(func.max(audit.c.number), 0))).scalar_one()
    asked = (
        select(audit.c.number, audit.c.target, audit.c.after, audit.c.request)
        .where(audit.c.action == "match.hit", audit.c.number > since)
        .order_by(audit.c.number)
        .limit(STEP)
    )
    rows = connection.execute(asked).all()
    last = rows[-1].number if len(rows) == STEP else newest
    return last, [
        {"list": row.target.removeprefix("list:"), "request": row.request, "audit": row.number, **json.loads(row.after)}
        for row in rows
    ]


def _webhook(row: Row[Any], counted: Mapping[tuple[int, str], int]) -> Webhook:
    waiting = counted.get((row.id, "waiting"), 0) + counted.get((row.id, "sending"), 0)
    failed = counted.get((row.id, "failed"), 0)
    return Webhook(row.id, row.url, tuple(row.events.split()), row.state, moment(row.made), waiting, failed)
