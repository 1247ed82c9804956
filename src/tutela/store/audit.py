"""The audit trail: every change and every match that hit, chained so that tampering shows.

A row's hash is SHA-256 over its columns and the hash of the row before it; the first row's ``previous`` is 32 zero
bytes.  Numbers are dense from 1.  `tutela.access.trail` signs the chain's head at times and verifies all of it.

Rows hold neither hashes of contents nor URLs: they outlive the lists.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from tutela.store.entry_rows import moment, precise_now
from tutela.store.people_tables import audit, audit_head

FIRST = bytes(32)


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, why, and in which request.

    ``who`` names an account, a token of one, or the user of the command line; never a secret.
    """

    who: str
    why: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """What is to be written down; see `record`."""

    by: By
    action: str
    target: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A row as it stands in the trail."""

    number: int
    time: datetime
    who: str
    action: str
    target: str
    why: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    request: str


def record(
    connection: Connection,
    by: By,
    action: str,
    target: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write one row in the caller's transaction.

    ``action`` is a noun and a verb, as in ``"list.create"``; ``target`` what it was done to, as in ``"list:known"``.
    ``before`` and ``after`` are plain JSON and hold neither hashes nor URLs.
    """
    record_many(connection, (AuditRow(by, action, target, before, after),))


def record_many(connection: Connection, rows: Iterable[AuditRow]) -> None:
    """Write several rows, in their order, in the caller's transaction."""
    # SQLite has one writer anyway; on PostgreSQL whoever writes next waits here until this transaction has ended.
    head = connection.execute(select(audit_head).with_for_update()).one()
    number, previous = head.number, head.hash
    time = precise_now()
    written = []
    for row in rows:
        number += 1
        values: dict[str, Any] = {
            "number": number,
            "time": time,
            "who": row.by.who,
            "action": row.action,
            "target": row.target,
            "why": row.by.why,
            "before": _json(row.before),
            "after": _json(row.after),
            "request": row.by.request,
            "previous": previous,
        }
        previous = values["hash"] = row_hash(values)
        written.append(values)
    if written:
        connection.execute(insert(audit), written)
        connection.execute(update(audit_head).values(number=number, hash=previous))


def row_hash(row: Mapping[str, Any]) -> bytes:
    """Return the hash that a row should have: of its columns in this order, as a JSON array, and its predecessor."""
    columns = [row[name] for name in ("number", "time", "who", "action", "target", "why", "before", "after", "request")]
    told = json.dumps(columns, ensure_ascii=True, separators=(",", ":")).encode()
    return hashlib.sha256(bytes(row["previous"]) + told).digest()


def rows(
    connection: Connection,
    *,
    before: int | None = None,
    limit: int = 100,
    action: str = "",
    target: str = "",
    who: str = "",
    since: datetime | None = None,
) -> tuple[Written, ...]:
    """Return rows, newest first, older than number ``before``.

    ``action`` and ``target`` are beginnings, as in ``"list."``; ``who`` stands anywhere in the row's.
    """
    asked = select(audit).order_by(audit.c.number.desc()).limit(limit)
    if before is not None:
        asked = asked.where(audit.c.number < before)
    for column, prefix in ((audit.c.action, action), (audit.c.target, target)):
        if prefix:
            # A range, which an index serves; LIKE would not be told from its own signs.
            asked = asked.where(column >= prefix, column < prefix + "\U0010ffff")
    if who:
        asked = asked.where(audit.c.who.contains(who, autoescape=True))
    if since is not None:
        asked = asked.where(audit.c.time >= int(since.timestamp() * 1_000_000))
    return tuple(_written(row) for row in connection.execute(asked))


def _written(row: Row[Any]) -> Written:
    return Written(
        row.number,
        moment(row.time),
        row.who,
        row.action,
        row.target,
        row.why,
        None if row.before is None else json.loads(row.before),
        None if row.after is None else json.loads(row.after),
        row.request,
    )


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
