"""`Store`: the lists, in one database file, with a snapshot of each for the engine beside it.

    home/store.sqlite        the truth: lists, entries, signals, versions
    home/snapshots/<id>/     what matching reads; made from the store, and again whenever it is behind

Every change is one transaction that ends in a new version of the list, followed by bringing the snapshot up to it.  A
kill between the two leaves a snapshot that is whole and old; the next change, `Store.publish` or `Store.snapshots`
completes it.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tutela.engine.snapshot import locked, remove_snapshot, snapshot_state, write_snapshot
from tutela.model import Entry, ListInfo, Purpose, Rejected, Removed, Threshold
from tutela.model.errors import ListExists, ListUnknown, StoreDamaged, StoreUnwritable, UsageError
from tutela.signals import kind as signal_kind
from tutela.store.database import Database
from tutela.store.entry_rows import entries_of, moment, now
from tutela.store.importing import MOST_REJECTED, Import, ImportSummary, Item, met_table
from tutela.store.migrate import upgrade
from tutela.store.queries import query
from tutela.store.tables import list_versions, lists

_NAME = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,63}")
#: Changed entries above which a snapshot is made anew instead of changed: both cost the same, and a new one is in one
#: piece.
REBUILD_ABOVE = 500_000
#: Rows fetched at once while entries are streamed.
FETCH = 5_000


@dataclass(frozen=True, slots=True)
class ListDetails:
    """What `Store.show` tells of a list.

    ``signals`` counts the active entries' signals by kind.  ``published`` is the version of the snapshot, ``None`` if
    there is no whole one.
    """

    info: ListInfo
    created: datetime
    changed: datetime
    entries: int
    removed: int
    signals: dict[str, int]
    published: int | None


class Store:
    """The lists under a home folder.  Use `Store.open`; usable as a context manager."""

    def __init__(self, home: Path, database: Database) -> None:
        self.home = home
        self._database = database

    @classmethod
    def open(cls, home: Path, *, patience: float = 30.0) -> Store:
        """Open the store in ``home``, made if there is none, with this release's tables.

        ``patience`` is how long to wait for another process that writes, in seconds.  Raises `StoreDamaged`,
        `StoreNewer`, `StoreBusy`, or `StoreUnwritable`.
        """
        path = home / "store.sqlite"
        try:
            home.mkdir(parents=True, exist_ok=True)
            lost = (not path.exists() or path.stat().st_size == 0) and any((home / "snapshots").glob("[0-9]*"))
        except OSError as error:
            raise StoreUnwritable(path=path, reason=error.strerror) from None
        if lost:
            raise StoreDamaged(path=path, reason="it is gone or empty, while snapshots of its lists are there")
        database = Database(path, patience=patience)
        try:
            upgrade(database)
        except BaseException:
            database.close()
            raise
        return cls(home, database)

    @property
    def database(self) -> Database:
        """The database, for other tables of the same store."""
        return self._database

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ----------------------------------------------------------------------------------------------------- lists
    def create_list(
        self,
        name: str,
        *,
        owner: str = "",
        purpose: Purpose = Purpose.KNOWN,
        thresholds: Mapping[str, Threshold] | None = None,
    ) -> ListInfo:
        """Make an empty list and publish it.

        ``thresholds`` by kind; a kind that is not named has its default.  Raises `ListExists`, `UsageError` for a
        name or threshold that cannot be.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                reason=f"A list cannot be called {name!r}."
                " Use 1 to 64 of the characters a-z, 0-9, '.', '_' and '-', and no '.' first."
            )
        limits = dict(thresholds or {})
        for kind, limit in limits.items():
            _check_threshold(kind, limit)
        time = now()
        column = json.dumps({kind: [limit.distance, limit.quality] for kind, limit in sorted(limits.items())})
        try:
            with self._database.writing() as connection:
                made = connection.execute(
                    insert(lists).values(
                        name=name, owner=owner, purpose=purpose.value, thresholds=column, version=0, created=time
                    )
                )
                key = made.inserted_primary_key
                if key is None:
                    raise AssertionError("an insert without a key")
                _new_version(connection, key[0], 0, time)
        except IntegrityError:
            raise ListExists(name=name) from None
        self.publish(name)
        return self.info(name)

    def lists(self) -> tuple[ListInfo, ...]:
        """Return every list's particulars, by name."""
        with self._database.reading() as connection:
            return tuple(_info(row) for row in connection.execute(select(lists).order_by(lists.c.name)))

    def info(self, name: str) -> ListInfo:
        """Return a list's particulars; raise `ListUnknown`."""
        with self._database.reading() as connection:
            return _info(_row(connection, name))

    def show(self, name: str) -> ListDetails:
        """Return what there is to tell of a list; raise `ListUnknown`."""
        with self._database.reading() as connection:
            row = _row(connection, name)
            states = dict(tuple(pair) for pair in connection.execute(query("count_entries"), {"list": row.id}))
            kinds = dict(tuple(pair) for pair in connection.execute(query("count_signals"), {"list": row.id}))
            changed = connection.execute(
                select(list_versions.c.made).where(
                    list_versions.c.list == row.id, list_versions.c.number == row.version
                )
            ).scalar_one()
        state = snapshot_state(self._place(row.id))
        return ListDetails(
            _info(row),
            moment(row.created),
            moment(changed),
            states.get("active", 0),
            states.get("removed", 0),
            kinds,
            None if state is None else state[0].version,
        )

    def remove_list(self, name: str) -> None:
        """Delete a list with all it holds, and its snapshot; raise `ListUnknown`."""
        with self._database.writing() as connection:
            row = _row(connection, name)
            connection.execute(delete(lists).where(lists.c.id == row.id))
        with locked(self._place(row.id), patience=self._database.patience):
            remove_snapshot(self._place(row.id))

    # --------------------------------------------------------------------------------------------------- entries
    def import_entries(
        self,
        name: str,
        items: Iterable[Item],
        progress: Callable[[int], None] | None = None,
        *,
        rejected: Callable[[Rejected], None] | None = None,
        accept_torn: bool = False,
    ) -> ImportSummary:
        """Take a stream of entries, removals and rejected lines into a list, all or nothing, and publish it.

        An entry that says the same as the stored one changes nothing; one that says other things replaces it; several
        of one key within the stream say them together.  Memory does not grow with the stream.  ``progress`` is called
        with the number of items taken so far, ``rejected`` with each line or part that was not.  Raises
        `ListUnknown`, `StoreBusy`, and `ImportTorn` if the reader says that the file breaks off, unless
        ``accept_torn``.
        """
        summary = ImportSummary()

        def reject(item: Rejected) -> None:
            summary.rejected_count += 1
            if len(summary.rejected) < MOST_REJECTED:
                summary.rejected.append(item)
            if rejected is not None:
                rejected(item)

        with ExitStack() as stack:
            connection = stack.enter_context(self._database.writing())
            row = _row(connection, name)
            stack.enter_context(met_table(connection))
            running = Import(connection, row.id, row.version + 1, time := now())
            running.run(items, accept_torn=accept_torn, progress=progress, rejected=reject)
            running.finish(summary)
            if summary.changed:
                _new_version(connection, row.id, row.version + 1, time)
        summary.version = row.version + summary.changed
        self.publish(name)
        return summary

    def remove_entries(self, name: str, keys: Iterable[str]) -> int:
        """Withdraw the entries of these keys from a list; return how many there were."""
        return self.import_entries(name, (Removed(key) for key in keys)).removed

    def entries(self, name: str) -> Iterator[Entry]:
        """Yield the active entries of one state of a list, oldest change first; raise `ListUnknown`.

        Memory does not grow with the list.
        """
        with self._database.reading() as connection:
            row = _row(connection, name)
            for _, entry in _entries_since(connection, row.id, -1):
                yield entry

    # ------------------------------------------------------------------------------------------------- snapshots
    def snapshot_path(self, name: str) -> Path:
        """Return the folder of a list's snapshot; raise `ListUnknown`."""
        with self._database.reading() as connection:
            return self._place(_row(connection, name).id)

    def snapshots(self) -> tuple[tuple[str, Path], ...]:
        """Return (name, folder) of every list's snapshot, each up to date; drop those of lists that are gone."""
        self._drop_orphans()
        return tuple((info.name, self.publish(info.name)) for info in self.lists())

    def places(self) -> tuple[tuple[str, Path], ...]:
        """Return (name, folder) of every list's snapshot as it lies there, whether or not it is up to date."""
        with self._database.reading() as connection:
            return tuple(
                (row.name, self._place(row.id)) for row in connection.execute(select(lists.c.name, lists.c.id))
            )

    def publish(self, name: str) -> Path:
        """Bring a list's snapshot up to date by what has changed; anew if it is missing, damaged or of another past.

        Raises `ListUnknown`, `IndexBusy` if another process keeps writing it, `StoreUnwritable`.
        """
        with self._database.reading() as connection:
            row = _row(connection, name)
            path = self._place(row.id)
            if snapshot_state(path) == _state(connection, row):
                return path
        try:
            with locked(path, patience=self._database.patience), self._database.reading() as connection:
                _bring(connection, _row(connection, name), path)
        except OSError as error:
            raise StoreUnwritable(path=path, reason=error.strerror) from None
        return path

    def _place(self, list_id: int) -> Path:
        return self.home / "snapshots" / str(list_id)

    def _drop_orphans(self) -> None:
        # The folders are listed before the lists are read: a list that comes in between has no folder among them.
        found = {path.name.partition(".")[0] for path in (self.home / "snapshots").glob("[0-9]*")}
        with self._database.reading() as connection:
            there = {str(number) for number in connection.execute(select(lists.c.id)).scalars()}
        for name in found - there:
            with locked(self.home / "snapshots" / name, patience=self._database.patience):
                remove_snapshot(self.home / "snapshots" / name)


def _bring(connection: Connection, row: Row[tuple[object, ...]], path: Path) -> None:
    info, stamp = _state(connection, row)
    state = snapshot_state(path)
    if state == (info, stamp):
        return
    since = -1 if state is None else _past(connection, row, info, *state)
    if since >= 0:
        scope = {"list": row.id, "version": since}
        touched = np.fromiter(connection.execute(query("touched_since"), scope).scalars(), np.uint64)
        if len(touched) <= REBUILD_ABOVE:
            added = _entries_since(connection, row.id, since)
            write_snapshot(path, info, added, touched, stamp=stamp)
            return
    write_snapshot(path, info, _entries_since(connection, row.id, -1), stamp=stamp, rebuild=True)


def _past(connection: Connection, row: Row[tuple[object, ...]], info: ListInfo, published: ListInfo, stamp: str) -> int:
    """Return the version from which a snapshot can be carried forward, -1 if it cannot."""
    if published.thresholds != info.thresholds or _stamp(connection, row.id, published.version) != stamp:
        return -1
    return published.version


def _entries_since(connection: Connection, list_id: int, version: int) -> Iterator[tuple[int, Entry]]:
    streaming = connection.execution_options(yield_per=FETCH)
    return entries_of(streaming.execute(query("entries_since"), {"list": list_id, "version": version}))


def _row(connection: Connection, name: str) -> Row[tuple[object, ...]]:
    row = connection.execute(select(lists).where(lists.c.name == name)).one_or_none()
    if row is None:
        raise ListUnknown(name=name)
    return row


def _info(row: Row[tuple[object, ...]]) -> ListInfo:
    limits = {kind: Threshold(*limit) for kind, limit in json.loads(row.thresholds).items()}
    return ListInfo(row.name, row.owner, Purpose(row.purpose), limits, row.version)


def _state(connection: Connection, row: Row[tuple[object, ...]]) -> tuple[ListInfo, str]:
    """Return what the snapshot of a list should be of, in the form of `snapshot_state`."""
    stamp = _stamp(connection, row.id, row.version)
    if stamp is None:
        raise AssertionError(f"version {row.version} of list {row.name} was never made")
    return _info(row), stamp


def _stamp(connection: Connection, list_id: int, version: int) -> str | None:
    """Return the stamp of a version, ``None`` if the list never had it."""
    wanted = select(list_versions.c.stamp).where(list_versions.c.list == list_id, list_versions.c.number == version)
    return connection.execute(wanted).scalar_one_or_none()


def _new_version(connection: Connection, list_id: int, version: int, time: int) -> None:
    connection.execute(update(lists).where(lists.c.id == list_id).values(version=version))
    connection.execute(
        insert(list_versions).values(list=list_id, number=version, stamp=secrets.token_hex(8), made=time)
    )


def _check_threshold(kind: str, limit: Threshold) -> None:
    known = signal_kind(kind)
    if kind != known.name or limit.distance < 0 or not 0 <= limit.quality <= 100:
        raise UsageError(
            reason=f"The threshold of {kind} cannot be {limit.distance} with quality {limit.quality}:"
            " a distance is 0 or more, a quality 0 to 100."
        )
