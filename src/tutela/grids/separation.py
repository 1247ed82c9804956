"""`separate`: pixels to cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutela import _kernel
from tutela.grids.outlines import Outline, outlines
from tutela.grids.prints import tilted_prints
from tutela.grids.scorer import choose
from tutela.model import Pixels

#: The layouts that are told apart: no composite at all, a regular lattice, cells of unequal sizes, one or a few
#: pictures within a page or a screenshot.
LAYOUTS = ("single", "grid", "mosaic", "embedded")

#: Longest side, in pixels, that is looked at as it is; a larger picture is reduced by averaging first.
LONGEST_SIDE = 2600

#: A picture whose longer side is no longer than this, in pixels, is looked at doubled.
SHORT_SIDE = 700

#: A separation is believed from this confidence on.
BELIEVED = 0.5

#: A lattice: at least this share of the cells have the size that most have.
_REGULAR = 0.7

#: Cells cover less of an ``embedded`` picture than this.
_EMBEDDED = 0.6

#: From this many cells and this confidence on a regular lattice is believed without a look for outlines.
_LATTICE_CELLS, _LATTICE_SURE = 6, 0.9

#: A cell of so many times the usual area is none of a regular lattice.
_FAR_LARGER = 4

#: A picture that is this much of all may be a framed one, of which the frame is a part: never quite sure.
_NEARLY_ALL, _FRAMED_SURE = 0.5, 0.89

#: One cell that is this much of all is no part of anything.
_ALL = 0.98

#: How sure tilted prints are: enough to look at them, never so much that the picture's own hash would not count.
_TILTED_SURE = 0.8

#: Boxes are of the same picture if no side is farther apart, in pixels.
_SAME = 3

#: Rows that are looked at for the background, and pixels of them.
_ROWS = 200
_SAMPLED = 4096


@dataclass(frozen=True, slots=True)
class Cell:
    """A picture within a picture: its box in whole pixels, and how sure its edges are (0 to 1).

    A print that lies tilted is turned by ``angle`` degrees anticlockwise around the middle of its box.
    """

    x: int
    y: int
    width: int
    height: int
    confidence: float
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class Separation:
    """What `separate` found.

    ``layout`` is one of `LAYOUTS`; ``confidence`` (0 to 1) is that of the picture being a composite, so that it is low
    for a sure single picture; ``background`` the median colour between the cells (one value for grey, three for RGB),
    ``None`` where cells butt; ``cells`` in reading order, empty unless ``is_grid``.
    """

    is_grid: bool
    layout: str
    confidence: float
    background: tuple[int, ...] | None
    cells: tuple[Cell, ...]


_SINGLE = Separation(is_grid=False, layout="single", confidence=0.0, background=None, cells=())


def separate(pixels: Pixels) -> Separation:
    """Say whether a picture is a contact sheet, grid, collage or storyboard, and where its cells lie.

    ``pixels``: uint8 [height, width] grey or [height, width, 3] RGB.  Boxes are in its pixels, at full size also where
    a large picture is reduced for looking.  Raises `ValueError` for another shape or type.
    """
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] != 3):
        raise ValueError("pixels must be uint8 [height, width] or [height, width, 3]")
    height, width = pixels.shape[:2]
    if min(height, width) * LONGEST_SIDE < max(height, width):
        return _SINGLE  # a line
    grey = luma(pixels)
    page, by = _page(grey)
    looked, part = looked_at(page)
    evidence = _kernel.Evidence(looked)
    cells, sure = _lattice(evidence, part)
    layout = _layout(cells, page.size) if cells else "single"
    if layout != "grid" or len(cells) < _LATTICE_CELLS or sure < _LATTICE_SURE or _unlike(cells):
        if tilted := _tilted(page, by):
            return Separation(True, "mosaic", _TILTED_SURE, _background(pixels, tilted), tilted)
        if looked is not page:
            evidence = _kernel.Evidence(page)
        layout, cells, sure = _with_outlines(evidence, page.size, layout, cells, sure)
    if len(cells) == 1 and cells[0].width * cells[0].height > _ALL * page.size:
        cells, sure = (), 0.0
    if not cells:
        return Separation(is_grid=False, layout="single", confidence=sure, background=None, cells=())
    full = tuple(sorted(_trimmed(grey, [_scaled(cell, by) for cell in cells]), key=_reading_order(cells, by)))
    return Separation(is_grid=True, layout=layout, confidence=sure, background=_background(pixels, full), cells=full)


def looked_at(pixels: Pixels) -> tuple[Pixels, float]:
    """Return the brightness in which a lattice is looked for, and how many pixels of the picture one of its pixels is.

    A large picture is reduced; of a small one every pixel is doubled, or cells of 40 pixels would be too small for it.
    """
    page, by = _page(luma(pixels))
    if max(pixels.shape[:2]) > SHORT_SIDE:
        return page, float(by)
    return np.ascontiguousarray(page.repeat(2, axis=0).repeat(2, axis=1)), 0.5


def _page(grey: Pixels) -> tuple[Pixels, int]:
    """Return the brightness of a picture as it is looked at, and how many times a large one is reduced."""
    by = -(-max(grey.shape) // LONGEST_SIDE)
    return (grey if by == 1 else _kernel.reduced(grey, by)), by


def _trimmed(grey: Pixels, cells: list[Cell]) -> list[Cell]:
    """Return the cells with their edges where the ground between them ends, in the pixels of the whole picture."""
    boxes = np.array([(cell.x, cell.y, cell.width, cell.height) for cell in cells], np.int32)
    rows = _kernel.trimmed(grey, boxes).reshape(-1, 4).tolist()
    return [Cell(x, y, w, h, cell.confidence) for (x, y, w, h), cell in zip(rows, cells, strict=True)]


def _tilted(page: Pixels, by: int) -> tuple[Cell, ...]:
    """Return the cells of tilted prints in reading order; their boxes are those before the tilt.

    A box may reach beyond the picture where its corners did not: it is cut there.
    """
    cells = []
    for one in tilted_prints(page):
        x, y = max(0, one.x), max(0, one.y)
        width, height = min(page.shape[1], one.x + one.width) - x, min(page.shape[0], one.y + one.height) - y
        if width > 0 and height > 0:
            cells.append(_scaled(Cell(x, y, width, height, _TILTED_SURE, one.angle), by))
    return tuple(sorted(cells, key=_reading_order(tuple(cells), 1))) if cells else ()


def _with_outlines(
    page: _kernel.Evidence, size: int, layout: str, cells: tuple[Cell, ...], sure: float
) -> tuple[str, tuple[Cell, ...], float]:
    """Return layout, cells and confidence where pictures within a page are looked for beside an unsure lattice."""
    found = outlines(page)
    if not found:
        return layout, cells, sure
    likely = found[0][4]
    if max(box[2] * box[3] for box in found) > _NEARLY_ALL * size:
        likely = min(likely, _FRAMED_SURE)
    agree = any(_same(box, cell) for box in found for cell in cells)
    if not cells or (likely >= sure and not agree):
        return "embedded", tuple(Cell(*box) for box in found), likely
    others = tuple(Cell(*box) for box in found if not any(_same(box, cell) for cell in cells))
    return layout, cells + others, max(sure, likely)


def _lattice(evidence: _kernel.Evidence, part: float) -> tuple[tuple[Cell, ...], float]:
    """Return the cells of the reading that fits best, none unless it is believed, and how sure it is."""
    readings = _kernel.separate(evidence)
    if not readings:
        return (), 0.0
    best, sure = choose(np.stack([features for _, features in readings]))
    return tuple(_cell(row, part) for row in readings[best][0].reshape(-1, 5)) if sure >= BELIEVED else (), sure


def _same(box: Outline, cell: Cell) -> bool:
    x, y, right, bottom = box[0], box[1], box[0] + box[2], box[1] + box[3]
    apart = (x - cell.x, y - cell.y, right - cell.x - cell.width, bottom - cell.y - cell.height)
    return max(abs(side) for side in apart) <= _SAME


def _scaled(cell: Cell, by: int) -> Cell:
    return Cell(cell.x * by, cell.y * by, cell.width * by, cell.height * by, cell.confidence, cell.angle)


def _cell(row: npt.NDArray[np.float32], by: float) -> Cell:
    left, top, width, height = (float(value) * by for value in row[:4])
    x, y = round(left), round(top)
    return Cell(x, y, round(left + width) - x, round(top + height) - y, round(float(row[4]), 3))


def _reading_order(cells: tuple[Cell, ...], by: int) -> Callable[[Cell], tuple[int, int]]:
    """Order by rows: cells whose upper edges are less than half a cell apart stand in one row."""
    step = max(1.0, float(np.median([cell.height for cell in cells])) * by / 2)
    return lambda cell: (round(cell.y / step), cell.x)


def luma(pixels: Pixels) -> Pixels:
    """Return the brightness of uint8 grey or RGB pixels: uint8 [height, width]."""
    if pixels.ndim == 2:
        return np.ascontiguousarray(pixels)
    return _kernel.luma(np.ascontiguousarray(pixels))


def _unlike(cells: tuple[Cell, ...]) -> bool:
    """Tell whether a cell is far larger than the others: a panel of a page, say, that may hold pictures itself."""
    areas = [cell.width * cell.height for cell in cells]
    return max(areas) > _FAR_LARGER * float(np.median(areas))


def _layout(cells: tuple[Cell, ...], area: int) -> str:
    sizes = np.array([(cell.width, cell.height) for cell in cells])
    alike = np.mean(np.all(np.abs(sizes - np.median(sizes, axis=0)) <= 4, axis=1))
    covered = float(np.sum(sizes[:, 0].astype(np.int64) * sizes[:, 1])) / area
    if len(cells) == 1 or (len(cells) <= 3 and covered < _EMBEDDED):
        return "embedded"
    return "grid" if alike >= _REGULAR else "mosaic"


def _background(pixels: Pixels, cells: tuple[Cell, ...]) -> tuple[int, ...] | None:
    """Return the median colour of what is in no cell, ``None`` if that is next to nothing."""
    # A share of the rows tells enough.
    every = max(1, pixels.shape[0] // _ROWS)
    outside = np.ones((-(-pixels.shape[0] // every), pixels.shape[1]), np.bool_)
    for cell in cells:
        outside[-(-cell.y // every) : -(-(cell.y + cell.height) // every), cell.x : cell.x + cell.width] = False
    places = np.flatnonzero(outside)
    if places.size < 0.002 * outside.size:
        return None
    rows, columns = np.divmod(places[:: 1 + places.size // _SAMPLED], outside.shape[1])
    values = pixels[rows * every, columns].reshape(rows.size, -1)
    return tuple(int(value) for value in np.median(values, axis=0))
