"""`Signal`: a fingerprint of content, and `Unhashable`: the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Orientation(StrEnum):
    """One of the eight ways to lay a picture down, as the transform that was applied to the content's pixels."""

    ORIGINAL = "original"
    ROTATE_90 = "rotate-90"
    ROTATE_180 = "rotate-180"
    ROTATE_270 = "rotate-270"
    FLIP_X = "flip-x"
    FLIP_Y = "flip-y"
    TRANSPOSE = "transpose"
    TRANSVERSE = "transverse"


@dataclass(frozen=True, slots=True)
class Signal:
    """A fingerprint.

    ``kind`` is the name of a signal kind (``md5``, ``sha1``, ``sha256``, ``pdq``, ``photodna``); ``value`` the raw
    bytes; ``quality`` 0 to 100 where the kind measures one, else ``None``.  ``frame`` is the number of the frame it was
    taken from (0 for the first), ``None`` for a signal of the bytes themselves.  ``unfit`` says why a perceptual hash
    must not decide a near match (it is of a sheet, of a flat or periodic picture), ``None`` for a sound one.
    ``time`` is the moment of a listed video's frame, in seconds; of a content's own signals its frames tell it.
    """

    kind: str
    value: bytes
    quality: int | None = None
    frame: int | None = None
    orientation: Orientation = Orientation.ORIGINAL
    unfit: str | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True)
class Unhashable:
    """No signal of this kind can be had, and why."""

    kind: str
    reason: str
    frame: int | None = None
