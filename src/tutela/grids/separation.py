"""`separate`: pixels to cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutela import _kernel
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

#: Border columns or rows that are looked at for the background, of each gutter.
_SAMPLED = 4096


@dataclass(frozen=True, slots=True)
class Cell:
    """A picture within a picture: its box in whole pixels, and how sure its edges are (0 to 1)."""

    x: int
    y: int
    width: int
    height: int
    confidence: float


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
    grey, by = looked_at(pixels)
    readings = _kernel.separate(grey)
    if not readings:
        return _SINGLE
    best, sure = choose(np.stack([features for _, features in readings]))
    rows = readings[best][0].reshape(-1, 5)
    if sure < BELIEVED:
        return Separation(is_grid=False, layout="single", confidence=sure, background=None, cells=())
    cells = tuple(sorted((_cell(row, by) for row in rows), key=_reading_order(rows, by)))
    layout = _layout(cells, height * width)
    return Separation(is_grid=True, layout=layout, confidence=sure, background=_background(pixels, cells), cells=cells)


def looked_at(pixels: Pixels) -> tuple[Pixels, float]:
    """Return the brightness that the geometry looks at, and how many pixels of the picture one of its pixels is.

    A large picture is reduced; of a small one every pixel is doubled, or cells of 40 pixels would be too small for it.
    """
    longest = max(pixels.shape[:2])
    if longest <= SHORT_SIDE:
        return np.ascontiguousarray(luma(pixels).repeat(2, axis=0).repeat(2, axis=1)), 0.5
    by = -(-longest // LONGEST_SIDE)
    return (luma(pixels) if by == 1 else _kernel.reduced(luma(pixels), by)), float(by)


def _cell(row: npt.NDArray[np.float32], by: float) -> Cell:
    left, top, width, height = (float(value) * by for value in row[:4])
    x, y = round(left), round(top)
    return Cell(x, y, round(left + width) - x, round(top + height) - y, round(float(row[4]), 3))


def _reading_order(rows: npt.NDArray[np.float32], by: float) -> Callable[[Cell], tuple[int, int]]:
    """Order by rows: cells whose upper edges are less than half a cell apart stand in one row."""
    step = max(1.0, float(np.median(rows[:, 3])) * by / 2)
    return lambda cell: (round(cell.y / step), cell.x)


def luma(pixels: Pixels) -> Pixels:
    """Return the brightness of uint8 grey or RGB pixels: uint8 [height, width]."""
    if pixels.ndim == 2:
        return np.ascontiguousarray(pixels)
    return _kernel.luma(np.ascontiguousarray(pixels))


def _layout(cells: tuple[Cell, ...], area: int) -> str:
    sizes = np.array([(cell.width, cell.height) for cell in cells])
    alike = np.mean(np.all(np.abs(sizes - np.median(sizes, axis=0)) <= 4, axis=1))
    covered = float(np.sum(sizes[:, 0].astype(np.int64) * sizes[:, 1])) / area
    if len(cells) == 1 or (len(cells) <= 3 and covered < _EMBEDDED):
        return "embedded"
    return "grid" if alike >= _REGULAR else "mosaic"


def _background(pixels: Pixels, cells: tuple[Cell, ...]) -> tuple[int, ...] | None:
    """Return the median colour of what is in no cell, ``None`` if that is next to nothing."""
    outside = np.ones(pixels.shape[:2], np.bool_)
    for cell in cells:
        outside[cell.y : cell.y + cell.height, cell.x : cell.x + cell.width] = False
    places = np.flatnonzero(outside)
    if places.size < 0.002 * outside.size:
        return None
    values = pixels.reshape(outside.size, -1)[places[:: 1 + places.size // _SAMPLED]]
    return tuple(int(value) for value in np.median(values, axis=0))
