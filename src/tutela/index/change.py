"""Changes to an index folder: collected, then committed as new segments, new bitmaps and a new manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tutela import _kernel
from tutela.index.container import Bytes, write_container
from tutela.index.manifest import Manifest, SegmentEntry, crc, read_removed, write_durably, write_manifest
from tutela.index.segments import DigestSegment, HammingSegment, Ids, RecordSegment, Segment, is_removed
from tutela.index.view import RECORDS, code_array, hide, id_array

#: Automatic merging makes no segment of more rows than this, so that a commit's cost stays bounded; `compact` does.
MERGE_ROWS = 1 << 20

#: A segment of which more than one row in this many is removed is written anew without them, whatever its size: what
#: is held for an entry stays bounded however often entries are replaced, and a removal pays for three rows at most.
DEAD_SHARE = 4

Opener = Callable[[SegmentEntry], Segment]


@dataclass(slots=True)
class Change:
    """What a commit will do: removals first, of what was there before, then additions.

    ``meta`` is any JSON object; it is committed with the rest.
    """

    meta: dict[str, Any]
    cleared: bool = False
    removed: list[Ids] = field(default_factory=list)
    codes: dict[str, list[tuple[Bytes, Ids]]] = field(default_factory=dict)
    digests: dict[str, list[tuple[Bytes, Ids]]] = field(default_factory=dict)
    records: list[tuple[Ids, list[bytes]]] = field(default_factory=list)

    def clear(self) -> None:
        """Drop everything that was there before."""
        self.cleared = True

    def remove(self, ids: Ids) -> None:
        """Remove these ids, uint64 [n], from every part."""
        self.removed.append(id_array(ids))

    def add_codes(self, part: str, codes: Bytes, ids: Ids) -> None:
        """Add 256-bit codes, uint8 [n, 32], with their ids, uint64 [n], to a Hamming part."""
        self.codes.setdefault(part, []).append(_paired(code_array(codes), id_array(ids)))

    def add_digests(self, part: str, digests: Bytes, ids: Ids) -> None:
        """Add values of a fixed width, uint8 [n, width >= 8], with their ids to a digest part."""
        if digests.dtype != np.uint8 or digests.ndim != 2 or digests.shape[1] < 8:
            raise ValueError("digests must be a numpy array of uint8 [n, 8 or more]")
        self.digests.setdefault(part, []).append(_paired(np.ascontiguousarray(digests), id_array(ids)))

    def add_records(self, ids: Ids, records: list[bytes]) -> None:
        """Add records with unique ids; one that is there already must be removed in the same change."""
        if len(ids) != len(records):
            raise ValueError(f"{len(ids)} ids with {len(records)} records")
        self.records.append((id_array(ids), records))


def _paired(values: Bytes, ids: Ids) -> tuple[Bytes, Ids]:
    if len(values) != len(ids):
        raise ValueError(f"{len(values)} values with {len(ids)} ids")
    return values, ids


@dataclass(slots=True)
class _Writer:
    """Names and writes the files of one commit."""

    folder: Path
    generation: int
    count: int = 0

    def name(self, suffix: str) -> str:
        self.count += 1
        return f"{self.generation:010d}-{self.count:03d}.{suffix}"

    def segment(self, segment: Segment) -> SegmentEntry:
        name = self.name("seg")
        total = write_container(self.folder / name, segment.type, segment.parameter(), len(segment), segment.sections())
        return SegmentEntry(name, len(segment), total)

    def hidden(self, entry: SegmentEntry, bits: Bytes) -> SegmentEntry:
        name = self.name("removed")
        data = bits.tobytes()
        write_durably(self.folder / name, data)
        return SegmentEntry(entry.file, entry.rows, entry.sum, name, crc(data))


def commit(folder: Path, base: Manifest, change: Change, open_segment: Opener, *, merge_rows: int = MERGE_ROWS) -> None:
    """Write what ``change`` asks for and make it the folder's state; automatic merging makes no segment of more than
    ``merge_rows`` rows.
    """
    writer = _Writer(folder, base.generation + 1)
    parts: dict[str, list[SegmentEntry]] = {}
    if not change.cleared:
        gone = np.unique(np.concatenate(change.removed)) if change.removed else np.zeros(0, np.uint64)
        for part, entries in base.parts.items():
            kept = (_without(folder, entry, gone, open_segment, writer) for entry in entries)
            left = [entry for entry in kept if entry is not None]
            parts[part] = _reclaimed(folder, left, open_segment, writer, merge_rows)
    for part, made in _additions(change):
        parts.setdefault(part, []).extend(writer.segment(segment) for segment in made)
        parts[part] = _merged(folder, parts[part], open_segment, writer, merge_rows)
    _finish(folder, base, writer, change.meta, parts)


def _finish(
    folder: Path, base: Manifest, writer: _Writer, meta: dict[str, Any], parts: dict[str, list[SegmentEntry]]
) -> None:
    state = Manifest(writer.generation, meta, {part: tuple(entries) for part, entries in parts.items() if entries})
    needed = state.files()
    stale = tuple(base.files() - needed)
    write_manifest(folder, Manifest(state.generation, state.meta, state.parts, stale))
    keep = needed | set(stale)
    for path in folder.iterdir():
        # Files of states before the last one, and of commits that never finished.
        if path.suffix in {".seg", ".removed", ".part"} and path.name not in keep:
            path.unlink(missing_ok=True)


def _without(
    folder: Path, entry: SegmentEntry, gone: Ids, open_segment: Opener, writer: _Writer
) -> SegmentEntry | None:
    if not len(gone):
        return entry
    before = read_removed(folder, entry)
    bits = hide(open_segment(entry), before, gone)
    if bits is None or bits is before:
        return entry
    if int(np.unpackbits(bits, bitorder="little").sum()) == entry.rows:
        return None
    return writer.hidden(entry, bits)


def _additions(change: Change) -> Iterable[tuple[str, list[Segment]]]:
    step = _kernel.MAX_ROWS
    for part, pairs in change.codes.items():
        codes, ids = _joined(pairs)
        if len(ids):
            yield (
                part,
                [HammingSegment.build(codes[at : at + step], ids[at : at + step]) for at in range(0, len(ids), step)],
            )
    for part, pairs in change.digests.items():
        digests, ids = _joined(pairs)
        if len(ids):
            yield part, [DigestSegment.build(digests, ids)]
    if change.records:
        ids = np.concatenate([pair[0] for pair in change.records])
        records = [record for pair in change.records for record in pair[1]]
        if len(np.unique(ids)) != len(ids):
            raise ValueError("record ids must be unique")
        if len(ids):
            yield RECORDS, [RecordSegment.build(ids, records)]


def _joined(pairs: list[tuple[Bytes, Ids]]) -> tuple[Bytes, Ids]:
    if len(pairs) == 1:
        return pairs[0]
    return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])


def _live(folder: Path, entry: SegmentEntry) -> int:
    """Rows of a segment that are not removed."""
    bits = read_removed(folder, entry)
    return entry.rows - (0 if bits is None else int(np.unpackbits(bits, bitorder="little").sum()))


def _reclaimed(
    folder: Path, entries: list[SegmentEntry], open_segment: Opener, writer: _Writer, merge_rows: int
) -> list[SegmentEntry]:
    """Write segments with many removed rows anew, neighbours together up to ``merge_rows``; of those with more rows
    than that to keep only one, and the next one in a later commit, so that no commit pays for several.
    """
    made: list[SegmentEntry] = []
    due: list[SegmentEntry] = []
    rows = 0
    large = False
    for entry in entries:
        live = _live(folder, entry)
        wasteful = DEAD_SHARE * (entry.rows - live) > entry.rows and not (large and live > merge_rows)
        large |= wasteful and live > merge_rows
        if due and (not wasteful or rows + live > merge_rows):
            made += _joined_segments(folder, due, open_segment, writer)
            due, rows = [], 0
        if wasteful:
            due.append(entry)
            rows += live
        else:
            made.append(entry)
    return made + (_joined_segments(folder, due, open_segment, writer) if due else [])


def _merged(
    folder: Path, entries: list[SegmentEntry], open_segment: Opener, writer: _Writer, merge_rows: int
) -> list[SegmentEntry]:
    """Merge the newest segments while the one before them is at most twice as large as they are together, in rows that
    are not removed.
    """
    first, rows = len(entries) - 1, _live(folder, entries[-1])
    while first > 0:
        before = _live(folder, entries[first - 1])
        if before > 2 * rows or before + rows > merge_rows:
            break
        first -= 1
        rows += before
    if first == len(entries) - 1:
        return entries
    return entries[:first] + _joined_segments(folder, entries[first:], open_segment, writer)


def _joined_segments(
    folder: Path, entries: list[SegmentEntry], open_segment: Opener, writer: _Writer
) -> list[SegmentEntry]:
    opened = [(open_segment(entry), read_removed(folder, entry)) for entry in entries]
    keeps = [~is_removed(bits, np.arange(len(segment))) for segment, bits in opened]
    ids = np.concatenate([segment.ids()[keep] for (segment, _), keep in zip(opened, keeps, strict=True)])
    segments = [segment for segment, _ in opened]
    made: list[Segment] = []
    if isinstance(segments[0], HammingSegment):
        codes = np.concatenate(
            [s.codes()[k] for s, k in zip(segments, keeps, strict=True) if isinstance(s, HammingSegment)]
        )
        step = _kernel.MAX_ROWS
        made += [HammingSegment.build(codes[at : at + step], ids[at : at + step]) for at in range(0, len(ids), step)]
    elif isinstance(segments[0], DigestSegment):
        values = np.concatenate(
            [s.values()[k] for s, k in zip(segments, keeps, strict=True) if isinstance(s, DigestSegment)]
        )
        made.append(DigestSegment.build(values, ids))
    else:
        records = [
            s.record(int(row))
            for s, k in zip(segments, keeps, strict=True)
            if isinstance(s, RecordSegment)
            for row in np.flatnonzero(k)
        ]
        made.append(RecordSegment.build(ids, records))
    return [writer.segment(segment) for segment in made if len(segment)]


def compacted(folder: Path, base: Manifest, open_segment: Opener) -> None:
    """Merge every part into as few segments as can be and make that the folder's state."""
    writer = _Writer(folder, base.generation + 1)
    parts = {
        part: _joined_segments(folder, list(entries), open_segment, writer) for part, entries in base.parts.items()
    }
    _finish(folder, base, writer, base.meta, parts)
