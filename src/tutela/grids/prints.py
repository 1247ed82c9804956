"""Prints that lie tilted on a still ground, as albums and scrap books show them: no straight line parts them.

The kernel (``native/grid_prints.cpp``) spreads a ground of slowly changing tone from the picture's border and fits the
smallest rectangle to every piece that stands out from it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from tutela import _kernel
from tutela.model import Box, Pixels

#: Longest side, in pixels, of the reduced picture in which prints are looked for; those found are fitted at full size.
_LONGEST_SIDE = 480

#: Prints are tilted each in its own way: windows of a slanted facade are not.  In degrees.
_LEAST_TILT, _LEAST_APART = 1.0, 1.5

#: At least this share of them are of one size, to a tenth.
_ALIKE = 0.6


#: Pixels by which stairs along a tilted edge make a print seem larger, at most.
_MOST_STAIRS = 3.0

#: A border: lines of which this share lies within so many levels of one tone, the same on all sides, from this depth
#: on (in pixels) and up to this share of the print.
_BORDER_SHARE, _BORDER_LEVELS, _BORDER_FROM, _MOST_BORDER = 0.85, 14, (4, 7, 10), 0.3

#: Behind its last line a border is at once this share or less: a picture's own plain ground ends here and there.
_BEHIND_BORDER = 0.5


def tilted_prints(grey: Pixels) -> list[Box]:
    """Return the prints of a picture without their borders, none unless there are two or more and they are tilted.

    ``grey``: uint8 [height, width].  A box may reach beyond the picture where its corners do not.
    """
    by = -(-max(grey.shape) // _LONGEST_SIDE)
    if min(grey.shape) < by or not len(_fitted(grey if by == 1 else _kernel.reduced(grey, by))):
        return []
    return [_without_border(grey, _box(row)) for row in _fitted(grey)]


def straightened(pixels: Pixels, box: Box) -> Pixels:
    """Return a tilted print laid straight, by linear interpolation."""
    (right_x, right_y), (down_x, down_y) = box.directions()
    x, y = box.x + box.width / 2, box.y + box.height / 2
    first_x, first_y = (
        x - right_x * box.width / 2 - down_x * box.height / 2,
        y - right_y * box.width / 2 - down_y * box.height / 2,
    )
    straight = Image.fromarray(pixels).transform(
        (box.width, box.height),
        Image.Transform.AFFINE,
        (right_x, down_x, first_x, right_y, down_y, first_y),
        Image.Resampling.BILINEAR,
    )
    return np.ascontiguousarray(straight)


def _fitted(grey: Pixels) -> npt.NDArray[np.float64]:
    """Return rows of the middle's x and y, width, height, angle and fill; none unless they are prints."""
    rows = _kernel.prints(grey).reshape(-1, 6).astype(np.float64)
    none = rows[:0]
    if len(rows) < 2 or np.abs(rows[:, 4]).max() < _LEAST_TILT or np.ptp(rows[:, 4]) < _LEAST_APART:
        return none
    usual = np.median(rows[:, 2:4], axis=0)
    alike = np.mean(np.all(np.abs(rows[:, 2:4] - usual) < 0.1 * usual + 2, axis=1))
    return rows if alike >= _ALIKE else none


def _box(row: npt.NDArray[np.float64]) -> Box:
    """Return the box whose area is the one that stands out: stairs along tilted edges reach beyond them."""
    x, y, width, height, angle, fill = (float(value) for value in row)
    half = width + height
    stairs = min(
        _MOST_STAIRS, (half - math.sqrt(max(0.0, half * half - 4 * width * height * (1 - min(1.0, fill))))) / 4
    )
    width, height = width - 2 * stairs, height - 2 * stairs
    return Box(round(x - width / 2), round(y - height / 2), round(width), round(height), round(angle, 2))


def _without_border(grey: Pixels, box: Box) -> Box:
    """Return the box of what a print's border of one tone is around, the box itself if it has none."""
    straight = straightened(grey, box).astype(np.int16)
    sides = (straight.T, straight.T[::-1], straight, straight[::-1])
    for depth in _BORDER_FROM:
        if min(box.width, box.height) <= 4 * depth:
            return box
        tones = [float(np.median(side[depth])) for side in sides]
        if max(tones) - min(tones) <= _BORDER_LEVELS:
            wide = [_border(side, depth, float(np.median(tones))) for side in sides]
            # A white sky hides where the border ends above it: it is as wide as the narrowest.
            if wide.count(0) <= 1:
                least = min(filter(None, wide))
                return _within(box, *(one or least for one in wide))
    return box


def _within(box: Box, left: int, right: int, top: int, bottom: int) -> Box:
    """Return the box without so many pixels at its sides, as it lies in the picture."""
    width, height = box.width - left - right, box.height - top - bottom
    (right_x, right_y), (down_x, down_y) = box.directions()
    across, along = (left - right) / 2, (top - bottom) / 2
    x = box.x + box.width / 2 + across * right_x + along * down_x - width / 2
    y = box.y + box.height / 2 + across * right_y + along * down_y - height / 2
    return Box(round(x), round(y), width, height, box.angle)


def _border(lines: npt.NDArray[np.int16], depth: int, tone: float) -> int:
    """Return how many lines from the first on are border, which is seen from ``depth`` on; 0 if none or too many."""
    most = int(_MOST_BORDER * len(lines))
    like = np.mean(np.abs(lines[depth : most + 2] - tone) <= _BORDER_LEVELS, axis=1)
    ends = np.flatnonzero(like < _BORDER_SHARE)
    if not len(ends) or ends[0] == 0 or like[ends[0] : ends[0] + 3].min() > _BEHIND_BORDER:
        return 0
    return depth + int(ends[0])
