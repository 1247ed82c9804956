"""`ListSnapshot`: a list as files, which is all that matching needs.

A snapshot is an index folder (`tutela.index`).  Its parts are named by signal kind and hold values with the ids of
their entries; its records hold what a hit tells of an entry; its meta holds the list's particulars, and whether any
entry has a track.  A part of a kind
whose measure is a distance leaves out values of known quality below the list's threshold.

A record is a JSON array ``[key, source, added, grades, labels]``, cut behind its last value that is not empty;
``added`` is in microseconds since 1970 UTC, ``grades`` are ``[scheme, code]``.  Of a video whose frames have times, a
line feed and its track (`tutela.model.track`) follow.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tutela.index import Change, IndexFolder, IndexView
from tutela.model import Entry, Grade, ListInfo, Problem, ProblemKind, Purpose, Signal, Threshold
from tutela.model.errors import IndexBusy, IndexDamaged
from tutela.model.track import Track, pack_track, read_track
from tutela.signals import Measure, SignalKind, kinds

try:
    import fcntl
except ImportError:  # not a POSIX system: only the index's own lock keeps writers apart there
    fcntl = None  # type: ignore[assignment]  # a module, or none

Values = npt.NDArray[np.uint8]
Ids = npt.NDArray[np.uint64]
Found = tuple[npt.NDArray[np.int64], Ids, npt.NDArray[np.int64]]

#: Meta's version; a snapshot of another one is rebuilt by the store.
FORMAT = 1
#: Entries whose values are turned into arrays together.
STEP = 1 << 16
#: Records that a rebuild keeps in memory before it writes them.
RECORD_STEP = 1 << 18
#: Pairs of values compared at once by the scan for ``squares``.
SCAN_PAIRS = 1 << 22
#: Seconds after which a snapshot that could not be opened is looked at once more: a writer may just be changing
#: folders.
SECOND_LOOK = 0.05

#: Ends a record's JSON, which has none itself, where a track follows.
_TRACK_MARK = b"\n"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NO_IDS = np.zeros(0, np.uint64)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def threshold(info: ListInfo, kind: SignalKind) -> Threshold:
    """Return the threshold of a list for a kind: its own, else the kind's."""
    return info.thresholds.get(kind.name, kind.default)


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """One state of a list.  It stays whole for as long as it is held.

    ``tracked``: whether any entry may have a track, as known videos have.
    """

    info: ListInfo
    stamp: str
    index: IndexView
    tracked: bool = True

    def search(self, kind: SignalKind, values: Values, radius: int, *, threads: int = 1) -> Found:
        """Return every entry within ``radius`` of each value, uint8 [n, kind.size].

        The answer is (offsets int64 [n + 1], entry ids uint64, distances int64), sorted by (distance, id) within a
        value.  Raises `IndexDamaged` rather than answer from a file that is not as it was written.
        """
        if kind.measure is Measure.HAMMING:
            codes = self.index.hamming(kind.name)
            if codes is None:
                return _nothing(len(values))
            offsets, ids, distances = codes.search(values, min(radius, 8 * kind.size), threads=threads)
            return offsets, ids, distances.astype(np.int64)
        digests = self.index.digests(kind.name)
        if digests is None:
            return _nothing(len(values))
        if kind.measure is Measure.EXACT or radius == 0:
            offsets, ids = digests.search(values)
            return offsets, ids, np.zeros(len(ids), np.int64)
        return _within(digests.live(), values, radius)

    def size(self, kind: SignalKind) -> int:
        """Return how many values of a kind are matched against."""
        view = self.index.hamming(kind.name) if kind.measure is Measure.HAMMING else self.index.digests(kind.name)
        return 0 if view is None else len(view)

    def entry(self, number: int) -> Entry:
        """Return what the list tells of an entry id, without its signals; raise `IndexDamaged` if it tells nothing."""
        try:
            record = self.index.record(number)
        except KeyError:
            raise IndexDamaged(path=f"of list {self.info.name}", reason="an entry that was met has no record") from None
        return _entry_of(record)

    def track(self, number: int) -> Track | None:
        """Return the frames of a known video, `tutela.model.track.FRAME` [n] by time; ``None`` if it tells of none."""
        try:
            _, mark, packed = self.index.record(number).partition(_TRACK_MARK)
        except KeyError:
            return None
        try:
            return read_track(packed) if mark else None
        except ValueError:
            raise IndexDamaged(path=f"of list {self.info.name}", reason="an entry's frames are torn") from None


class ListView(Protocol):
    """What can be asked of one state of a list: `SnapshotView` tells what each answer is."""

    @property
    def info(self) -> ListInfo:
        """The list's particulars."""

    @property
    def stamp(self) -> str:
        """What no other state has."""

    @property
    def index(self) -> IndexView:
        """The index, to be asked which kinds there are."""

    @property
    def tracked(self) -> bool:
        """Whether any entry may have a track."""

    def search(self, kind: SignalKind, values: Values, radius: int, *, threads: int = 1) -> Found:
        """Return every entry within ``radius`` of each value."""

    def entry(self, number: int) -> Entry:
        """Return what the list tells of an entry id, without its signals."""

    def track(self, number: int) -> Track | None:
        """Return the frames of a known video."""


class ListSnapshot:
    """A list's snapshot, open: `view` gives its newest good state, also while it is being changed."""

    def __init__(self, folder: IndexFolder) -> None:
        self._folder = folder
        self._view = _view_of(folder.view())
        self._refused: IndexDamaged | None = None

    @classmethod
    def open(cls, path: Path) -> ListSnapshot:
        """Open the snapshot in the folder ``path``; raise `IndexDamaged` if there is none or it is not whole."""
        try:
            return cls(IndexFolder.open(path))
        except IndexDamaged:
            time.sleep(SECOND_LOOK)
            return cls(IndexFolder.open(path))

    def view(self) -> SnapshotView:
        """Return the newest good state, at most a moment old."""
        index = self._folder.view()
        if index is not self._view.index:
            try:
                self._view = _view_of(index)
                self._refused = None
            except IndexDamaged as error:
                self._refused = error
        return self._view

    def held(self) -> HeldList:
        """Return the list in its newest good state, to be asked in that state however it changes."""
        return HeldList(self.view(), self.problem)

    @property
    def name(self) -> str:
        """The list's name."""
        return self._view.info.name

    @property
    def info(self) -> ListInfo:
        """The list's particulars in the newest good state."""
        return self.view().info

    @property
    def problem(self) -> Problem | None:
        """What keeps the newest state from being used, if anything does; the last good one is used meanwhile."""
        error = self._folder.problem or self._refused
        if error is None:
            return None
        info = self._view.info
        return Problem(
            ProblemKind.INDEX,
            f"list {info.name}",
            f"The newest state of list {info.name!r} is damaged ({error.fields['reason']});"
            f" its version {info.version} was asked instead.",
        )


@dataclass(frozen=True, slots=True)
class HeldList:
    """A list in one state of it; ``problem`` is what `ListSnapshot.problem` was then."""

    state: ListView
    problem: Problem | None

    def view(self) -> ListView:
        """Return always the same state."""
        return self.state

    @property
    def name(self) -> str:
        """The list's name."""
        return self.state.info.name


@dataclass(frozen=True, slots=True)
class UnaskedList:
    """A list that should be asked and cannot be, and why."""

    name: str
    reason: str

    @property
    def problem(self) -> Problem:
        """This, as every finding tells it."""
        return Problem(ProblemKind.INDEX, f"list {self.name}", f"List {self.name!r} was not asked: {self.reason}.")


def open_snapshots(places: Iterable[tuple[str, Path]]) -> list[ListSnapshot | UnaskedList]:
    """Open the snapshots of lists, given as (name, folder); one that cannot be opened becomes an `UnaskedList`."""
    opened: list[ListSnapshot | UnaskedList] = []
    for name, path in places:
        try:
            opened.append(ListSnapshot.open(path))
        except IndexDamaged as error:
            opened.append(UnaskedList(name, str(error.fields["reason"])))
    return opened


# ------------------------------------------------------------------------------------------------------- writing
@contextmanager
def locked(path: Path, *, patience: float = 30.0) -> Iterator[None]:
    """Keep other writers of the snapshot ``path`` out; raise `IndexBusy` if one stays longer than ``patience`` seconds.

    The lock is a file beside the folder, since a rebuild puts a new folder in its place.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("wb") as handle:
        last = time.monotonic() + patience
        while fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > last:
                    raise IndexBusy(path=path.name) from None
                time.sleep(0.02)
        yield


def snapshot_state(path: Path) -> tuple[ListInfo, str] | None:
    """Return the particulars and the stamp of the snapshot in ``path``; ``None`` if there is no whole one."""
    try:
        view = _view_of(IndexFolder.open(path).view())
    except IndexDamaged:
        return None
    return view.info, view.stamp


def write_snapshot(
    path: Path,
    info: ListInfo,
    added: Iterable[tuple[int, Entry]],
    removed: Ids | None = None,
    *,
    stamp: str = "",
    rebuild: bool = False,
) -> None:
    """Bring the snapshot in ``path`` to the state ``info``, in one step for every reader.

    ``removed`` are the ids, uint64 [n], of everything that left or changed;  ``added`` the (id, entry) pairs that
    came or changed.  With ``rebuild``, and where there is no snapshot, ``added`` is the whole list.  ``stamp`` names
    the state beside its version.  The caller holds `locked`.  A kill leaves the old state.
    """
    if rebuild or not path.exists():
        _rebuild(path, info, added, stamp)
        return
    batch = _Batch(info)
    for number, entry in added:
        batch.take(number, entry)
    folder = IndexFolder.open(path)
    tracked = batch.tracked or _may_have_tracks(folder.view().meta)
    with folder.writing() as change:
        if removed is not None:
            change.remove(removed)
        batch.hand_records(change)
        batch.hand_values(change)
        change.meta = _meta(info, stamp, tracked=tracked)


def _rebuild(path: Path, info: ListInfo, added: Iterable[tuple[int, Entry]], stamp: str) -> None:
    making, leaving = path.with_name(path.name + ".new"), path.with_name(path.name + ".old")
    for left in (making, leaving):
        _remove_tree(left)
    folder = IndexFolder.create(making)
    batch = _Batch(info)
    for number, entry in added:
        batch.take(number, entry)
        if len(batch.records) >= RECORD_STEP:
            with folder.writing() as change:
                batch.hand_records(change)
    with folder.writing() as change:
        batch.hand_records(change)
        batch.hand_values(change)
        change.meta = _meta(info, stamp, tracked=batch.tracked)
    if path.exists():
        path.rename(leaving)
    making.rename(path)
    _remove_tree(leaving)


def remove_snapshot(path: Path) -> None:
    """Delete the snapshot in ``path`` and what an unfinished rebuild left beside it."""
    for suffix in ("", ".new", ".old"):
        _remove_tree(path.with_name(path.name + suffix))
    path.with_name(path.name + ".lock").unlink(missing_ok=True)


def _remove_tree(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)


@dataclass(slots=True)
class _Batch:
    """Entries on their way into arrays."""

    info: ListInfo
    ids: list[int] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    pending: dict[str, tuple[list[bytes], list[int]]] = field(default_factory=dict)
    values: dict[str, list[tuple[Values, Ids]]] = field(default_factory=dict)
    least: dict[str, int] = field(default_factory=dict)
    tracked: bool = False

    def __post_init__(self) -> None:
        for kind in kinds():
            self.pending[kind.name] = ([], [])
            self.values[kind.name] = []
            self.least[kind.name] = 0 if kind.measure is Measure.EXACT else threshold(self.info, kind).quality

    def take(self, number: int, entry: Entry) -> None:
        self.ids.append(number)
        record = _record_of(entry)
        self.records.append(record)
        self.tracked |= _TRACK_MARK in record
        for signal in entry.signals:
            self._take_signal(number, signal)

    def _take_signal(self, number: int, signal: Signal) -> None:
        kind = signal.kind
        if signal.quality is not None and signal.quality < self.least[kind]:
            return
        values, ids = self.pending[kind]
        values.append(signal.value)
        ids.append(number)
        if len(ids) >= STEP:
            self._settle(kind)

    def _settle(self, kind: str) -> None:
        values, ids = self.pending[kind]
        if ids:
            array = np.frombuffer(b"".join(values), np.uint8).reshape(len(ids), -1)
            self.values[kind].append((array, np.array(ids, np.uint64)))
            self.pending[kind] = ([], [])

    def hand_records(self, change: Change) -> None:
        if self.ids:
            change.add_records(np.array(self.ids, np.uint64), self.records)
            self.ids, self.records = [], []

    def hand_values(self, change: Change) -> None:
        for kind in kinds():
            self._settle(kind.name)
            add = change.add_codes if kind.measure is Measure.HAMMING else change.add_digests
            for values, ids in self.values[kind.name]:
                add(kind.name, values, ids)


# --------------------------------------------------------------------------------------------------------- forms
def _meta(info: ListInfo, stamp: str, *, tracked: bool) -> dict[str, Any]:
    return {
        "tracks": tracked,
        "format": FORMAT,
        "stamp": stamp,
        "name": info.name,
        "owner": info.owner,
        "purpose": info.purpose.value,
        "version": info.version,
        "thresholds": {kind: [limit.distance, limit.quality] for kind, limit in sorted(info.thresholds.items())},
    }


def _may_have_tracks(meta: Mapping[str, Any]) -> bool:
    """Snapshots of earlier releases do not say so."""
    return bool(meta.get("tracks", True))


def _view_of(index: IndexView) -> SnapshotView:
    meta = index.meta
    if meta.get("format") != FORMAT:
        raise IndexDamaged(path="snapshot", reason="it is not a list's snapshot of this format")
    info = ListInfo(
        meta["name"],
        meta["owner"],
        Purpose(meta["purpose"]),
        {kind: Threshold(*limit) for kind, limit in meta["thresholds"].items()},
        meta["version"],
    )
    return SnapshotView(info, meta["stamp"], index, _may_have_tracks(meta))


def _record_of(entry: Entry) -> bytes:
    added = 0 if entry.added is None else (entry.added - _EPOCH) // _MICROSECOND
    fields: list[object] = [
        entry.key,
        entry.source,
        added,
        [(grade.scheme, grade.code) for grade in entry.grades],
        entry.labels,
    ]
    while len(fields) > 1 and not fields[-1]:
        fields.pop()
    track = pack_track(entry.signals)
    return _encode(fields).encode() + (_TRACK_MARK + track if track else b"")


def _entry_of(record: bytes) -> Entry:
    told: list[Any] = json.loads(record.partition(_TRACK_MARK)[0])
    key, source, added, grades, labels = told + ["", "", 0, [], []][len(told) :]
    return Entry(
        key,
        (),
        tuple(Grade(*pair) for pair in grades),
        tuple(labels),
        source,
        _EPOCH + added * _MICROSECOND if added else None,
    )


# ------------------------------------------------------------------------------------------------------ searching
def _nothing(queries: int) -> Found:
    return np.zeros(queries + 1, np.int64), _NO_IDS, np.zeros(0, np.int64)


def _within(parts: Iterable[tuple[Values, Ids]], wanted: Values, radius: int) -> Found:
    """Scan for values whose sum of squared differences is at most ``radius``.

    The sum is |a|^2 + |b|^2 - 2ab.  For 144 bytes every partial sum of ab is below 2^24, where float32 still holds
    every whole number, so the matrix product is exact.
    """
    left = wanted.astype(np.float32)
    own = (wanted.astype(np.int64) ** 2).sum(axis=1)
    step = max(1, SCAN_PAIRS // max(1, len(wanted)))
    queries, ids, distances = [np.zeros(0, np.int64)], [_NO_IDS], [np.zeros(0, np.int64)]
    for values, numbers in parts:
        for start in range(0, len(values), step):
            chunk = values[start : start + step]
            squares = (chunk.astype(np.int32) ** 2).sum(axis=1, dtype=np.int64)
            apart = own[:, None] + squares - 2 * (left @ chunk.astype(np.float32).T).astype(np.int64)
            query, row = np.nonzero(apart <= radius)
            queries.append(query)
            ids.append(numbers[start + row])
            distances.append(apart[query, row])
    query, number, distance = np.concatenate(queries), np.concatenate(ids), np.concatenate(distances)
    order = np.lexsort((number, distance, query))
    offsets = np.zeros(len(wanted) + 1, np.int64)
    np.cumsum(np.bincount(query, minlength=len(wanted)), out=offsets[1:])
    return offsets, number[order], distance[order]
