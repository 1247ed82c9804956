"""An index that grows by small steps: a few levels, each at least twice as large as the next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tutela.index.hamming import HammingIndex

Codes = npt.NDArray[np.uint8]
Slots = npt.NDArray[np.int64]

#: Neighbours that one call may find before fewer queries are asked at once; 10 bytes each.
_PIECE = 1 << 22


class Levels:
    """Codes by slot, found by distance.  Nothing is removed: whoever asks knows which slots count."""

    def __init__(self) -> None:
        self._parts: list[tuple[Codes, Slots, HammingIndex]] = []

    @property
    def rows(self) -> int:
        """How many codes are held."""
        return sum(len(slots) for _, slots, _ in self._parts)

    def add(self, codes: Codes, slots: Slots) -> None:
        """Add codes, uint8 [n, 32], with their slots, int64 [n]; small levels are merged."""
        if not len(slots):
            return
        while self._parts and len(self._parts[-1][1]) < 2 * len(slots):
            before, numbers, _ = self._parts.pop()
            codes, slots = np.concatenate((before, codes)), np.concatenate((numbers, slots))
        kept = np.ascontiguousarray(codes)
        self._parts.append((kept, slots, HammingIndex.build(kept, slots.astype(np.uint64))))

    def search(self, codes: Codes, radius: int) -> Iterator[tuple[Slots, Slots, Slots]]:
        """Yield (query, slot, bits) of every code within ``radius`` of a query, in pieces of bounded size."""
        queries = np.ascontiguousarray(codes)
        for _, _, index in self._parts:
            at, step = 0, 16
            while at < len(queries):
                offsets, found, bits = index.search(queries[at : at + step], radius)
                query = at + np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
                yield query, found.astype(np.int64), bits.astype(np.int64)
                at += len(offsets) - 1
                step = max(1, step // 4) if len(found) > _PIECE else min(2 * step, 4096)
