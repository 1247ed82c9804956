"""`IndexFolder`: immutable segments under one manifest, changed by atomic commits.

One process writes at a time (a lock file sees to that); any number read, each seeing a whole committed state, and a
newer one within a moment of its commit.  Small segments are merged as they come, so that their number grows with the
logarithm of the changes.

The blocks of what was there when a folder was opened are checked on first use.  Of a newer state, a reader checks every
new file whole before it goes over to it, large ones in a thread of their own while the state before is still in use:
so a state with damage anywhere in it is refused while there is a good one.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tutela.index.change import Change, commit, compacted
from tutela.index.container import Bytes, Container, SegmentType, open_container
from tutela.index.manifest import NAME, Manifest, SegmentEntry, read_manifest, read_removed, write_manifest
from tutela.index.segments import OPENERS, Segment
from tutela.index.view import IndexView
from tutela.model.errors import IndexBusy, IndexDamaged

#: Seconds between two looks at whether a newer state was committed.
REFRESH = 0.05

#: Bytes of new files that a reader checks before it answers; checking more would be felt and is done beside.
CHECK_AT_ONCE = 64 << 20

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _State:
    """A committed state as it was loaded, and the files it is made of, by name and checksum of their header."""

    view: IndexView
    containers: dict[tuple[str, int], Container]
    fresh: tuple[Container, ...]  # those that the state before had not

    def check(self) -> None:
        """Check every block of the new files; raise `IndexDamaged` naming the first wrong one."""
        for container in self.fresh:
            container.check_all()


class _Check:
    """A state that is being checked in a thread of its own."""

    def __init__(self, state: _State) -> None:
        self.state = state
        self.error: IndexDamaged | None = None
        self._thread = threading.Thread(target=self._run, name="tutela-index-check", daemon=True)
        self._thread.start()

    def running(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self.state.check()
        except IndexDamaged as error:
            self.error = error


class IndexFolder:
    """A folder of segment files and the states committed in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: IndexDamaged | None = None
        self._looked = 0.0
        self._check: _Check | None = None
        self._containers: dict[tuple[str, int], Container] = {}
        self._stamp: Stamp | None = None
        self._use(self._load())

    @classmethod
    def create(cls, path: Path) -> IndexFolder:
        """Make a folder with nothing in it; raise `FileExistsError` if an index is there already."""
        path.mkdir(parents=True, exist_ok=True)
        if (path / NAME).exists():
            raise FileExistsError(f"there is an index in {path} already")
        write_manifest(path, Manifest())
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> IndexFolder:
        """Open what `create` made; raise `IndexDamaged` if it is not there or not whole."""
        return cls(path)

    def view(self) -> IndexView:
        """Return the newest good state.

        A newer state that is damaged anywhere is refused: the last good one stays in use and ``problem`` says why.
        """
        now = time.monotonic()
        if now - self._looked >= REFRESH:
            self._looked = now
            try:
                self._look()
            except IndexDamaged as error:
                self.problem = error
        return self._view

    def _look(self) -> None:
        check = self._check
        if check is not None:
            if check.running():
                return
            self._check = None
            if check.error is not None:
                raise check.error
            self._use(check.state)
        if self._current_stamp() == self._stamp:
            return
        state = self._load()
        if sum(container.body.nbytes for container in state.fresh) > CHECK_AT_ONCE:
            try:
                self._check = _Check(state)
            except RuntimeError:  # no room for a thread: check it here
                pass
            else:
                return
        state.check()
        self._use(state)

    def _use(self, state: _State) -> None:
        self._view = state.view
        self._containers = state.containers
        self.problem = None

    @contextmanager
    def writing(self) -> Iterator[Change]:
        """Collect changes and commit them together at the end; an exception inside leaves everything as it was.

        Raises `IndexBusy` if another process is writing, `IndexDamaged` if the committed state is not whole.
        """
        with self._lock():
            base = read_manifest(self.path)
            change = Change(dict(base.meta))
            yield change
            commit(self.path, base, change, self._open_segment)
            self._adopt()

    def compact(self) -> None:
        """Merge every part into as few segments as can be, and drop removed rows for good."""
        with self._lock():
            base = read_manifest(self.path)
            compacted(self.path, base, self._open_segment)
            self._adopt()

    def _adopt(self) -> None:
        self._check = None
        state = self._load()
        state.check()
        self._use(state)

    def _current_stamp(self) -> Stamp | None:
        try:
            found = (self.path / NAME).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _load(self) -> _State:
        for attempt in range(3):
            stamp = self._current_stamp()
            try:
                state = self._state_of(read_manifest(self.path))
            except IndexDamaged:
                # A writer may have replaced the state, and deleted its files, between our two reads.
                if stamp == self._current_stamp() or attempt == 2:
                    self._stamp = stamp
                    raise
                continue
            self._stamp = stamp
            return state
        raise AssertionError("unreachable")

    def _state_of(self, manifest: Manifest) -> _State:
        containers: dict[tuple[str, int], Container] = {}
        fresh: list[Container] = []
        bitmaps: dict[str, tuple[Bytes | None, ...]] = {}
        parts: dict[str, tuple[Segment, ...]] = {}
        for part, entries in manifest.parts.items():
            bitmaps[part] = tuple(read_removed(self.path, entry) for entry in entries)
            segments: list[Segment] = []
            for entry, removed in zip(entries, bitmaps[part], strict=True):
                container = self._containers.get((entry.file, entry.sum))
                if container is None:
                    container = self._container(entry)
                    fresh.append(container)
                containers[entry.file, entry.sum] = container
                segments.append(OPENERS[SegmentType(container.type)].open(container, removed))
            parts[part] = tuple(segments)
        view = IndexView(manifest.generation, manifest.meta, parts, bitmaps)
        return _State(view, containers, tuple(fresh))

    def _container(self, entry: SegmentEntry) -> Container:
        container = open_container(self.path / entry.file)
        if container.header_sum != entry.sum or container.rows != entry.rows:
            raise IndexDamaged(path=entry.file, reason="it is not the file that was committed")
        return container

    def _open_segment(self, entry: SegmentEntry) -> Segment:
        container = self._container(entry)
        return OPENERS[SegmentType(container.type)].open(container, read_removed(self.path, entry))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        path = self.path / "lock"
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise IndexBusy(path=self.path.name) from None
            yield
        finally:
            os.close(handle)
