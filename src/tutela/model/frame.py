"""`Frame`: pixels out of content."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels: left and upper edge, width and height, counted from the upper left corner.

    It is turned by ``angle`` degrees anticlockwise around its middle: prints lie tilted in albums.
    """

    x: int
    y: int
    width: int
    height: int
    angle: float = 0.0

    def directions(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return where its right and its down point in the picture, whose y grows downwards: x and y of each."""
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        return (cos, -sin), (sin, cos)

    def corners(self) -> list[tuple[float, float]]:
        """Return its corners as it lies in the picture, clockwise from its upper left one, in pixels."""
        right, down = self.directions()
        x, y, across, along = self.x + self.width / 2, self.y + self.height / 2, self.width / 2, self.height / 2
        return [
            (x + u * across * right[0] + v * along * down[0], y + u * across * right[1] + v * along * down[1])
            for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]


@dataclass(frozen=True, slots=True)
class Frame:
    """Pixels and where they came from.

    ``pixels`` is uint8, C-contiguous, [height, width] for grey or [height, width, 3] for RGB, *as stored in the file*;
    ``exif_orientation`` (1 to 8, EXIF 2.32 tag 0x0112) says how to lay them upright, so that a kernel can do it for
    nothing (`upright` does it for everyone else).  ``width`` and ``height`` are of the upright picture at full size,
    also where the decoder delivered a reduced one.  ``number`` counts from 0 within the content; ``time`` is in seconds
    for a moment of an animation or a video, else ``None``.

    A cell of a contact sheet is a frame of its own: ``parent`` is the number of the frame it was cut from, ``cell``
    where it lies there, in pixels of the upright parent at full size, and ``confidence`` (0 to 1) how sure its edges
    are.

    Where a decoder was asked for brightness only and took the short way, ``exact`` decodes the same picture once more,
    whole and in colour, or returns ``None`` if that fails; for signals that the short way would make unsure.
    """

    number: int
    pixels: Pixels
    width: int
    height: int
    exif_orientation: int = 1
    time: float | None = None
    parent: int | None = None
    cell: Box | None = None
    confidence: float | None = None
    exact: Callable[[], Frame | None] | None = field(default=None, compare=False, repr=False)

    @property
    def reduction(self) -> int:
        """By how much the decoder reduced the picture (1, 2, 4 or 8): each pixel stands for so many, squared."""
        stored = (self.height, self.width) if self.exif_orientation < 5 else (self.width, self.height)
        for by in (1, 2, 4, 8):
            if all(-(-side // by) == own for side, own in zip(stored, self.pixels.shape, strict=False)):
                return by
        return 1

    def upright(self) -> Pixels:
        """Return the pixels laid upright, C-contiguous; a copy unless they are so already."""
        turned = _UPRIGHT[self.exif_orientation](self.pixels)
        return np.ascontiguousarray(turned)


_UPRIGHT = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: p.swapaxes(0, 1)[::-1, ::-1],
    8: lambda p: np.rot90(p),
}
