"""`Places`: where in a content something was met, in words: the file, a picture, a moment, a cell of a sheet."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tutela.engine.moments import clock
from tutela.model import Box, Finding, FrameInfo, Hit
from tutela.report import wording

#: What a sheet is called by its layout.
_SHEETS = {"grid": "contact sheet", "mosaic": "mosaic"}

#: The sentences of a verdict that name a frame by its number from 0, up to that number.  Names of lists come later in
#: them, in quotes, so nothing that a list is called can be taken for a frame.
_FRAME_NAMED = re.compile(
    r"((?:The benign list wins, because the known entry is not nearer: )?(?:[Tt]he bytes of )?)([Ff]rame) (\d+)"
    r"(?= lies | equal |, laid as )"
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A frame that is a sheet; ``cells`` are its cells' frame numbers and boxes, in reading order, and ``lines`` row
    and column (from 1) of each, by its number: empty where the cells do not lie in rows and columns.
    """

    frame: FrameInfo
    cells: tuple[tuple[int, Box], ...]
    lines: dict[int, tuple[int, int]]

    def told(self, met: int) -> str:
        """Return ``contact sheet, 12 cells, 4 met``, or what a mosaic or a page is called."""
        return sheets_told([self], met)


class Places:
    """Where in one content hits are; made once for a finding, so that a thousand hits cost a thousand steps."""

    def __init__(self, finding: Finding) -> None:
        self._frames = {frame.number: frame for frame in finding.frames}
        self._video = wording.is_video(finding)
        whole = [frame.number for frame in finding.frames if frame.cell is None]
        self._several = len(whole) > 1 or whole not in ([], [0])
        self._count = max(len(whole), max(whole, default=0) + 1)
        cells: defaultdict[int, list[tuple[int, Box]]] = defaultdict(list)
        for frame in finding.frames:
            if frame.parent is not None and frame.cell is not None:
                cells[frame.parent].append((frame.number, frame.cell))
        self.sheets = {
            number: _sheet(self._frames[number], cells[number])
            for number in whole
            if number in cells or self._frames[number].layout is not None
        }
        self._cells = {
            number: (sheet, order, box)
            for sheet in self.sheets.values()
            for order, (number, box) in enumerate(sheet.cells, 1)
        }
        self.met = {hit.frame for hit in finding.hits if hit.frame is not None}

    def time(self, hit: Hit) -> float | None:
        """Return at what second of the content a hit is, ``None`` where there is no such thing."""
        frame = None if hit.frame is None else self._frames.get(hit.frame)
        return None if frame is None else frame.time

    def in_cell(self, hit: Hit) -> bool:
        """Tell whether a hit is in a cell of a sheet."""
        return hit.frame in self._cells

    def of(self, hit: Hit) -> str:
        """Return where a hit is in one line: ``cell 5 of 12 (row 2, column 1), 200 x 150 px at 0, 150``."""
        line, *rest = self.parts(hit)
        if rest and rest[0].startswith("row "):
            line = f"{line} ({rest.pop(0)})"
        return ", ".join([line, *rest])

    def parts(self, hit: Hit) -> list[str]:
        """Return where a hit is as what to say first, and what may stand below in smaller type."""
        if hit.frame is None:
            return ["the whole file"]
        return self._cell(hit.frame) if hit.frame in self._cells else [self._frame(hit.frame)]

    def short(self, number: int) -> str:
        """Return what a frame is called within a sentence: ``the picture``, ``frame 13``, ``cell 5 of 12``."""
        return self._cell(number)[0] if number in self._cells else self._frame(number, moment=False)

    def reworded(self, reason: str) -> str:
        """Return a verdict's reason with its frame called as everywhere in the report.

        Reasons go with the JSON form and count frames from 0, as its fields do; a person who reads "frame 13" in one
        column and "Frame 12" in the next takes them for two.
        """
        named = _FRAME_NAMED.match(reason)
        if named is None:
            return reason
        called = self.short(int(named[3]))
        called = called if named[2] == "frame" else called[0].upper() + called[1:]
        return f"{named[1]}{called}{reason[named.end() :]}"

    def sheets_told(self) -> str:
        """Return what sheets the content holds and how many of their cells were met; empty without one."""
        return sheets_told(list(self.sheets.values()), sum(number in self._cells for number in self.met))

    def _frame(self, number: int, *, moment: bool = True) -> str:
        if not self._several and number == 0:
            return "the picture"
        frame = self._frames.get(number)
        at = "" if not moment or frame is None or frame.time is None else f" at\u00a0{clock(frame.time)}"
        # Of a video only some frames are looked at, and how many it has nobody counted.
        of = "" if self._video else f" of {wording.number(max(self._count, number + 1))}"
        return f"frame {wording.number(number + 1)}{of}{at}"

    def _cell(self, number: int) -> list[str]:
        sheet, order, box = self._cells[number]
        parts = [wording.cell(order, len(sheet.cells), sheet.frame.layout)]
        if number in sheet.lines:
            parts.append("row {}, column {}".format(*sheet.lines[number]))
        if self._several:
            parts.append(f"in {self._frame(sheet.frame.number)}")
        return [*parts, f"{box.width}\u00a0\u00d7\u00a0{box.height}\u00a0px at\u00a0{box.x},\u00a0{box.y}"]


def sheets_told(sheets: Sequence[Sheet], met: int) -> str:
    """Return ``contact sheet, 12 cells, 4 met``; of several sheets their number and sums; empty for none."""
    if not sheets:
        return ""
    layouts = {sheet.frame.layout for sheet in sheets}
    cells = sum(len(sheet.cells) for sheet in sheets)
    if layouts == {"embedded"}:
        page = "a page" if len(sheets) == 1 else wording.counted(len(sheets), "page")
        return f"{wording.counted(cells, 'picture')} within {page}{_met(met)}"
    name = _SHEETS.get(layouts.pop() or "", "sheet") if len(layouts) == 1 else "sheet"
    what = name if len(sheets) == 1 else wording.counted(len(sheets), name)
    return f"{what}, {wording.counted(cells, 'cell')}{_met(met)}" if cells else f"{what}, not cut into cells"


def _met(count: int) -> str:
    return f", {wording.number(count)} met" if count else ""


def _sheet(frame: FrameInfo, cells: list[tuple[int, Box]]) -> Sheet:
    ordered = tuple(sorted(cells, key=lambda cell: cell[0]))
    return Sheet(frame, ordered, _lattice(ordered) if frame.layout == "grid" else {})


def _lattice(cells: Sequence[tuple[int, Box]]) -> dict[int, tuple[int, int]]:
    """Return row and column of each cell by its number; nothing if two would share a place."""
    rows = _lines([(box.y, box.height) for _, box in cells])
    columns = _lines([(box.x, box.width) for _, box in cells])
    places = {number: (row, column) for (number, _), row, column in zip(cells, rows, columns, strict=True)}
    return places if len(set(places.values())) == len(places) else {}


def _lines(spans: Sequence[tuple[int, int]]) -> list[int]:
    """Return for each (start, length) which line it lies on, from 1: a new one begins half a length beyond the last."""
    if not spans:
        return []
    step = median(length for _, length in spans) / 2
    centres = [start + length / 2 for start, length in spans]
    lines, line, begun = [0] * len(spans), 0, float("-inf")
    for place in sorted(range(len(spans)), key=centres.__getitem__):
        if centres[place] - begun > step:
            line, begun = line + 1, centres[place]
        lines[place] = line
    return lines
