"""`IndexFolder`: immutable segments under one manifest, changed by atomic commits.

One process writes at a time (a lock file sees to that); any number read, each seeing a whole committed state, and a
newer one within a moment of its commit.  Small segments are merged as they come, so that their number grows with the
logarithm of the changes.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tutela.index.change import Change, commit, compacted
from tutela.index.container import Bytes, SegmentType, open_container
from tutela.index.manifest import NAME, Manifest, SegmentEntry, read_manifest, read_removed, write_manifest
from tutela.index.segments import OPENERS, Segment
from tutela.index.view import IndexView
from tutela.model.errors import IndexBusy, IndexDamaged

#: Seconds between two looks at whether a newer state was committed.
REFRESH = 0.05


class IndexFolder:
    """A folder of segment files and the states committed in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: IndexDamaged | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._looked = 0.0
        self._opened: dict[SegmentEntry, Segment] = {}
        self._view = self._load()

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

        A newer state that is damaged is refused: the last good one stays in use and ``problem`` says why.
        """
        now = time.monotonic()
        if now - self._looked >= REFRESH:
            self._looked = now
            if self._current_stamp() != self._stamp:
                try:
                    self._view = self._load()
                    self.problem = None
                except IndexDamaged as error:
                    self.problem = error
        return self._view

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
        self._view = self._load()
        self.problem = None

    def _current_stamp(self) -> tuple[int, int, int] | None:
        try:
            found = (self.path / NAME).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _load(self) -> IndexView:
        for attempt in range(3):
            stamp = self._current_stamp()
            try:
                manifest = read_manifest(self.path)
                view = self._view_of(manifest)
            except IndexDamaged:
                # A writer may have replaced the state, and deleted its files, between our two reads.
                if stamp == self._current_stamp() or attempt == 2:
                    self._stamp = stamp
                    raise
                continue
            self._stamp = stamp
            return view
        raise AssertionError("unreachable")

    def _view_of(self, manifest: Manifest) -> IndexView:
        opened: dict[SegmentEntry, Segment] = {}
        bitmaps: dict[str, tuple[Bytes | None, ...]] = {}
        for part, entries in manifest.parts.items():
            bitmaps[part] = tuple(read_removed(self.path, entry) for entry in entries)
            for entry in entries:
                opened[entry] = self._opened.get(entry) or self._open_segment(entry)
        self._opened = opened
        parts = {part: tuple(opened[entry] for entry in entries) for part, entries in manifest.parts.items()}
        return IndexView(manifest.generation, manifest.meta, parts, bitmaps)

    def _open_segment(self, entry: SegmentEntry) -> Segment:
        container = open_container(self.path / entry.file)
        if container.header_sum != entry.sum or container.rows != entry.rows:
            raise IndexDamaged(path=entry.file, reason="it is not the file that was committed")
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
