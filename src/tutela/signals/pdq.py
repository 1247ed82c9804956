"""``pdq``: Meta's 256-bit perceptual hash of a picture, with its quality.

Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", Meta, 2019, and the reference code;
how the kernel gets the same bits without filtering the whole picture is told in ``native/pdq.h``.
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

#: A frame from the decoder's short way whose hash has more ties (native/pdq.h), and is of a quality that lists take,
#: is decoded exactly.  Of 1,300 pictures of the corpus none below moved by more than 10 bits; above, regular patterns
#: moved by up to 101.
MOST_TIES = 24

#: A hash with more ties, of whatever decoding, is made of the pattern's own phase: chess boards, blinds, tiles.
PERIODIC_TIES = 32

#: Why such a hash must not decide a near match.
PERIODIC = "periodic"

#: EXIF orientations from here on lay the picture on its side.
TURNED = 5

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

        Half of a hash's bits are set, since they stand for the coefficients above the median.  Where far from half are,
        most coefficients were equal, which only an empty picture has.
        """
        ones = int.from_bytes(value).bit_count()
        few, many = 100, 156
        if not few <= ones <= many or value in blank_hashes():
            return "it is the hash of a blank picture"
        return None


PDQ = PdqKind("pdq", 32, Measure.HAMMING, Source.FRAME, Threshold(31, 50))


@lru_cache(maxsize=1)
def blank_hashes() -> frozenset[bytes]:
    """Return what pictures of one colour hash to, for all greys and 4,096 colours.

    Such a hash is made of rounding errors.  With the reference hasher it depends on the colour alone, not on the size,
    so that small pictures tell them all.
    """
    size = 64
    greys = (np.full((size, size), value, np.uint8) for value in range(256))
    levels = range(0, 256, 17)
    colours = (
        np.broadcast_to(np.array([red, green, blue], np.uint8), (size, size, 3)).copy()
        for red in levels
        for green in levels
        for blue in levels
    )
    return frozenset(_kernel.pdq_grey(grey)[0] for grey in greys) | frozenset(
        _kernel.pdq_rgb(colour)[0] for colour in colours
    )


def frame_signals(frame: Frame, *, orientations: bool = False) -> list[Signal | Unhashable]:
    """Return the PDQ of a frame laid upright; with ``orientations``, of all eight ways to lay it, from one transform.

    As in the reference, a turned hash may lie some bits from that of the really turned picture (0 to 8 on photographs).
    Where so many coefficients tie with the median that the decoder's short way could turn many bits, the frame is
    decoded exactly first.
    """
    if min(frame.height, frame.width) < SMALLEST_SIDE:
        return [Unhashable(PDQ.name, f"a side is shorter than {SMALLEST_SIDE} pixels", frame.number)]
    hashes = _hash(frame, orientations=orientations)
    _, quality, ties = hashes[0]
    if ties > MOST_TIES and quality >= PDQ.default.quality and frame.exact is not None:
        exact = frame.exact()
        hashes = hashes if exact is None else _hash(exact, orientations=orientations)
    unfit = PERIODIC if hashes[0][2] > PERIODIC_TIES else None
    return [
        Signal(PDQ.name, value, quality, frame.number, orientation, unfit)
        for orientation, (value, quality, _) in zip(ORIENTATIONS, hashes, strict=False)
    ]


def _hash(frame: Frame, *, orientations: bool) -> list[tuple[bytes, int, int]]:
    """Return (value, quality, ties) for one orientation or all eight."""
    grey = frame.pixels.ndim == 2
    full = (frame.height, frame.width) if frame.exif_orientation < TURNED else (frame.width, frame.height)
    layout = (frame.exif_orientation, frame.reduction, full)
    if orientations:
        eight = _kernel.pdq_orientations_grey if grey else _kernel.pdq_orientations_rgb
        return eight(frame.pixels, *layout)
    one = _kernel.pdq_grey if grey else _kernel.pdq_rgb
    return [one(frame.pixels, *layout)]


def pdq(data: bytes, limits: Limits | None = None) -> Signal | Unhashable:
    """Return the PDQ of the first frame in the bytes of a picture file, decoded in this process.

    For bytes from strangers use `tutela.engine.Engine`, which decodes in sandboxed workers.
    """
    problems: list[Problem] = []
    for frame in frames(data, limits or Limits(), problems.append, luma=True):
        return frame_signals(frame)[0]
    reason = problems[0].message if problems else "there is no picture in these bytes"
    return Unhashable(PDQ.name, reason)
