"""HEIC by libheif (pi-heif: it decodes and cannot encode, which keeps GPL code away)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from io import BytesIO

import pi_heif

from tutela.media.allowance import Allowance
from tutela.media.attempt import Failure, attempt
from tutela.media.distinct import Distinct
from tutela.media.mend import ends_early
from tutela.media.tones import eight_bit
from tutela.model import Frame, MediaType, Pixels


def heif_frames(data: bytes, allowance: Allowance) -> Iterator[Frame]:
    """Every distinct picture of a HEIF file, the primary one first.

    libheif lays pictures upright by the container's own ``irot`` and ``imir``, which rule over EXIF (ISO/IEC 23008-12),
    so every frame has orientation 1.
    """
    cut = ends_early(data, MediaType.HEIC)
    pictures = attempt(allowance, "file", lambda: _open(data))
    if isinstance(pictures, Failure):
        failure = pictures.of_cut_file(cut=cut)
        allowance.tell(failure.kind, "file", failure.sentence(MediaType.HEIC))
        return
    several = len(pictures) > 1
    distinct = Distinct(several=several)
    for number, picture in enumerate(pictures):
        place = f"frame {number}" if several else "file"
        if number and not allowance.another(len(distinct), place):
            return
        width, height = picture.size
        if not allowance.picture(width, height, place):
            continue
        pixels = attempt(allowance, place, partial(_pixels, picture))
        if isinstance(pixels, Failure):
            failure = pixels.of_cut_file(cut=cut)
            allowance.tell(failure.kind, place, failure.sentence(MediaType.HEIC))
        elif distinct.add(pixels):
            height, width = pixels.shape[:2]
            yield Frame(number, pixels, width, height)


def _open(data: bytes) -> list[pi_heif.HeifImage]:
    """Return the pictures with their headers read, the primary one first."""
    opened = pi_heif.open_heif(BytesIO(data), convert_hdr_to_8bit=True)
    pictures = list(opened)
    pictures.insert(0, pictures.pop(opened.primary_index))
    return pictures


def _pixels(picture: pi_heif.HeifImage) -> Pixels:
    return eight_bit(picture.to_pillow())
