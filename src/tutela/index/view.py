"""Views: one unchanging state of an index, made of segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tutela import _kernel
from tutela.index.container import Bytes
from tutela.index.segments import DigestSegment, HammingSegment, Ids, RecordSegment, Segment, is_removed
from tutela.model.errors import IndexDamaged

Offsets = npt.NDArray[np.int64]
Distances = npt.NDArray[np.uint16]
SearchResult = tuple[Offsets, Ids, Distances]
Method = Literal["auto", "bands", "scan"]

CODE_BYTES = 32

#: To compare with a scalar type makes a dtype of it each time, which a search of microseconds notices.
_UINT8 = np.dtype(np.uint8)


def code_array(codes: Bytes) -> Bytes:
    """Return ``codes`` as C-contiguous uint8 [n, 32]; raise `ValueError` for anything else."""
    if not isinstance(codes, np.ndarray) or codes.dtype != _UINT8 or codes.ndim != 2 or codes.shape[1] != CODE_BYTES:
        raise ValueError("codes must be a numpy array of uint8 [n, 32]")
    return codes if codes.flags.c_contiguous else np.ascontiguousarray(codes)


def id_array(ids: npt.NDArray[Any]) -> Ids:
    """Return ``ids`` as C-contiguous uint64 [n]; raise `ValueError` for anything that would change a number."""
    if not isinstance(ids, np.ndarray) or ids.ndim != 1 or ids.dtype.kind not in "ui":
        raise ValueError("ids must be a numpy array of uint64 [n]")
    if ids.dtype.kind == "i" and len(ids) and int(ids.min()) < 0:
        raise ValueError("ids must not be negative")
    return np.ascontiguousarray(ids, np.uint64)


@dataclass(frozen=True, slots=True)
class HammingView:
    """The Hamming segments of one state."""

    segments: tuple[HammingSegment, ...]
    removed: tuple[Bytes | None, ...] = ()
    #: What the kernel searches, kept because a search of microseconds notices the gathering.
    _kernels: tuple[_kernel.Segment, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kernels", tuple(segment.kernel for segment in self.segments))

    def search(self, codes: Bytes, radius: int, *, threads: int = 1, method: Method = "auto") -> SearchResult:
        """Search as described in `HammingIndex.search`."""
        queries = code_array(codes)
        try:
            return _kernel.search(self._kernels, queries, radius, threads, method)
        except _kernel.Damaged:
            self.verify()  # names the file
            raise IndexDamaged(path="of codes", reason="its parts contradict each other") from None

    def __len__(self) -> int:
        hidden = sum(int(np.unpackbits(bits).sum()) for bits in self.removed if bits is not None)
        return sum(len(segment) for segment in self.segments) - hidden

    def live(self) -> Iterator[tuple[Bytes, Ids]]:
        """Yield the codes and ids of each segment that are not removed."""
        for number, segment in enumerate(self.segments):
            bits = self.removed[number] if number < len(self.removed) else None
            keep = ~is_removed(bits, np.arange(len(segment)))
            yield segment.codes()[keep], segment.ids()[keep]

    def extended(self, segments: Iterable[HammingSegment]) -> HammingView:
        """Return a view with further segments."""
        more = tuple(segments)
        before = (*self.removed, *(None,) * (len(self.segments) - len(self.removed)))
        return HammingView((*self.segments, *more), (*before, *(None,) * len(more)))

    def without(self, ids: Ids) -> HammingView:
        """Return a view that hides every row with one of these ids."""
        segments, bitmaps = [], []
        for number, segment in enumerate(self.segments):
            before = self.removed[number] if number < len(self.removed) else None
            bits = hide(segment, before, ids)
            bitmaps.append(bits)
            segments.append(
                segment if bits is None else HammingSegment(segment.kernel.without(bits), segment.container)
            )
        return HammingView(tuple(segments), tuple(bitmaps))

    def verify(self) -> None:
        """Check every block of every file; raise `IndexDamaged` naming the first wrong one."""
        for segment in self.segments:
            if segment.container is not None:
                segment.container.check_all()


def hide(segment: Segment, removed: Bytes | None, ids: Ids) -> Bytes | None:
    """Return the bitmap ``removed`` with the rows of these ids set too, or the very same if there are none."""
    if not len(ids) or not len(segment):
        return removed
    own = segment.ids()
    rows = np.flatnonzero(np.isin(own, ids))
    if not len(rows):
        return removed
    bits = np.zeros(-(-len(segment) // 8), np.uint8) if removed is None else removed.copy()
    np.bitwise_or.at(bits, rows // 8, (1 << (rows % 8)).astype(np.uint8))
    return bits


@dataclass(frozen=True, slots=True)
class DigestView:
    """The digest segments of one kind in one state."""

    segments: tuple[DigestSegment, ...]

    def search(self, digests: Bytes) -> tuple[Offsets, Ids]:
        """Return every entry equal to each query, uint8 [m, width]: offsets int64 [m + 1] and ids uint64, sorted within
        a query.
        """
        found = [segment.search(np.ascontiguousarray(digests)) for segment in self.segments]
        queries = np.concatenate([pair[0] for pair in found]) if found else np.zeros(0, np.int64)
        ids = np.concatenate([pair[1] for pair in found]) if found else np.zeros(0, np.uint64)
        order = np.lexsort((ids, queries))
        offsets = np.zeros(len(digests) + 1, np.int64)
        np.cumsum(np.bincount(queries, minlength=len(digests)), out=offsets[1:])
        return offsets, ids[order]

    def __len__(self) -> int:
        hidden = sum(int(np.unpackbits(one.removed).sum()) for one in self.segments if one.removed is not None)
        return sum(len(segment) for segment in self.segments) - hidden

    def live(self) -> Iterator[tuple[Bytes, Ids]]:
        """Yield the values and ids of each segment that are not removed."""
        for segment in self.segments:
            keep = ~is_removed(segment.removed, np.arange(len(segment)))
            yield segment.values()[keep], segment.ids()[keep]


@dataclass(frozen=True, slots=True)
class RecordView:
    """The record segments of one state."""

    segments: tuple[RecordSegment, ...]

    def get(self, wanted: int) -> bytes:
        """Return the record of an id; raise `KeyError` if there is none."""
        for segment in reversed(self.segments):
            record = segment.find(wanted)
            if record is not None:
                return record
        raise KeyError(wanted)

    def items(self) -> Iterator[tuple[int, bytes]]:
        """Yield every id with its record."""
        for segment in self.segments:
            keep = np.flatnonzero(~is_removed(segment.removed, np.arange(len(segment))))
            ids = segment.ids()
            for row in keep:
                yield int(ids[row]), segment.record(int(row))


@dataclass(frozen=True, slots=True)
class IndexView:
    """One committed state of an index folder.  It stays whole for as long as it is held, whatever is written
    meanwhile.
    """

    generation: int
    meta: dict[str, Any]
    parts: dict[str, tuple[Segment, ...]]
    removed: dict[str, tuple[Bytes | None, ...]] = field(default_factory=dict)

    def hamming(self, part: str) -> HammingView | None:
        """Return the Hamming part of this name, or ``None`` if it is empty."""
        segments = tuple(segment for segment in self.parts.get(part, ()) if isinstance(segment, HammingSegment))
        return HammingView(segments, self.removed.get(part, ())) if segments else None

    def digests(self, part: str) -> DigestView | None:
        """Return the digest part of this name, or ``None`` if it is empty."""
        segments = tuple(segment for segment in self.parts.get(part, ()) if isinstance(segment, DigestSegment))
        return DigestView(segments) if segments else None

    def records(self) -> RecordView:
        """Return the table of records."""
        return RecordView(tuple(s for s in self.parts.get(RECORDS, ()) if isinstance(s, RecordSegment)))

    def record(self, wanted: int) -> bytes:
        """Return the record of an id; raise `KeyError` if there is none."""
        return self.records().get(wanted)

    def verify(self) -> None:
        """Check every block of every file; raise `IndexDamaged` naming the first wrong one."""
        for segments in self.parts.values():
            for segment in segments:
                if segment.container is not None:
                    segment.container.check_all()


#: The part that holds the records.
RECORDS = "records"
