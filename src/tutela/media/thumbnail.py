"""A small picture of a frame, for reports."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from tutela.model import Frame

_QUALITY = 60


def thumbnail(frame: Frame, side: int = 160) -> bytes:
    """Give the frame laid upright as a WebP file whose longer side is at most ``side`` pixels."""
    small = Image.fromarray(frame.pixels)
    small.thumbnail((side, side))
    turn = _TURNS.get(frame.exif_orientation)
    if turn is not None:
        small = small.transpose(turn)
    target = BytesIO()
    small.save(target, "WEBP", quality=_QUALITY)
    return target.getvalue()


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
