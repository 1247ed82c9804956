"""The three kinds of immutable segment: Hamming codes, digests, records.

Each is made in memory from arrays (`build_*`), written by `sections`, and opened from a container.  ``removed`` is a
bitmap, uint8 [ceil(rows / 8)], least significant bit first; a set bit hides its row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutela import _kernel
from tutela.index.container import Bytes, Container, SegmentType, as_bytes
from tutela.model.errors import IndexDamaged

Ids = npt.NDArray[np.uint64]


def is_removed(removed: Bytes | None, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return for each row number whether the bitmap hides it."""
    if removed is None:
        return np.zeros(len(rows), np.bool_)
    return ((removed[rows // 8] >> (rows % 8).astype(np.uint8)) & 1).astype(np.bool_)


@dataclass(frozen=True, slots=True)
class HammingSegment:
    """256-bit codes with their ids, ready to search."""

    kernel: _kernel.Segment
    container: Container | None = None

    type = SegmentType.HAMMING

    @classmethod
    def build(cls, codes: Bytes, ids: Ids) -> HammingSegment:
        """Build from uint8 [n, 32] and uint64 [n], n at most 2^24."""
        return cls(_kernel.Segment.build(codes, ids))

    @classmethod
    def open(cls, container: Container, removed: Bytes | None) -> HammingSegment:
        """Map a container; raise `IndexDamaged` if its header does not fit its kind."""
        try:
            at = [start for start, _ in container.sections]
            kernel = _kernel.Segment.map(container.blocks, container.rows, container.parameter, at)
        except _kernel.Damaged as error:
            raise IndexDamaged(path=container.path.name, reason=error) from None
        return cls(kernel if removed is None else kernel.without(removed), container)

    def __len__(self) -> int:
        return len(self.kernel)

    def parameter(self) -> int:
        """Return what the container's header keeps beside the rows."""
        return self.kernel.bucket_bits

    def sections(self) -> list[Bytes]:
        """Return the parts to write."""
        return [np.asarray(part) for part in self.kernel.parts()]

    def ids(self) -> Ids:
        """Return the id of each row, checked."""
        if self.container is not None:
            self.container.check(1)
        return np.asarray(self.kernel.ids())

    def codes(self) -> Bytes:
        """Return the codes, uint8 [n, 32], checked."""
        if self.container is not None:
            self.container.check(0)
        return np.asarray(self.kernel.codes())


@dataclass(frozen=True, slots=True)
class DigestSegment:
    """Values of a fixed width, sorted by their first eight bytes, each with an id; several ids may share a value."""

    digests: Bytes  # [n, width], in the order of the prefixes
    row_ids: Ids  # [n]
    prefixes: npt.NDArray[np.uint64]  # [n], the first eight bytes as a number: what is searched
    removed: Bytes | None = None
    container: Container | None = None

    type = SegmentType.DIGESTS

    @classmethod
    def build(cls, digests: Bytes, ids: Ids) -> DigestSegment:
        """Build from uint8 [n, width] (width at least 8) and uint64 [n]."""
        prefixes = _prefixes(digests)
        order = np.lexsort((ids, prefixes))
        return cls(np.ascontiguousarray(digests[order]), np.ascontiguousarray(ids[order]), prefixes[order])

    @classmethod
    def open(cls, container: Container, removed: Bytes | None) -> DigestSegment:
        """Map a container; raise `IndexDamaged` if its sections do not fit its header."""
        rows, width = container.rows, container.parameter
        lengths = [length for _, length in container.sections]
        if lengths != [rows * width, rows * 8, rows * 8]:
            raise IndexDamaged(path=container.path.name, reason="its sections do not fit its header")
        digests = container.section(0).reshape(rows, width)
        ids, prefixes = (container.section(number).view(np.uint64) for number in (1, 2))
        return cls(digests, ids, prefixes, removed, container)

    def __len__(self) -> int:
        return len(self.row_ids)

    def parameter(self) -> int:
        """Return the width of a digest in bytes."""
        return int(self.digests.shape[1])

    def sections(self) -> list[Bytes]:
        """Return the parts to write."""
        return [as_bytes(self.digests), as_bytes(self.row_ids), as_bytes(self.prefixes)]

    def ids(self) -> Ids:
        """Return the id of each row, checked."""
        if self.container is not None:
            self.container.check(1)
        return self.row_ids

    def values(self) -> Bytes:
        """Return the digests in their order, checked."""
        if self.container is not None:
            self.container.check(0)
        return self.digests

    def search(self, wanted: Bytes) -> tuple[npt.NDArray[np.int64], Ids]:
        """Return (query numbers, ids) of every equal row, for uint8 [m, width]."""
        if self.container is not None:
            self.container.check_all()  # a binary search reads all over the place: check once, then it costs nothing
        keys = _prefixes(wanted)
        first = np.searchsorted(self.prefixes, keys, "left")
        count = np.searchsorted(self.prefixes, keys, "right") - first
        queries = np.repeat(np.arange(len(wanted)), count)
        rows = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
        equal = (self.digests[rows] == wanted[queries]).all(axis=1) & ~is_removed(self.removed, rows)
        return queries[equal], self.row_ids[rows[equal]]


def _prefixes(digests: Bytes) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(digests[:, :8]).view(">u8").reshape(-1).astype(np.uint64)


@dataclass(frozen=True, slots=True)
class RecordSegment:
    """A table from id to bytes."""

    row_ids: Ids  # [n], sorted, unique
    offsets: npt.NDArray[np.uint64]  # [n + 1]
    blob: Bytes
    removed: Bytes | None = None
    container: Container | None = None

    type = SegmentType.RECORDS

    @classmethod
    def build(cls, ids: Ids, records: list[bytes]) -> RecordSegment:
        """Build from uint64 [n], unique, and n byte strings."""
        order = np.argsort(ids, kind="stable")
        ordered = [records[row] for row in order]
        offsets = np.zeros(len(ordered) + 1, np.uint64)
        np.cumsum([len(record) for record in ordered], out=offsets[1:])
        return cls(np.ascontiguousarray(ids[order]), offsets, np.frombuffer(b"".join(ordered), np.uint8))

    @classmethod
    def open(cls, container: Container, removed: Bytes | None) -> RecordSegment:
        """Map a container; raise `IndexDamaged` if its sections do not fit its header."""
        rows = container.rows
        lengths = [length for _, length in container.sections]
        if len(lengths) != 3 or lengths[:2] != [rows * 8, (rows + 1) * 8]:
            raise IndexDamaged(path=container.path.name, reason="its sections do not fit its header")
        ids, offsets = (container.section(number).view(np.uint64) for number in (0, 1))
        return cls(ids, offsets, container.section(2), removed, container)

    def __len__(self) -> int:
        return len(self.row_ids)

    def parameter(self) -> int:
        """Return 0: a record has no fixed width."""
        return 0

    def sections(self) -> list[Bytes]:
        """Return the parts to write."""
        return [as_bytes(self.row_ids), as_bytes(self.offsets), self.blob]

    def ids(self) -> Ids:
        """Return the id of each row, sorted and checked."""
        if self.container is not None:
            self.container.check(0)
        return self.row_ids

    def record(self, row: int) -> bytes:
        """Return the bytes of a row, checked."""
        if self.container is not None:
            self.container.check(1, row * 8, 16)
        start, end = int(self.offsets[row]), int(self.offsets[row + 1])
        if self.container is not None:
            if not start <= end <= len(self.blob):
                raise IndexDamaged(path=self.container.path.name, reason="a record lies beyond its end")
            self.container.check(2, start, end - start)
        return self.blob[start:end].tobytes()

    def find(self, wanted: int) -> bytes | None:
        """Return the record of an id, or ``None`` if this segment has it not or hides it."""
        if not len(self):
            return None
        ids = self.ids()
        row = int(np.searchsorted(ids, np.uint64(wanted)))
        if row == len(ids) or int(ids[row]) != wanted or is_removed(self.removed, np.array([row]))[0]:
            return None
        return self.record(row)


Segment = HammingSegment | DigestSegment | RecordSegment

OPENERS: dict[SegmentType, type[HammingSegment | DigestSegment | RecordSegment]] = {
    SegmentType.HAMMING: HammingSegment,
    SegmentType.DIGESTS: DigestSegment,
    SegmentType.RECORDS: RecordSegment,
}
