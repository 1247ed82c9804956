"""HEIC by libheif (pi-heif: it decodes and cannot encode, which keeps GPL code away).

pi-heif's compiled part is called without its Python classes: those read every metadata block, thumbnail and auxiliary
picture of a file when it is opened, none of which is wanted here, and a damaged list of them was seen to crash the
process.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Protocol

from pi_heif import heif
from PIL import Image

from tutela.media.allowance import Allowance
from tutela.media.attempt import Failure, attempt
from tutela.media.distinct import Distinct
from tutela.media.mend import ends_early
from tutela.media.tones import eight_bit
from tutela.model import Frame, MediaType, Pixels

_THREADS = 4


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
        width, height = picture.size_mode[0]
        if not allowance.picture(width, height, place):
            continue
        pixels = attempt(allowance, place, partial(_pixels, picture))
        if isinstance(pixels, Failure):
            failure = pixels.of_cut_file(cut=cut)
            allowance.tell(failure.kind, place, failure.sentence(MediaType.HEIC))
        elif distinct.add(pixels):
            height, width = pixels.shape[:2]
            yield Frame(number, pixels, width, height)


class _Picture(Protocol):
    """What pi-heif's compiled part gives of one picture."""

    size_mode: tuple[tuple[int, int], str]  #: ((width, height), Pillow's name of the mode)
    primary: bool
    data: bytes  #: decoded when it is first asked for; rows without padding


def _open(data: bytes) -> list[_Picture]:
    """Return the pictures with their headers read, the primary one first."""
    loaded: list[_Picture | None] = heif._pi_heif.load_file(  # noqa: SLF001 -- see the module's docstring
        data,
        _THREADS,
        True,  # more than 8 bits are scaled to 8
        False,  # RGB, not BGR
        True,  # rows without padding
        True,  # and 16 bits where they are not
        "",  # any decoder of HEVC
        False,  # libheif's own limits stay
    )
    pictures = [picture for picture in loaded if picture is not None]
    if not pictures:
        raise ValueError("it holds no picture")
    return sorted(pictures, key=lambda picture: not picture.primary)


def _pixels(picture: _Picture) -> Pixels:
    data = picture.data
    size, mode = picture.size_mode  # asked for again: decoding may correct it
    return eight_bit(Image.frombytes(mode, size, data))
