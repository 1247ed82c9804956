"""Snapshots of lists, which matching reads: each is brought up to its list, carried forward or made anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Row, select

from tutela.engine.snapshot import locked, remove_snapshot, snapshot_state, write_snapshot
from tutela.model import Entry, ListInfo
from tutela.model.errors import StoreUnwritable
from tutela.store.database import Database
from tutela.store.entry_rows import entries_of
from tutela.store.list_rows import list_info, list_row, stamp_of
from tutela.store.queries import query
from tutela.store.tables import lists

#: Changed entries above which a snapshot is made anew instead of changed: both cost the same, and a new one is in one
#: piece.
REBUILD_ABOVE = 500_000
#: Rows fetched at once while entries are streamed.
FETCH = 5_000


class Snapshots:
    """The snapshots in a folder, each in one of its own that is named by the list's id."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database

    def place(self, list_id: int) -> Path:
        """Return the folder of a list's snapshot, by the list's id."""
        return self._folder / str(list_id)

    def path(self, name: str) -> Path:
        """Return the folder of a list's snapshot; raise `ListUnknown`."""
        with self._database.reading() as connection:
            return self.place(list_row(connection, name).id)

    def places(self) -> tuple[tuple[str, Path], ...]:
        """Return (name, folder) of every list's snapshot as it lies there, whether or not it is up to date."""
        with self._database.reading() as connection:
            return tuple((row.name, self.place(row.id)) for row in connection.execute(select(lists.c.name, lists.c.id)))

    def publish(self, name: str) -> Path:
        """Bring a list's snapshot up to date by what has changed; anew if it is missing, damaged or of another past.

        Raises `ListUnknown`, `IndexBusy` if another process keeps writing it, `StoreUnwritable`.
        """
        with self._database.reading() as connection:
            row = list_row(connection, name)
            path = self.place(row.id)
            if snapshot_state(path) == _wanted(connection, row):
                return path
        try:
            with locked(path, patience=self._database.patience), self._database.reading() as connection:
                _bring(connection, list_row(connection, name), path)
        except OSError as error:
            raise StoreUnwritable(path=path, reason=error.strerror) from None
        return path

    def drop(self, list_id: int) -> None:
        """Remove a list's snapshot."""
        path = self.place(list_id)
        with locked(path, patience=self._database.patience):
            remove_snapshot(path)

    def drop_orphans(self) -> None:
        """Remove the snapshots of lists that are gone."""
        # The folders are listed before the lists are read: a list that comes in between has no folder among them.
        found = {int(path.name.partition(".")[0]) for path in self._folder.glob("[0-9]*")}
        with self._database.reading() as connection:
            there = set(connection.execute(select(lists.c.id)).scalars())
        for number in found - there:
            self.drop(number)


def _bring(connection: Connection, row: Row[tuple[object, ...]], path: Path) -> None:
    info, stamp = _wanted(connection, row)
    state = snapshot_state(path)
    if state == (info, stamp):
        return
    since = -1 if state is None else _past(connection, row, info, *state)
    if since >= 0:
        scope = {"list": row.id, "version": since}
        touched = np.fromiter(connection.execute(query("touched_since"), scope).scalars(), np.uint64)
        if len(touched) <= REBUILD_ABOVE:
            added = entries_since(connection, row.id, since)
            write_snapshot(path, info, added, touched, stamp=stamp)
            return
    write_snapshot(path, info, entries_since(connection, row.id, -1), stamp=stamp, rebuild=True)


def _past(connection: Connection, row: Row[tuple[object, ...]], info: ListInfo, published: ListInfo, stamp: str) -> int:
    """Return the version from which a snapshot can be carried forward, -1 if it cannot."""
    if published.thresholds != info.thresholds or stamp_of(connection, row.id, published.version) != stamp:
        return -1
    return published.version


def entries_since(connection: Connection, list_id: int, version: int) -> Iterator[tuple[int, Entry]]:
    """Yield a list's active entries that changed after a version (-1: all) with their ids, oldest change first."""
    streaming = connection.execution_options(yield_per=FETCH)
    return entries_of(streaming.execute(query("entries_since"), {"list": list_id, "version": version}))


def _wanted(connection: Connection, row: Row[tuple[object, ...]]) -> tuple[ListInfo, str]:
    """Return what the snapshot of a list should be of, in the form of `snapshot_state`."""
    stamp = stamp_of(connection, row.id, row.version)
    if stamp is None:
        raise AssertionError(f"version {row.version} of list {row.name} was never made")
    return list_info(row), stamp
