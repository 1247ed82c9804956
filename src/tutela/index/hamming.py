"""`HammingIndex`: all entries within r bits of a 256-bit code, exactly, fast.

In memory from `build`, or over an index folder from `open`; a folder can grow and shrink while others read it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tutela import _kernel
from tutela.index.container import Bytes
from tutela.index.folder import IndexFolder
from tutela.index.segments import HammingSegment, Ids
from tutela.index.view import HammingView, Method, SearchResult, code_array, id_array

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
            self._view = self._current().extended(_built(code_array(codes), id_array(ids)))
            return
        with self._folder.writing() as change:
            change.add_codes(PART, codes, ids)

    def remove(self, ids: Ids) -> None:
        """Remove every entry that has one of these ids."""
        if self._folder is None:
            self._view = self._current().without(id_array(ids))
            return
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
        self._folder.compact()

    def verify(self) -> None:
        """Check every block of every file now instead of on first use; raises `IndexDamaged`."""
        self._current().verify()

    def __len__(self) -> int:
        return len(self._current())

    def _current(self) -> HammingView:
        if self._folder is None:
            return self._view or HammingView(())
        return self._folder.view().hamming(PART) or HammingView(())


def _built(codes: Bytes, ids: Ids) -> list[HammingSegment]:
    if len(codes) != len(ids):
        raise ValueError(f"{len(codes)} codes with {len(ids)} ids")
    step = _kernel.MAX_ROWS
    return [HammingSegment.build(codes[at : at + step], ids[at : at + step]) for at in range(0, len(codes), step)]
