"""Pixels out of a decoded video frame: brightness or colour, orientation, black bars."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import numpy.typing as npt

from tutela.model import Box, Pixels

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: Pixel formats whose first plane is brightness, one byte a pixel.
_BYTE_NAMES = (
    "yuv420p yuv422p yuv444p yuv440p yuv410p yuv411p yuvj420p yuvj422p yuvj444p yuvj440p yuvj411p yuva420p yuva422p "
    "yuva444p nv12 nv21 nv16 nv24 gray gray8"
)
_BYTES = frozenset(_BYTE_NAMES.split())
#: ... and two, little-endian, with so many bits in use.
_WORDS = {
    f"{name}{bits}le": bits
    for name in ("yuv420p", "yuv422p", "yuv444p", "yuva420p", "yuva422p", "yuva444p", "gray")
    for bits in (9, 10, 12, 14, 16)
}

#: AVColorRange (libavutil/pixfmt.h): the full range of values means brightness, else 16 is black and 235 white.
_FULL = 2

#: v -> (v - 16) * 255 / 219, rounded and cut to a byte (ITU-R BT.601, 2.5.3), which is the luma of the RGB picture that
#: the reference hashes: it converts by BT.601 there and back.
_EXPANDED = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)

#: (a, b, c, d) of a display matrix, by sign -> EXIF orientation.  A point (x, y) is shown at (ax + cy, bx + dy).
_ORIENTATIONS = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}

#: Brightness (0 to 255) up to which a pixel of a bar is black: encoders leave some noise there.
_BLACK = 40
#: Share of a line's pixels that may be brighter: a logo's edge, a time stamp.
_BRIGHT = 0.01
#: A picture keeps at least this share of either side, else the frame is dark and not barred.
_LEAST = 0.35
#: Bars thinner than this share of the side are left alone.
_THINNEST = 0.02


def pixels_of(frame: av.VideoFrame, *, luma: bool) -> Pixels:
    """Return the pixels of a frame as it is stored: uint8 [h, w] where ``luma`` or it has no colour, else [h, w, 3].

    Brightness is taken from its own plane where there is one, without converting colours.
    """
    name = frame.format.name
    if luma or name.startswith("gray"):
        if name in _BYTES:
            plane = _plane(frame, np.dtype(np.uint8))
            return np.ascontiguousarray(plane) if _is_full(frame) else _EXPANDED[plane]
        if name in _WORDS:
            plane = (_plane(frame, np.dtype("<u2")) >> (_WORDS[name] - 8)).astype(np.uint8)
            return plane if _is_full(frame) else _EXPANDED[plane]
    return np.ascontiguousarray(frame.to_ndarray(format="rgb24"))


def _plane(frame: av.VideoFrame, kind: np.dtype[np.generic]) -> npt.NDArray[np.uint8]:
    plane = frame.planes[0]
    lines = np.frombuffer(plane, kind).reshape(plane.height, -1)  # type: ignore[call-overload]  # a plane is a buffer
    shown: npt.NDArray[np.uint8] = lines[: frame.height, : frame.width]
    return shown


def _is_full(frame: av.VideoFrame) -> bool:
    return frame.color_range == _FULL or frame.format.name.startswith(("yuvj", "gray"))


def orientation_of(frame: av.VideoFrame) -> int:
    """Return how a frame is to be laid upright, as an EXIF orientation; 1 where the matrix turns by no right angle."""
    side = frame.side_data.get("DISPLAYMATRIX")
    if side is None:
        return 1
    raw = bytes(cast("ReadableBuffer", side))
    if len(raw) < 36:
        return 1
    a, b, _, c, d = struct.unpack_from("=5i", raw)
    largest = max(abs(a), abs(b), abs(c), abs(d))
    a, b, c, d = (0 if 4 * abs(value) < largest else (1 if value > 0 else -1) for value in (a, b, c, d))
    return _ORIENTATIONS.get((a, b, c, d), 1)


def picture_box(pixels: Pixels) -> Box | None:
    """Return where the picture lies between black bars; ``None`` if there are none, or nothing but black.

    A bar lies along a whole side; of two opposite ones the thinner may be missing, as where a caption was put.
    """
    grey = pixels if pixels.ndim == 2 else pixels.max(axis=2)
    height, width = grey.shape
    bright = grey > _BLACK
    rows = np.flatnonzero(np.count_nonzero(bright, axis=1) > _BRIGHT * width)
    columns = np.flatnonzero(np.count_nonzero(bright, axis=0) > _BRIGHT * height)
    if not len(rows) or not len(columns):
        return None
    top, bottom = _kept(int(rows[0]), int(rows[-1]) + 1, height)
    left, right = _kept(int(columns[0]), int(columns[-1]) + 1, width)
    if (bottom - top, right - left) == (height, width):
        return None
    if bottom - top < _LEAST * height or right - left < _LEAST * width:
        return None
    return Box(left, top, right - left, bottom - top)


def _kept(first: int, end: int, size: int) -> tuple[int, int]:
    """Leave thin borders as they are."""
    if first + size - end < _THINNEST * size:
        return 0, size
    return first, end
