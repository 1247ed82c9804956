"""Contact sheets against known videos: which video the cells of a sheet follow, also where no cell alone meets it.

Videos that a cell has a hit of are laid beside the whole sheet first.  If the cells follow none, and the sheet has
`ENOUGH_CELLS`, the list is asked once more for its cells within `LOOSE` bits: such a meeting says nothing alone, but
names the videos to lay beside it (`tutela.engine.cell_order` decides).  The cells of a chain that lie beyond the list's
threshold become hits too, marked as `joint`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from tutela.engine.cell_order import COUNTED, LEAST_CELLS, Cells, Chain, KnownFrames, align_cells
from tutela.engine.snapshot import ListView, threshold
from tutela.model import FrameInfo, Hit, Orientation, Signal, Span
from tutela.model.track import TRACKED
from tutela.signals import kind

#: Cells from which on a sheet's list is asked once more, and bits within which.
ENOUGH_CELLS = 4
LOOSE = COUNTED
#: Cells of a sheet that are laid beside videos, and that are asked with once more (spread over it), at most.
MOST_CELLS = 512
MOST_ASKED = 64
#: Known videos of one list that a sheet is laid beside, those that most cells met first.
MOST_VIDEOS = 32
#: Quality from which on a cell or a frame counts as faint; below, it says nothing.
LEAST_QUALITY = 30
#: The track's mark of a frame of unknown quality.
_UNKNOWN = 255

_PDQ = kind(TRACKED)
Met = dict[tuple[int, Orientation], set[int]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of one sheet in reading order, and their signals, by the way they are laid."""

    cells: tuple[FrameInfo, ...]
    signals: Mapping[Orientation, tuple[tuple[int, Signal], ...]]  # (place of the cell, signal), by place


def sheets(frames: Iterable[FrameInfo], signals: Iterable[Signal]) -> list[Sheet]:
    """Return the sheets of a content that have enough cells to follow a video."""
    cells: dict[int, list[FrameInfo]] = defaultdict(list)
    for frame in frames:
        if frame.cell is not None and frame.parent is not None:
            cells[frame.parent].append(frame)
    found = []
    of_frame: dict[int | None, list[Signal]] = defaultdict(list)
    for signal in signals if cells else ():
        if signal.kind == TRACKED and not signal.unfit:
            of_frame[signal.frame].append(signal)
    for parent in sorted(cells):
        own = tuple(cells[parent][:MOST_CELLS])
        if len(own) < LEAST_CELLS:
            continue
        laid: dict[Orientation, list[tuple[int, Signal]]] = defaultdict(list)
        for place, cell in enumerate(own):
            for signal in of_frame[cell.number]:
                laid[signal.orientation].append((place, signal))
        found.append(Sheet(own, {way: tuple(pairs) for way, pairs in laid.items()}))
    return found


def sheet_spans(view: ListView, found: Sequence[Sheet], hits: Sequence[Hit]) -> Iterator[tuple[Span, list[Hit]]]:
    """Yield the known videos of one state of a list that sheets follow, with the hits of cells that were none before.

    ``hits`` are those of this list.  Raises `IndexDamaged`.
    """
    if not view.tracked:
        return
    for sheet in found:
        told = list(_followed(view, sheet, _met(sheet, hits), hits))
        if not told and len(sheet.cells) >= ENOUGH_CELLS:
            told = list(_followed(view, sheet, _loosely_met(view, sheet), hits))
        yield from told


def _met(sheet: Sheet, hits: Iterable[Hit]) -> Met:
    places = {cell.number: place for place, cell in enumerate(sheet.cells)}
    met: Met = defaultdict(set)
    for hit in hits:
        if hit.kind == TRACKED and hit.number is not None and hit.frame in places:
            met[hit.number, hit.orientation].add(places[hit.frame])
    return met


def _loosely_met(view: ListView, sheet: Sheet) -> Met:
    """Ask for the cells once more, within `LOOSE` bits."""
    limit = threshold(view.info, _PDQ)
    step = -(-len(sheet.cells) // MOST_ASKED)
    asked = [
        (way, place, signal)
        for way, pairs in sheet.signals.items()
        for place, signal in pairs
        if place % step == 0 and (signal.quality is None or signal.quality >= limit.quality)
    ]
    met: Met = defaultdict(set)
    if not asked:
        return met
    values = np.frombuffer(b"".join(signal.value for _, _, signal in asked), np.uint8).reshape(-1, _PDQ.size)
    offsets, ids, _ = view.search(_PDQ, values, LOOSE)
    for row, (way, place, _) in enumerate(asked):
        for number in set(ids[offsets[row] : offsets[row + 1]].tolist()):
            met[number, way].add(place)
    return met


def _followed(view: ListView, sheet: Sheet, met: Met, hits: Iterable[Hit]) -> Iterator[tuple[Span, list[Hit]]]:
    limit = threshold(view.info, _PDQ)
    before = {(hit.number, hit.frame) for hit in hits}
    own: dict[Orientation, list[tuple[list[int], Cells]]] = {}
    for number, way in sorted(met, key=lambda each: (-len(met[each]), each[0]))[:MOST_VIDEOS]:
        track = view.track(number)
        if track is None:
            continue
        if way not in own:
            own[way] = [(order, _cells(sheet, way, order, limit.quality)) for order in _orders(sheet, way)]
        good = track["quality"] >= min(LEAST_QUALITY, limit.quality)
        known = KnownFrames(
            track["time"][good].astype(np.float64),
            np.ascontiguousarray(track["value"][good]),
            track["quality"][good] < limit.quality,
        )
        chains = [(chain, order) for order, cells in own[way] if (chain := align_cells(cells, known)) is not None]
        if chains:
            chain, order = max(chains, key=lambda each: each[0].evidence)
            cells = [sheet.cells[order[place]] for place in chain.cells]
            yield _told(view, cells, (number, way), chain, before)


def _orders(sheet: Sheet, way: Orientation) -> list[list[int]]:
    """Return the orders in which the cells may follow a video, as places: by rows, then by columns; of a sheet that was
    turned, by either from every corner.
    """
    rows, columns = (_lines(sheet, upright=upright) for upright in (True, False))
    corners = [(1, 1)] if way is Orientation.ORIGINAL else [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    places = range(len(sheet.cells))
    return [
        sorted(places, key=[(one * a, other * b) for a, b in zip(first, second, strict=True)].__getitem__)
        for first, second in ((rows, columns), (columns, rows))
        for one, other in corners
    ]


def _lines(sheet: Sheet, *, upright: bool) -> list[int]:
    """Return in which row (``upright``) or column each cell stands: within half a side of the line's first cell."""
    boxes = [cell.cell for cell in sheet.cells if cell.cell is not None]
    starts = [box.y if upright else box.x for box in boxes]
    half = float(np.median([box.height if upright else box.width for box in boxes])) / 2
    lines, line, begun = [0] * len(boxes), -1, float("-inf")
    for at in sorted(range(len(boxes)), key=starts.__getitem__):
        if starts[at] - begun > half:
            line, begun = line + 1, starts[at]
        lines[at] = line
    return lines


def _cells(sheet: Sheet, way: Orientation, order: Sequence[int], quality: int) -> Cells:
    """Return a sheet's cells laid one way, in an order, without those that are too poor to say anything."""
    ranks = {place: rank for rank, place in enumerate(order)}
    measured = [
        (ranks[place], signal.value, _UNKNOWN if signal.quality is None else signal.quality)
        for place, signal in sheet.signals.get(way, ())
    ]
    rows = sorted((row for row in measured if row[2] >= min(LEAST_QUALITY, quality)), key=lambda row: row[0])
    return Cells(
        np.frombuffer(b"".join(value for _, value, _ in rows), np.uint8).reshape(-1, _PDQ.size),
        np.array([place for place, _, _ in rows], np.int64),
        np.array([one < quality for _, _, one in rows], np.bool_),
    )


def _told(
    view: ListView,
    cells: Sequence[FrameInfo],
    video: tuple[int, Orientation],
    chain: Chain,
    before: AbstractSet[tuple[int | None, int | None]],
) -> tuple[Span, list[Hit]]:
    """Return a chain, of ``cells``, as a span, and those of its cells as hits that have none yet."""
    number, way = video
    entry, info = view.entry(number), view.info
    joint = [
        Hit(
            list_name=info.name,
            list_version=info.version,
            purpose=info.purpose,
            entry_key=entry.key,
            kind=TRACKED,
            distance=bits,
            orientation=way,
            frame=cell.number,
            grades=entry.grades,
            labels=entry.labels,
            source=entry.source,
            added=entry.added,
            joint=True,
            number=number,
        )
        for cell, bits in zip(cells, chain.distances, strict=True)
        if (number, cell.number) not in before
    ]
    mean = round(float(np.mean(chain.distances)), 2)
    ends = (round(chain.known_start, 3), round(chain.known_end, 3))
    return Span(info.name, entry.key, info.purpose, None, None, *ends, len(chain.cells), mean), joint
