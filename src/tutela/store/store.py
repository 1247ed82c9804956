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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import numpy as np
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tutela.engine.past import past_list
from tutela.engine.snapshot import HeldList, ListSnapshot, snapshot_state, write_snapshot
from tutela.model import Entry, Grade, ListInfo, Purpose, Rejected, Removed, Settings, Threshold
from tutela.model.errors import (
    EntryAway,
    ListExists,
    StoreDamaged,
    StoreUnwritable,
    UsageError,
    VersionUnknown,
)
from tutela.signals import kind as signal_kind
from tutela.store.audit import By, record
from tutela.store.database import Database
from tutela.store.entry_pages import EntryDetails, EntryPage, EntryVersion, entry_page, entry_versions, one_entry
from tutela.store.entry_rows import fit, microseconds, moment, now, precise_now
from tutela.store.history import past_entries
from tutela.store.importing import MOST_REJECTED, Import, ImportSummary, Item, met_table
from tutela.store.list_rows import check_threshold, list_info, list_row, new_version, stamp_of, thresholds_column
from tutela.store.migrate import upgrade
from tutela.store.publishing import Snapshots, entries_since
from tutela.store.queries import look_up, query
from tutela.store.tables import entries, entry_pauses, list_versions, lists

_NAME = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,63}")

#: Who changes a list from the command line.
COMMAND_LINE = By("the command line")


@dataclass(frozen=True, slots=True)
class ListVersion:
    """A version of a list: since when it is in force, and who made it and why."""

    number: int
    made: datetime
    who: str
    why: str


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
        self._snapshots = Snapshots(home / "snapshots", database)

    @classmethod
    def open(cls, home: Path, url: str = "", *, patience: float = 30.0) -> Store:
        """Open the store in ``home``, made if there is none, with this release's tables.

        ``url`` names a PostgreSQL database, which then holds the tables; the snapshots lie in ``home`` in any case.
        ``patience`` is how long to wait for another process that writes, in seconds.  Raises `StoreDamaged`,
        `StoreNewer`, `StoreBusy`, or `StoreUnwritable`.
        """
        path = home / "store.sqlite"
        try:
            home.mkdir(parents=True, exist_ok=True)
            (home / "snapshots").mkdir(exist_ok=True)
            lost = (
                not url and (not path.exists() or path.stat().st_size == 0) and any((home / "snapshots").glob("[0-9]*"))
            )
        except OSError as error:
            raise StoreUnwritable(path=path, reason=error.strerror) from None
        if lost:
            raise StoreDamaged(path=path, reason="it is gone or empty, while snapshots of its lists are there")
        database = Database(url or path, patience=patience)
        try:
            upgrade(database)
        except BaseException:  # whatever it was: the file is let go, and it goes on to whoever called
            database.close()
            raise
        return cls(home, database)

    @classmethod
    def of(cls, settings: Settings, *, patience: float = 30.0) -> Store:
        """Open the store that the settings name; see `Store.open`."""
        return cls.open(settings.home, settings.database, patience=patience)

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
        by: By = COMMAND_LINE,
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
            check_threshold(kind, limit)
        time = now()
        column = thresholds_column(limits)
        try:
            with self._database.alone() as connection:
                made = connection.execute(
                    insert(lists).values(
                        name=name, owner=owner, purpose=purpose.value, thresholds=column, version=0, created=time
                    )
                )
                key = made.inserted_primary_key
                if key is None:
                    raise AssertionError("an insert without a key")
                new_version(connection, key[0], 0, time, by)
                told = {"owner": owner, "purpose": purpose.value, "thresholds": json.loads(column)}
                record(connection, by, "list.create", f"list:{name}", after=told)
        except IntegrityError:
            raise ListExists(name=name) from None
        self.publish(name)
        return self.info(name)

    def lists(self) -> tuple[ListInfo, ...]:
        """Return every list's particulars, by name."""
        with self._database.reading() as connection:
            return tuple(list_info(row) for row in connection.execute(select(lists).order_by(lists.c.name)))

    def info(self, name: str) -> ListInfo:
        """Return a list's particulars; raise `ListUnknown`."""
        with self._database.reading() as connection:
            return list_info(list_row(connection, name))

    def show(self, name: str) -> ListDetails:
        """Return what there is to tell of a list; raise `ListUnknown`."""
        with self._database.reading() as connection:
            row = list_row(connection, name)
            states = dict(tuple(pair) for pair in connection.execute(query("count_entries"), {"list": row.id}))
            kinds = dict(tuple(pair) for pair in connection.execute(query("count_signals"), {"list": row.id}))
            changed = connection.execute(
                select(list_versions.c.made).where(
                    list_versions.c.list == row.id, list_versions.c.number == row.version
                )
            ).scalar_one()
        state = snapshot_state(self._snapshots.place(row.id))
        return ListDetails(
            list_info(row),
            moment(row.created),
            moment(changed),
            states.get("active", 0),
            states.get("removed", 0),
            kinds,
            None if state is None else state[0].version,
        )

    def change_list(
        self,
        name: str,
        *,
        owner: str | None = None,
        thresholds: Mapping[str, Threshold] | None = None,
        by: By = COMMAND_LINE,
    ) -> ListInfo:
        """Change a list's owner or thresholds, where given: a new version.  Raises `ListUnknown`, `UsageError`."""
        for kind, limit in (thresholds or {}).items():
            check_threshold(kind, limit)
        with self._database.alone() as connection:
            row = list_row(connection, name)
            values = {"owner": row.owner if owner is None else owner, "thresholds": row.thresholds}
            if thresholds is not None:
                values["thresholds"] = thresholds_column(thresholds)
            before = {"owner": row.owner, "thresholds": json.loads(row.thresholds)}
            after = {"owner": values["owner"], "thresholds": json.loads(values["thresholds"])}
            if before != after:
                connection.execute(update(lists).where(lists.c.id == row.id).values(values))
                new_version(connection, row.id, row.version + 1, now(), by)
                record(connection, by, "list.change", f"list:{name}", before=before, after=after)
        self.publish(name)
        return self.info(name)

    def remove_list(self, name: str, *, by: By = COMMAND_LINE) -> None:
        """Delete a list with all it holds, and its snapshot; raise `ListUnknown`."""
        with self._database.alone() as connection:
            row = list_row(connection, name)
            before = {"owner": row.owner, "purpose": row.purpose, "version": row.version}
            record(connection, by, "list.remove", f"list:{name}", before=before)
            connection.execute(delete(lists).where(lists.c.id == row.id))
        self._snapshots.drop(row.id)

    # --------------------------------------------------------------------------------------------------- entries
    def import_entries(
        self,
        name: str,
        items: Iterable[Item],
        progress: Callable[[int], None] | None = None,
        *,
        rejected: Callable[[Rejected], None] | None = None,
        accept_torn: bool = False,
        by: By = COMMAND_LINE,
        action: str = "list.import",
        within: Callable[[Connection, ImportSummary], None] | None = None,
        end_pauses: bool = False,
    ) -> ImportSummary:
        """Take a stream of entries, removals and rejected lines into a list, all or nothing, and publish it.

        An entry that says the same as the stored one changes nothing; one that says other things replaces it; several
        of one key within the stream say them together.  Memory does not grow with the stream.  ``progress`` is called
        with the number of items taken so far, ``rejected`` with each line or part that was not.  ``action`` is what the
        audit trail calls it; ``within`` is called at the end of the transaction, to write what has to stand or fall
        with it.  Entries that are switched off stay so, unless ``end_pauses``.  Raises
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
            connection = stack.enter_context(self._database.alone())
            row = list_row(connection, name)
            stack.enter_context(met_table(connection))
            running = Import(connection, row.id, row.version + 1, time := now(), end_pauses=end_pauses)
            running.run(items, accept_torn=accept_torn, progress=progress, rejected=reject)
            running.finish(summary)
            if summary.changed:
                new_version(connection, row.id, row.version + 1, time, by)
                told = {"added": summary.added, "updated": summary.updated, "removed": summary.removed}
                told |= {"rejected": summary.rejected_count, "version": row.version + 1}
                record(connection, by, action, f"list:{name}", before={"version": row.version}, after=told)
            summary.version = row.version + summary.changed
            if within is not None:
                within(connection, summary)
        self.publish(name)
        return summary

    def remove_entries(self, name: str, keys: Iterable[str], *, by: By = COMMAND_LINE) -> int:
        """Withdraw the entries of these keys from a list; return how many there were."""
        removed = (Removed(key) for key in keys)
        return self.import_entries(name, removed, by=by, action="entry.withdraw").removed

    def withdraw(self, name: str, keys: Iterable[str], *, by: By) -> int:
        """Withdraw entries for a reason, which ``by`` has to tell; return how many there were.  Raises `UsageError`."""
        if not by.why.strip():
            raise UsageError(reason="A withdrawal needs a reason.")
        return self.remove_entries(name, keys, by=by)

    def add_entry(self, name: str, entry: Entry, *, by: By = COMMAND_LINE) -> EntryDetails:
        """Add an entry, or have it say something else; return it as it stands then.

        Raises `ListUnknown`, and `UsageError` if not all of it may enter a list.
        """
        reasons: list[str] = []
        if fit(entry, reasons.append) is None or reasons:
            raise UsageError(reason=f"The entry cannot be taken as it is: {'; '.join(reasons)}.")
        self.import_entries(name, (entry,), by=by, action="entry.add", end_pauses=True)
        return self.entry(name, entry.key)

    def change_entry(
        self,
        name: str,
        key: str,
        *,
        grades: Iterable[Grade] | None = None,
        labels: Iterable[str] | None = None,
        by: By = COMMAND_LINE,
    ) -> EntryDetails:
        """Give an entry other grades or labels, where given.  Raises `ListUnknown`, `EntryUnknown`, `EntryAway`."""
        details = self.entry(name, key)
        if details.state != "active":
            raise EntryAway(key=key, state=details.state)
        entry = replace(details.entry, updated=None)
        if grades is not None:
            entry = replace(entry, grades=tuple(grades))
        if labels is not None:
            entry = replace(entry, labels=tuple(labels))
        self.import_entries(name, (entry,), by=by, action="entry.change")
        return self.entry(name, key)

    def disable_entry(self, name: str, key: str, until: datetime, *, by: By) -> EntryDetails:
        """Have an entry not matched until a time; `wake` brings it back.

        Raises `ListUnknown`, `EntryUnknown`, `EntryAway`, `UsageError`.
        """
        if microseconds(until) <= precise_now():
            raise UsageError(reason="The time until which an entry is switched off lies in the future.")
        details = self.entry(name, key)
        if details.state == "removed":
            raise EntryAway(key=key, state=details.state)

        def pause(connection: Connection, _summary: ImportSummary | None = None) -> None:
            connection.execute(delete(entry_pauses).where(entry_pauses.c.entry == details.number))
            connection.execute(insert(entry_pauses).values(entry=details.number, until=microseconds(until)))
            told = {"entry": details.number, "until": until.isoformat()}
            record(connection, by, "entry.disable-until", f"list:{name}", after=told)

        if details.state == "active":  # in one transaction: what is switched off must not stay away for good
            self.import_entries(name, (Removed(key),), by=by, action="entry.disable", within=pause)
        else:
            with self._database.alone() as connection:
                pause(connection)
        return self.entry(name, key)

    def restore_entry(self, name: str, key: str, *, by: By) -> EntryDetails:
        """Bring back an entry that is switched off or was withdrawn.  Raises `ListUnknown`, `EntryUnknown`."""
        details = self.entry(name, key)
        if details.state != "active":
            entry = replace(details.entry, updated=None)
            self.import_entries(name, (entry,), by=by, action="entry.restore", end_pauses=True)
        return self.entry(name, key)

    def wake(self, by: By = By("the server", "its time is over")) -> int:  # noqa: B008 - a frozen value
        """Bring back the entries whose time of being switched off is over; return how many."""
        due = (
            select(lists.c.name, entries.c.key)
            .join(entries, entries.c.list == lists.c.id)
            .join(entry_pauses, entry_pauses.c.entry == entries.c.id)
            .where(entry_pauses.c.until <= precise_now())
        )
        with self._database.reading() as connection:
            found = connection.execute(due).all()
        for name, key in found:
            self.restore_entry(name, key, by=by)
        return len(found)

    def entry(self, name: str, key: str) -> EntryDetails:
        """Return an entry, whatever its state; raise `ListUnknown`, `EntryUnknown`."""
        with self._database.reading() as connection:
            return one_entry(connection, list_row(connection, name).id, name, key)

    def history(self, name: str, key: str) -> tuple[EntryVersion, ...]:
        """Return what an entry said, the newest first; raise `ListUnknown`, `EntryUnknown`."""
        with self._database.reading() as connection:
            return entry_versions(connection, list_row(connection, name).id, name, key)

    def page(
        self,
        name: str,
        *,
        after: str | None = None,
        limit: int = 100,
        state: str | None = None,
        label: str | None = None,
        grade: str | None = None,
        kind: str | None = None,
        text: str | None = None,
    ) -> EntryPage:
        """Return a page of entries by key; see `tutela.store.entry_pages.entry_page`.  Raises `ListUnknown`."""
        asked = {"state": state, "label": label, "grade": grade, "kind": kind, "text": text}
        with self._database.reading() as connection:
            return entry_page(connection, list_row(connection, name).id, after=after, limit=limit, **asked)

    def find(self, name: str, kind: str, value: bytes) -> tuple[str, ...]:
        """Return the keys of the entries that hold exactly this value; raise `ListUnknown`, `SignalInvalid`."""
        known = signal_kind(kind)
        view = ListSnapshot.open(self.publish(name)).view()
        _, ids, _ = view.search(known, np.frombuffer(known.check(value), np.uint8).reshape(1, -1), 0)
        with self._database.reading() as connection:
            return tuple(
                row.key for row in look_up(connection, "keys_of_ids", {}, [int(one) for one in ids[:1000]] or [0])
            )

    # -------------------------------------------------------------------------------------------------- versions
    def versions(self, name: str, limit: int = 100, before: int | None = None) -> tuple[ListVersion, ...]:
        """Return a list's versions, the newest first; raise `ListUnknown`."""
        with self._database.reading() as connection:
            asked = select(list_versions).where(list_versions.c.list == list_row(connection, name).id)
            if before is not None:
                asked = asked.where(list_versions.c.number < before)
            rows = connection.execute(asked.order_by(list_versions.c.number.desc()).limit(limit))
            return tuple(ListVersion(row.number, moment(row.made), row.who, row.why) for row in rows)

    def version_at(self, name: str, time: datetime) -> int:
        """Return the version that was in force at a time; raise `ListUnknown`, `VersionUnknown`."""
        with self._database.reading() as connection:
            asked = select(func.max(list_versions.c.number)).where(
                list_versions.c.list == list_row(connection, name).id, list_versions.c.made <= microseconds(time)
            )
            found = connection.execute(asked).scalar_one()
        if found is None:
            raise VersionUnknown(name=name, wanted=f"at {time.isoformat()}")
        return int(found)

    def at_version(self, name: str, number: int) -> HeldList:
        """Return a list as it was in a version, with the thresholds it has now; raise `ListUnknown`, `VersionUnknown`.

        What is asked may be asked for as long as the caller holds it.
        """
        present = ListSnapshot.open(self.publish(name)).held()
        with self._database.reading() as connection:
            row = list_row(connection, name)
            stamp = stamp_of(connection, row.id, number)
            if stamp is None:
                raise VersionUnknown(name=name, wanted=number)
            scope = {"list": row.id, "version": number}
            changed = np.fromiter(connection.execute(query("touched_since"), scope).scalars(), np.uint64)
            former = list(past_entries(connection, row.id, number))
            info = replace(list_info(row), version=number)
        with TemporaryDirectory(prefix="past-", dir=self.home / "snapshots") as folder:
            path = Path(folder) / "list"
            write_snapshot(path, info, former, stamp=stamp, rebuild=True)
            # The files stay mapped for as long as they are asked, whatever becomes of their folder.
            view = ListSnapshot.open(path).view()
        return past_list(info, present, view, changed)

    def entries(self, name: str) -> Iterator[Entry]:
        """Yield the active entries of one state of a list, oldest change first; raise `ListUnknown`.

        Memory does not grow with the list.
        """
        with self._database.reading() as connection:
            row = list_row(connection, name)
            for _, entry in entries_since(connection, row.id, -1):
                yield entry

    # ------------------------------------------------------------------------------------------------- snapshots
    def snapshot_path(self, name: str) -> Path:
        """Return the folder of a list's snapshot; raise `ListUnknown`."""
        return self._snapshots.path(name)

    def snapshots(self) -> tuple[tuple[str, Path], ...]:
        """Return (name, folder) of every list's snapshot, each up to date; drop those of lists that are gone."""
        self._snapshots.drop_orphans()
        return tuple((info.name, self.publish(info.name)) for info in self.lists())

    def places(self) -> tuple[tuple[str, Path], ...]:
        """Return (name, folder) of every list's snapshot as it lies there, whether or not it is up to date."""
        return self._snapshots.places()

    def publish(self, name: str) -> Path:
        """Bring a list's snapshot up to date; see `tutela.store.publishing.Snapshots.publish`."""
        return self._snapshots.publish(name)
