"""`Banks`: the lists as HMA's clients know them; what they say of a list and of an entry is kept here.

HMA names a content by a number, which is the entry's own number in the store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from tutela.model import Purpose
from tutela.model.errors import ListUnknown
from tutela.store.audit import By, record
from tutela.store.bank_tables import banks, entry_notes
from tutela.store.database import Database
from tutela.store.entry_rows import now
from tutela.store.tables import entries, entry_pauses, list_versions, lists


@dataclass(frozen=True, slots=True)
class Bank:
    """A known list as a bank.  ``ratio``: the share of look-ups that ask it.  ``gone``: an HMA client deleted it."""

    list_name: str
    ratio: float = 1.0
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """What a client keeps with an entry; ``metadata`` has HMA's members ``content_id``, ``content_uri``, ``json``."""

    note: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Banks:
    """Reads and writes what HMA's clients say; to be used by any number of threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[Bank, ...]:
        """Return every known list as a bank, by name, those that are gone too.  A benign list is no bank."""
        wanted = (
            select(lists.c.name, banks.c.ratio, banks.c.gone)
            .join_from(lists, banks, banks.c.list == lists.c.id, isouter=True)
            .where(lists.c.purpose == Purpose.KNOWN.value)
            .order_by(lists.c.name)
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return tuple(Bank(name, 1.0 if ratio is None else ratio, gone is not None) for name, ratio, gone in rows)

    def set_ratio(self, list_name: str, ratio: float, by: By) -> None:
        """Set the share of look-ups, 0 to 1, that ask a list; a bank that was gone is there again.

        Raises `ListUnknown`.
        """
        with self._database.writing() as connection:
            number = _number(connection, list_name)
            before = connection.execute(select(banks.c.ratio, banks.c.gone).where(banks.c.list == number)).one_or_none()
            was = (1.0, None) if before is None else tuple(before)
            if was == (ratio, None):
                return
            _put(connection, number, ratio, None)
            told = {"ratio": was[0], "gone": was[1] is not None}
            record(connection, by, "bank.change", f"list:{list_name}", before=told, after={"ratio": ratio})

    def bury(self, list_name: str, by: By) -> None:
        """Have a bank gone for HMA's clients; its list stays.  Raises `ListUnknown`."""
        with self._database.writing() as connection:
            _put(connection, _number(connection, list_name), 1.0, now())
            record(connection, by, "bank.remove", f"list:{list_name}", after={"gone": True})

    def place(self, number: int) -> tuple[str, str] | None:
        """Return the list's name and the key of the entry of this number, ``None`` if there is none."""
        wanted = (
            select(lists.c.name, entries.c.key)
            .join_from(entries, lists, entries.c.list == lists.c.id)
            .where(entries.c.id == number)
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else (row.name, row.key)

    def keys(self, list_name: str) -> tuple[str, ...]:
        """Return the keys of what a list holds, entries that are switched off among them."""
        wanted = (
            select(entries.c.key)
            .join(lists, lists.c.id == entries.c.list)
            .outerjoin(entry_pauses, entry_pauses.c.entry == entries.c.id)
            .where(lists.c.name == list_name, or_(entries.c.state == "active", entry_pauses.c.until.is_not(None)))
            .order_by(entries.c.id)
        )
        with self._database.reading() as connection:
            return tuple(connection.execute(wanted).scalars())

    def note(self, number: int) -> Note:
        """Return what is kept with an entry."""
        wanted = select(entry_notes.c.note, entry_notes.c.metadata).where(entry_notes.c.entry == number)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return Note() if row is None else Note(row.note, json.loads(row.metadata or "{}"))

    def set_note(self, number: int, note: Note, by: By) -> None:
        """Keep a note with an entry, in place of what was kept.  The audit row tells that, not what it says."""
        kept = json.dumps(dict(note.metadata), ensure_ascii=False) if note.metadata else None
        with self._database.writing() as connection:
            connection.execute(delete(entry_notes).where(entry_notes.c.entry == number))
            if note.note or kept:
                connection.execute(insert(entry_notes).values(entry=number, note=note.note, metadata=kept))
            after = {"note": bool(note.note), "metadata": sorted(note.metadata)}
            record(connection, by, "entry.note", f"entry:{number}", after=after)

    def newest(self) -> int | None:
        """Return when a list last changed, in seconds since 1970; ``None`` if there is no list."""
        with self._database.reading() as connection:
            made: int | None = connection.execute(select(func.max(list_versions.c.made))).scalar()
        return None if made is None else made // 1_000_000


def _number(connection: Connection, list_name: str) -> int:
    found: int | None = connection.execute(select(lists.c.id).where(lists.c.name == list_name)).scalar_one_or_none()
    if found is None:
        raise ListUnknown(name=list_name)
    return found


def _put(connection: Connection, number: int, ratio: float, gone: int | None) -> None:
    values = {"ratio": ratio, "gone": gone}
    if connection.execute(update(banks).where(banks.c.list == number).values(**values)).rowcount == 0:
        connection.execute(insert(banks).values(list=number, **values))
