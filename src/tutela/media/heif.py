"""HEIC by libheif (pi-heif: it decodes and cannot encode, which keeps GPL code away)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from io import BytesIO

import pi_heif

from tutela.media.allowance import Allowance
from tutela.media.attempt import Failure, attempt
from tutela.media.tones import eight_bit
from tutela.model import Frame, Pixels


def heif_frames(data: bytes, allowance: Allowance) -> Iterator[Frame]:
    """Every distinct picture of a HEIF file, the primary one first.

    libheif lays pictures upright by the container's own ``irot`` and ``imir``, which rule over EXIF (ISO/IEC 23008-12),
    so every frame has orientation 1.
    """
    opened = attempt(allowance, "file", lambda: pi_heif.open_heif(BytesIO(data), convert_hdr_to_8bit=True))
    if isinstance(opened, Failure):
        allowance.tell(opened.kind, "file", opened.message)
        return
    pictures = list(opened)
    pictures.insert(0, pictures.pop(opened.primary_index))
    seen: set[tuple[tuple[int, ...], bytes]] = set()
    for number, picture in enumerate(pictures):
        place = f"frame {number}" if len(pictures) > 1 else "file"
        if number and not allowance.another(len(seen), place):
            return
        width, height = picture.size
        if not allowance.picture(width, height, place):
            continue
        pixels = attempt(allowance, place, partial(_pixels, picture))
        if isinstance(pixels, Failure):
            allowance.tell(pixels.kind, place, pixels.message)
            continue
        key = pixels.shape, pixels.tobytes() if len(pictures) > 1 else b""
        if key in seen:
            continue
        seen.add(key)
        height, width = pixels.shape[:2]
        yield Frame(number, pixels, width, height)


def _pixels(picture: pi_heif.HeifImage) -> Pixels:
    return eight_bit(picture.to_pillow())
