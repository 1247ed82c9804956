"""Entries as people look at them: one with its history, or page by page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, select

from tutela.model import Entry
from tutela.model.errors import EntryUnknown
from tutela.store.entry_rows import entries_of, moment
from tutela.store.history import former_entry
from tutela.store.queries import look_up
from tutela.store.tables import entries, entry_history, entry_pauses, list_versions, signals

#: Rows that a page with a filter looks through at most; what it did not come to is for the next one.
LOOKED_THROUGH = 20_000


@dataclass(frozen=True, slots=True)
class EntryDetails:
    """An entry and where it stands.

    ``number`` is its id, as hits and the audit trail have it; ``state`` is ``active``, ``disabled`` or ``removed``;
    ``version`` is the list's version in which it last changed; ``reason`` why it did.
    """

    entry: Entry
    number: int
    state: str
    version: int
    disabled_until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EntryVersion:
    """What an entry said from a version of its list on; ``details`` is ``None`` while it was not listed."""

    version: int
    when: datetime
    who: str
    why: str
    details: EntryDetails | None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries by key.  ``next`` is to be given as ``after`` for those that follow, ``None`` at the end.

    With a filter a page may hold fewer than were asked for, and still have a next one.
    """

    entries: tuple[EntryDetails, ...]
    next: str | None


def one_entry(connection: Connection, list_id: int, name: str, key: str) -> EntryDetails:
    """Return an entry by its key; raise `EntryUnknown`."""
    found = _row(connection, list_id, name, key)
    (told,) = _details(connection, [found])
    why = connection.execute(
        select(list_versions.c.why).where(list_versions.c.list == list_id, list_versions.c.number == found.version)
    ).scalar_one_or_none()
    return replace(told, reason=why or "")


def _row(connection: Connection, list_id: int, name: str, key: str) -> Row[Any]:
    row = connection.execute(_rows(list_id).where(entries.c.key == key)).one_or_none()
    if row is None:
        raise EntryUnknown(key=key, name=name)
    return row


def _rows(list_id: int) -> Select[Any]:
    columns = (entries.c.id, entries.c.key, entries.c.state, entries.c.version, entry_pauses.c.until)
    return (
        select(*columns)
        .select_from(entries.outerjoin(entry_pauses, entry_pauses.c.entry == entries.c.id))
        .where(entries.c.list == list_id)
    )


def _details(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[EntryDetails, ...]:
    if not rows:
        return ()
    told = dict(entries_of(look_up(connection, "entries_of_ids", {}, [row.id for row in rows])))
    return tuple(
        EntryDetails(
            entry=told[row.id],
            number=row.id,
            state="disabled" if row.until is not None else row.state,
            version=row.version,
            disabled_until=None if row.until is None else moment(row.until),
        )
        for row in rows
    )


def entry_page(
    connection: Connection,
    list_id: int,
    *,
    after: str | None,
    limit: int,
    state: str | None = None,
    label: str | None = None,
    grade: str | None = None,
    kind: str | None = None,
    text: str | None = None,
) -> EntryPage:
    """Return a page; ``text`` is the beginning of the key, ``label`` and ``grade`` (its code) are whole."""
    asked = _rows(list_id).order_by(entries.c.key)
    if text:
        asked = asked.where(entries.c.key >= text, entries.c.key < text + "\U0010ffff")
    if after is not None:
        asked = asked.where(entries.c.key > after)
    filters: list[ColumnElement[bool]] = []
    if state == "disabled":
        filters.append(entry_pauses.c.until.is_not(None))
    elif state is not None:
        filters.append(and_(entries.c.state == state, entry_pauses.c.until.is_(None)))
    if label is not None:
        filters.append(entries.c.labels.contains(_json(label), autoescape=True))
    if grade is not None:
        filters.append(entries.c.grades.contains(f",{_json(grade)}]", autoescape=True))
    if kind is not None:
        filters.append(exists().where(signals.c.entry == entries.c.id, signals.c.kind == kind))
    if not filters:
        rows = connection.execute(asked.limit(limit + 1)).all()
        following = rows[limit - 1].key if len(rows) > limit else None
        return EntryPage(_details(connection, rows[:limit]), following)
    # However rare what is looked for is, a page takes a bounded time.
    last = connection.execute(asked.with_only_columns(entries.c.key).offset(LOOKED_THROUGH - 1).limit(1)).scalar()
    within = asked if last is None else asked.where(entries.c.key <= last)
    rows = connection.execute(within.where(*filters).limit(limit + 1)).all()
    following = rows[limit - 1].key if len(rows) > limit else last
    # Signs of JSON within a label or scheme can look like the end of one: what was found is looked at again.
    found = (
        one
        for one in _details(connection, rows[:limit])
        if (label is None or label in one.entry.labels)
        and (grade is None or any(grade == each.code for each in one.entry.grades))
    )
    return EntryPage(tuple(found), following)


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def entry_versions(connection: Connection, list_id: int, name: str, key: str) -> tuple[EntryVersion, ...]:
    """Return what an entry said, the newest first; raise `EntryUnknown`."""
    present = _row(connection, list_id, name, key)
    (told,) = _details(connection, [present])
    asked = select(entry_history).where(entry_history.c.entry == present.id).order_by(entry_history.c.until.desc())
    former = connection.execute(asked).all()
    stations: list[tuple[int, EntryDetails | None]] = [
        (present.version, told if told.state == "active" else None),
    ]
    for row in former:
        entry = former_entry(present.id, key, row)
        said = EntryDetails(entry, present.id, row.state, row.since) if row.state == "active" else None
        stations.append((row.since, said))
    numbers = [version for version, _ in stations]
    made = {
        row.number: row
        for row in connection.execute(
            select(list_versions).where(list_versions.c.list == list_id, list_versions.c.number.in_(numbers))
        )
    }
    return tuple(
        EntryVersion(version, moment(made[version].made), made[version].who, made[version].why, said)
        for version, said in stations
        if version in made
    )
