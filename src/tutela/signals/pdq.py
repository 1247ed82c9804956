"""``pdq``: Meta's 256-bit perceptual hash of a picture, with its quality.

Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", Meta, 2019, and the reference code; how the
kernel gets the same bits without filtering the whole picture is told in ``native/pdq.h``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tutela import _kernel
from tutela.media import frames
from tutela.model import Frame, Limits, Orientation, Problem, Signal, Threshold, Unhashable
from tutela.signals.kind import Measure, SignalKind, Source

#: The reference refuses to hash a picture with a shorter side, in pixels.
SMALLEST_SIDE = 5

#: The order in which the kernel returns orientations (the reference's order).
ORIENTATIONS = (
    Orientation.ORIGINAL,
    Orientation.ROTATE_90,
    Orientation.ROTATE_180,
    Orientation.ROTATE_270,
    Orientation.FLIP_X,
    Orientation.FLIP_Y,
    Orientation.TRANSPOSE,
    Orientation.TRANSVERSE,
)


@dataclass(frozen=True, slots=True)
class PdqKind(SignalKind):
    """PDQ values, most significant bit first, as published in 64 hexadecimal digits."""

    def unfit(self, value: bytes) -> str | None:
        """Return a reason for the hash of a blank picture.

        Half of the bits of a hash are set, since they are above a median; few or many mean that most coefficients were equal,
        which only an empty picture has.  A blank picture can also hash to rounding noise; that of the common
        sizes is known.
        """
        ones = int.from_bytes(value).bit_count()
        if not 16 <= ones <= 240:
            return "it is the hash of a blank picture"
        return "it is the hash of a blank picture" if value in blank_hashes() else None


PDQ = PdqKind("pdq", 32, Measure.HAMMING, Source.FRAME, Threshold(31, 50))


@lru_cache(maxsize=1)
def blank_hashes() -> frozenset[bytes]:
    """Return the hashes of pictures of one grey value, for side lengths that blank pictures often have."""
    sides = (
        8,
        16,
        32,
        64,
        100,
        128,
        150,
        200,
        256,
        300,
        400,
        480,
        500,
        512,
        600,
        640,
        720,
        768,
        800,
        960,
        1024,
        1080,
        1280,
    )
    return frozenset(
        _kernel.pdq_grey(np.full((height, width), value, np.uint8))[0]
        for value in (1, 64, 128, 192, 255)
        for height, width in {(a, b) for a in sides for b in (a, a * 4 // 3, a * 3 // 4, a * 16 // 9)}
        if min(height, width) >= SMALLEST_SIDE
    )


def frame_signals(frame: Frame, *, orientations: bool = False) -> list[Signal | Unhashable]:
    """Return the PDQ of a frame laid upright; with ``orientations``, of all eight ways to lay it, from one transform.

    As in the reference, a turned hash may lie some bits from that of the really turned picture (0 to 8 on photographs).
    """
    pixels = frame.pixels
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        return [Unhashable(PDQ.name, f"a side is shorter than {SMALLEST_SIDE} pixels", frame.number)]
    grey = pixels.ndim == 2
    if not orientations:
        one = _kernel.pdq_grey if grey else _kernel.pdq_rgb
        value, quality = one(pixels, frame.exif_orientation)
        return [Signal(PDQ.name, value, quality, frame.number)]
    eight = _kernel.pdq_orientations_grey if grey else _kernel.pdq_orientations_rgb
    return [
        Signal(PDQ.name, value, quality, frame.number, orientation)
        for orientation, (value, quality) in zip(ORIENTATIONS, eight(pixels, frame.exif_orientation), strict=True)
    ]


def pdq(data: bytes, limits: Limits | None = None) -> Signal | Unhashable:
    """Return the PDQ of the first frame in the bytes of a picture file, decoded in this process.

    For bytes from strangers use `tutela.engine.Engine`, which decodes in sandboxed workers.
    """
    problems: list[Problem] = []
    for frame in frames(data, limits or Limits(), problems.append, luma=True):
        return frame_signals(frame)[0]
    reason = problems[0].message if problems else "there is no picture in these bytes"
    return Unhashable(PDQ.name, reason)
