"""One import: a stream of entries and removals becomes one new version of a list, or nothing.

Items come in batches, sorted by key so that the index of keys grows page by page.  A key may come back anywhere in a
file, and what it then says is *added* to what this import has said of it, while an entry that only an earlier import
told is *replaced*.  The temporary table ``met`` tells the two apart: it holds the former state of every old row that
this import meets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection

from tutela.model import Entry, Rejected, Removed
from tutela.model.errors import ImportTorn
from tutela.store.entry_rows import EntryRow, entries_of, fit, merge, moment, row_of
from tutela.store.history import keep_former
from tutela.store.queries import bulk, look_up, query
from tutela.store.tables import met

#: Items taken together.  SQLite takes at most 32,766 parameters in a statement.
BATCH = 20_000
#: Rejected lines that a summary keeps; all are counted, and all are told to the caller's ``rejected``.
MOST_REJECTED = 10_000

Item = Entry | Removed | Rejected


@dataclass(slots=True)
class ImportSummary:
    """What an import did to a list.

    ``rejected`` holds the first `MOST_REJECTED` of ``rejected_count`` lines or parts that could not be taken, from
    the reader and, numbered by item, from the store.  ``version`` is the list's version now; it is a new one if and
    only if something changed.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    rejected_count: int = 0
    version: int = 0

    @property
    def changed(self) -> bool:
        """Whether the list is another one now."""
        return bool(self.added or self.updated or self.removed)


class _Known(NamedTuple):
    """A row of `known_keys`: what the store holds under a key."""

    key: str
    id: int
    fingerprint: bytes
    state: str
    version: int
    added: int
    updated: int
    met: int


@dataclass(slots=True)
class _Said:
    """What a batch says of one key; ``anew``: a removal came before it, so nothing said earlier counts."""

    entry: Entry | None
    anew: bool = False


@contextmanager
def met_table(connection: Connection) -> Iterator[None]:
    """Give a connection an empty table ``met`` for as long as an import runs; a rollback takes it away too."""
    met.create(connection)
    yield
    met.drop(connection)


class Import:
    """An import in progress, inside a writing transaction that holds `met_table`.

    With ``end_pauses`` what it says of an entry that is switched off brings it back.
    """

    def __init__(
        self, connection: Connection, list_id: int, version: int, time: int, *, end_pauses: bool = False
    ) -> None:
        self._end_all_pauses = end_pauses
        self._connection = connection
        self._list = list_id
        self._version = version
        self._time = time
        self._next = int(connection.execute(query("highest_entry")).scalar_one()) + 1
        self._number = 0
        self._ended = 0

    def run(
        self,
        items: Iterable[Item],
        *,
        accept_torn: bool,
        progress: Callable[[int], None] | None,
        rejected: Callable[[Rejected], None],
    ) -> None:
        """Take all items; raise `ImportTorn` at one that is ``fatal`` unless torn files are accepted."""
        stream = iter(items)
        while batch := list(islice(stream, BATCH)):
            self._store(self._gather(batch, rejected, accept_torn=accept_torn))
            if progress is not None:
                progress(self._number)

    def finish(self, summary: ImportSummary) -> None:
        """Take back what came to nothing, and count."""
        scope = {"list": self._list, "version": self._version}
        self._connection.execute(query("undo_round_trips"), {**scope, "now": self._time})
        self._connection.execute(query("drop_short_lived"), scope)
        self._connection.execute(query("forget_round_trips"), scope)
        self._connection.execute(query("end_pauses"), scope)
        changes = self._connection.execute(query("count_changes"), scope).one()
        summary.added, summary.updated, summary.removed = map(int, changes)
        summary.removed += self._ended
        summary.unchanged = int(self._connection.execute(query("count_unchanged")).scalar_one())

    def _gather(
        self, batch: Iterable[Item], rejected: Callable[[Rejected], None], *, accept_torn: bool
    ) -> dict[str, _Said]:
        said: dict[str, _Said] = {}
        for item in batch:
            self._number += 1
            if isinstance(item, Entry):
                entry = fit(item, lambda reason: rejected(Rejected(self._number, reason)))
                if entry is None:
                    continue
                earlier = said.get(entry.key)
                if earlier is None:
                    said[entry.key] = _Said(entry)
                elif earlier.entry is None:
                    said[entry.key] = _Said(entry, anew=True)
                else:
                    said[entry.key] = _Said(merge(earlier.entry, entry), anew=earlier.anew)
            elif isinstance(item, Removed):
                said[item.key] = _Said(None)
            else:
                rejected(item)
                if item.fatal and not accept_torn:
                    raise ImportTorn(number=item.number, reason=item.reason)
        return said

    def _store(self, said: dict[str, _Said]) -> None:
        keys = sorted(said)
        if not keys:
            return
        scope = {"list": self._list, "version": self._version}
        rows = look_up(self._connection, "known_keys", scope, keys)
        known = {row.key: row for row in map(_Known._make, rows)}
        if not self._end_all_pauses:
            self._pass_over_paused(said, known)
            keys = sorted(said)
        self._remember(known[key] for key in keys if key in known and not known[key].met)
        self._insert(row_of(entry) for key in keys if key not in known and (entry := said[key].entry) is not None)
        self._withdraw(known[key] for key in keys if key in known and said[key].entry is None)
        self._renew(said, known)

    def _pass_over_paused(self, said: dict[str, _Said], known: dict[str, _Known]) -> None:
        """Leave entries alone that are switched off for a while: a partner's next delivery does not know of it."""
        away = {row.id: key for key, row in known.items() if row.state != "active" and said[key].entry is not None}
        if away:
            for number in look_up(self._connection, "paused_of", {}, list(away)).scalars().all():
                del said[away[number]]

    def _remember(self, rows: Iterable[_Known]) -> None:
        former = [(row.id, row.version, row.fingerprint, row.state, row.added, row.updated) for row in rows]
        bulk(self._connection, "remember_met", former)

    def _insert(self, rows: Iterable[EntryRow]) -> None:
        entries: list[tuple[object, ...]] = []
        signals: list[tuple[object, ...]] = []
        number, time, version = self._next, self._time, self._version
        for key, grades, labels, source, added, updated, fingerprint, values in rows:
            first = time if added is None else added
            last = time if updated is None else updated
            entries.append((number, self._list, key, grades, labels, source, first, last, fingerprint, version))
            signals.extend((number, *value) for value in values)
            number += 1
        self._next = number
        bulk(self._connection, "insert_entries", entries)
        bulk(self._connection, "insert_signals", signals)

    def _withdraw(self, rows: Iterable[_Known]) -> None:
        rows = list(rows)
        self._end_pauses([row.id for row in rows if row.state != "active"])
        there = [row for row in rows if row.state == "active"]
        self._keep(there)
        bulk(self._connection, "withdraw_entry", [(self._time, self._version, row.id) for row in there])

    def _end_pauses(self, numbers: list[int]) -> None:
        """Have entries that are away stay away, also those that are only switched off for a while."""
        if numbers:
            self._ended += look_up(self._connection, "end_pauses_of", {}, numbers).rowcount

    def _keep(self, rows: Iterable[_Known]) -> None:
        """Keep what rows say that this import has not changed before."""
        former = [row.id for row in rows if row.version != self._version]
        if former:
            keep_former(self._connection, self._list, self._version, former)

    def _renew(self, said: dict[str, _Said], known: dict[str, _Known]) -> None:
        """Bring rows that are there already to what the import says of them."""
        told = {
            row.id: (row, one) for key, row in known.items() if key in said and (one := said[key]).entry is not None
        }
        pieces = [number for number, (row, one) in told.items() if row.met and row.state == "active" and not one.anew]
        earlier = self._stored(pieces)
        former: list[_Known] = []
        changed: list[tuple[object, ...]] = []
        replaced: list[tuple[object, ...]] = []
        signals: list[tuple[object, ...]] = []
        for number, (row, one) in sorted(told.items()):
            if one.entry is None:
                continue
            new = row_of(merge(earlier[number], one.entry) if number in earlier else one.entry)
            back = row.state == "removed" and not row.met
            added = new.added if new.added is not None else self._time if back else row.added
            same = new.fingerprint == row.fingerprint and row.state == "active" and added == row.added
            if same and new.updated in {None, row.updated}:
                continue
            updated = self._time if new.updated is None else new.updated
            former.append(row)
            changed.append((new.grades, new.labels, new.source, added, updated, new.fingerprint, self._version, number))
            if new.fingerprint != row.fingerprint:
                replaced.append((number,))
                signals.extend((number, *value) for value in new.signals)
        self._keep(former)
        bulk(self._connection, "replace_entry", changed)
        bulk(self._connection, "delete_signals", replaced)
        bulk(self._connection, "insert_signals", signals)

    def _stored(self, numbers: list[int]) -> dict[int, Entry]:
        """Return entries as they stand; a time that this import gave for want of a claim is no claim."""
        if not numbers:
            return {}
        rows = look_up(self._connection, "entries_of_ids", {}, numbers)
        own = moment(self._time)
        return {number: entry if entry.updated != own else _without_update(entry) for number, entry in entries_of(rows)}


def _without_update(entry: Entry) -> Entry:
    return Entry(entry.key, entry.signals, entry.grades, entry.labels, entry.source, entry.added)
