"""`HammingIndex`: all entries within r bits of a 256-bit code, exactly, fast.

In memory from `build`, or over an index folder from `open`; a folder can grow and shrink while others read it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tutela import _kernel
from tutela.index.change import DEAD_SHARE, MERGE_ROWS
from tutela.index.container import Bytes
from tutela.index.folder import IndexFolder
from tutela.index.segments import HammingSegment, Ids
from tutela.index.view import HammingView, IndexView, Method, SearchResult, code_array, id_array

#: The part of an index folder that a `HammingIndex` keeps its codes in.
PART = "pdq"


class HammingIndex:
    """An exact index of 256-bit codes under Hamming distance.

    >>> codes = np.zeros((2, 32), np.uint8); codes[1, 0] = 7
    >>> index = HammingIndex.build(codes, np.array([10, 11], np.uint64))
    >>> offsets, ids, distances = index.search(codes[:1], radius=31)
    >>> ids.tolist(), distances.tolist()
    ([10, 11], [0, 3])
    """

    def __init__(self, view: HammingView | None, folder: IndexFolder | None = None) -> None:
        self._view = view
        self._folder = folder
        # A state of the folder and its codes, in one tuple because many threads may search.
        self._seen: tuple[IndexView, HammingView] | None = None

    @classmethod
    def build(cls, codes: Bytes, ids: Ids, path: Path | str | None = None) -> HammingIndex:
        """Build from uint8 [n, 32] and uint64 [n]; ids need not be unique.

        With ``path`` the index is written to that folder, which must not exist or be empty, and opened from there.
        Raises `ValueError` for arrays of another shape or type.
        """
        code_list, id_list = code_array(codes), id_array(ids)
        if path is None:
            return cls(HammingView(tuple(_built(code_list, id_list))))
        folder = IndexFolder.create(Path(path))
        with folder.writing() as change:
            change.add_codes(PART, code_list, id_list)
        return cls(None, folder)

    @classmethod
    def open(cls, path: Path | str) -> HammingIndex:
        """Open an index folder; raises `IndexDamaged` if it is not whole."""
        return cls(None, IndexFolder.open(Path(path)))

    def save(self, path: Path | str) -> None:
        """Write the codes that this index holds now to a new folder."""
        view = self._current()
        folder = IndexFolder.create(Path(path))
        with folder.writing() as change:
            for codes, ids in view.live():
                change.add_codes(PART, codes, ids)

    def search(self, codes: Bytes, radius: int, *, threads: int = 1, method: Method = "auto") -> SearchResult:
        """Return every entry within ``radius`` bits (0 to 256) of each query, uint8 [m, 32].

        The result is ``(offsets, ids, distances)``: int64 [m + 1], uint64, uint16; the entries of query i lie at
        ``offsets[i]:offsets[i + 1]``, sorted by distance, then id.  ``method`` overrides the planner (``bands``,
        ``scan``); the answer is the same.
        """
        return self._current().search(codes, radius, threads=threads, method=method)

    def add(self, codes: Bytes, ids: Ids) -> None:
        """Add entries; readers of the same folder see them within a second."""
        if self._folder is None:
            more = _built(code_array(codes), id_array(ids))
            self._view = _merged(self._current().extended(segment for segment in more if len(segment)))
            return
        self._seen = None  # the state before would keep its files
        with self._folder.writing() as change:
            change.add_codes(PART, codes, ids)

    def remove(self, ids: Ids) -> None:
        """Remove every entry that has one of these ids."""
        if self._folder is None:
            self._view = _reclaimed(self._current().without(id_array(ids)))
            return
        self._seen = None
        with self._folder.writing() as change:
            change.remove(ids)

    def compact(self) -> None:
        """Merge all segments and drop what was removed: the fastest form to search, at the cost of writing everything
        again.
        """
        if self._folder is None:
            codes, ids = zip(*self._current().live(), strict=True) if len(self) else ((), ())
            self._view = HammingView(tuple(_built(np.concatenate(codes), np.concatenate(ids)) if codes else ()))
            return
        self._seen = None
        self._folder.compact()

    def verify(self) -> None:
        """Check every block of every file now instead of on first use; raises `IndexDamaged`."""
        self._current().verify()

    def __len__(self) -> int:
        return len(self._current())

    def _current(self) -> HammingView:
        if self._folder is None:
            return self._view if self._view is not None else HammingView(())
        state, seen = self._folder.view(), self._seen
        if seen is None or seen[0] is not state:
            seen = self._seen = (state, state.hamming(PART) or HammingView(()))
        return seen[1]


def _built(codes: Bytes, ids: Ids) -> list[HammingSegment]:
    if len(codes) != len(ids):
        raise ValueError(f"{len(codes)} codes with {len(ids)} ids")
    step = _kernel.MAX_ROWS
    return [HammingSegment.build(codes[at : at + step], ids[at : at + step]) for at in range(0, len(codes), step)]


def _dead(view: HammingView, number: int) -> int:
    """Rows of a segment that are removed."""
    bits = view.removed[number] if number < len(view.removed) else None
    return 0 if bits is None else int(np.bitwise_count(bits).sum())


def _merged(view: HammingView) -> HammingView:
    """Merge the newest segments while the one before them is at most twice as large as they are together, so that
    there are few of them however many calls brought the entries.
    """
    segments = view.segments
    first = len(segments) - 1
    rows = len(segments[first]) - _dead(view, first) if segments else 0
    while first > 0 and len(segments[first - 1]) <= MERGE_ROWS:
        before = len(segments[first - 1]) - _dead(view, first - 1)
        if before > 2 * rows or before + rows > MERGE_ROWS:
            break
        first -= 1
        rows += before
    if first >= len(segments) - 1:
        return view
    return HammingView(segments[:first], view.removed[:first]).extended(_rebuilt(view, range(first, len(segments))))


def _reclaimed(view: HammingView) -> HammingView:
    """Build segments with many removed rows anew without them, so that memory stays bounded by what is held."""
    made = HammingView(())
    for number, segment in enumerate(view.segments):
        if DEAD_SHARE * _dead(view, number) > len(segment):
            made = made.extended(_rebuilt(view, range(number, number + 1)))
        else:
            bits = view.removed[number] if number < len(view.removed) else None
            made = HammingView((*made.segments, segment), (*made.removed, bits))
    return made


def _rebuilt(view: HammingView, numbers: range) -> list[HammingSegment]:
    chosen = slice(numbers.start, numbers.stop)
    codes, ids = zip(*HammingView(view.segments[chosen], view.removed[chosen]).live(), strict=True)
    return [segment for segment in _built(np.concatenate(codes), np.concatenate(ids)) if len(segment)]
