"""`cells_of`: a frame to the frames of its cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tutela.grids.prints import straightened
from tutela.grids.separation import Cell, Separation, luma
from tutela.model import Box, Frame, Pixels

#: A border of a cell this flat, in grey levels around its median, is a letterbox and no picture.
_FLAT = 6.0

#: More of a side than this is never taken for a letterbox.
_MOST_BORDER = 0.3

#: Cells with a side shorter than this are not cut: nothing can be met by them.
SMALLEST_SIDE = 20


def cells_of(frame: Frame, separation: Separation, first: int) -> list[Frame]:
    """Cut the cells of a sheet out of its frame, in reading order, numbered from ``first``.

    ``separation`` is that of the frame's own pixels laid upright (see `Frame.upright`) at full size.
    """
    pixels = frame.upright()
    found: list[Frame] = []
    for cell in separation.cells:
        if min(cell.width, cell.height) < SMALLEST_SIDE:
            continue
        box = Box(cell.x, cell.y, cell.width, cell.height, cell.angle)
        found.append(
            Frame(
                number=first + len(found),
                pixels=straightened(pixels, box) if box.angle else _crop(pixels, box.x, box.y, box.width, box.height),
                width=cell.width,
                height=cell.height,
                time=frame.time,
                parent=frame.number,
                cell=box,
                confidence=cell.confidence,
            )
        )
    return found


def variants(frame: Frame) -> Iterator[Frame]:
    """Yield other ways to cut a cell, to be hashed beside it: a pixel less on every side, and without letterbox.

    One pixel of the gutter on each side of a small cell loses half of the frames that its hash should meet, and one
    pixel less of the picture loses a quarter: so a border in doubt is best cut both ways.
    """
    pixels = frame.pixels
    height, width = pixels.shape[:2]
    if min(height, width) >= 2 * SMALLEST_SIDE:
        yield _part(frame, _crop(pixels, 1, 1, width - 2, height - 2))
    inner = _without_border(pixels)
    if inner is not None:
        yield _part(frame, inner)


def _part(frame: Frame, pixels: Pixels) -> Frame:
    return replace(frame, pixels=pixels, width=pixels.shape[1], height=pixels.shape[0])


def _crop(pixels: Pixels, x: int, y: int, width: int, height: int) -> Pixels:
    return np.ascontiguousarray(pixels[y : y + height, x : x + width])


def _without_border(pixels: Pixels) -> Pixels | None:
    """Return the picture without flat rows above and below or flat columns beside it, ``None`` if it has none."""
    grey = luma(pixels)
    top, bottom = _flat_ends(grey)
    left, right = _flat_ends(grey.T)
    if not (top or bottom or left or right):
        return None
    height, width = grey.shape
    inner = np.ascontiguousarray(pixels[top : height - bottom, left : width - right])
    return inner if min(inner.shape[:2]) >= SMALLEST_SIDE else None


def _flat_ends(grey: np.ndarray) -> tuple[int, int]:
    """How many rows at either end are of one tone: at least two, or it is no letterbox."""
    most = int(grey.shape[0] * _MOST_BORDER)
    spread = np.ptp(grey[:, 1:-1], axis=1) if grey.shape[1] > 4 else np.full(grey.shape[0], 255.0)
    flat = spread <= _FLAT
    ends = []
    for run in (flat, flat[::-1]):
        length = int(np.argmin(run)) if not run.all() else 0
        ends.append(length if 2 <= length <= most else 0)
    return ends[0], ends[1]


def scaled(separation: Separation, by: int) -> Separation:
    """Return the separation of a picture of which ``separation`` was made ``by`` times smaller."""
    if by == 1:
        return separation
    cells = tuple(
        Cell(cell.x * by, cell.y * by, cell.width * by, cell.height * by, cell.confidence, cell.angle)
        for cell in separation.cells
    )
    return replace(separation, cells=cells)
