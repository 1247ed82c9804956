"""HEIC by libheif (pi-heif: it decodes and cannot encode, which keeps GPL code away).

pi-heif's compiled part is called without its Python classes: those read every metadata block, thumbnail and auxiliary
picture of a file when it is opened, none of which is wanted here, and a damaged list of them was seen to crash the
process.  It is also asked to leave the decoded rows alone: where it packs or scales them in place it trusts the depth
that the header claims, and writes past the end if the coded picture has another (pi-heif 1.4.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Protocol

import numpy as np
from pi_heif import heif
from PIL import Image

from tutela.media.allowance import Allowance
from tutela.media.attempt import Failure, attempt
from tutela.media.distinct import Distinct
from tutela.media.mend import ends_early
from tutela.media.tones import eight_bit, scale
from tutela.model import Frame, MediaType, Pixels

_THREADS = 4
_CHANNELS = {"L": 1, "I": 1, "LA": 2, "La": 2, "RGB": 3, "RGBA": 4, "RGBa": 4}


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

    size_mode: tuple[tuple[int, int], str]  #: ((width, height), Pillow's name of the mode, ";" and bits if not 8)
    primary: bool
    data: bytes  #: decoded when it is first asked for
    stride: int  #: bytes from row to row of ``data``


def _open(data: bytes) -> list[_Picture]:
    """Return the pictures with their headers read, the primary one first."""
    loaded: list[_Picture | None] = heif._pi_heif.load_file(  # noqa: SLF001 -- see the module's docstring
        data,
        _THREADS,
        True,  # colours of more than 8 bits are scaled to 8, by libheif
        False,  # RGB, not BGR
        False,  # rows stay padded, and
        False,  # grey of more than 8 bits stays as it is
        "",  # any decoder of HEVC
        False,  # libheif's own limits stay
    )
    pictures = [picture for picture in loaded if picture is not None]
    if not pictures:
        raise ValueError("it holds no picture")
    return sorted(pictures, key=lambda picture: not picture.primary)


def _pixels(picture: _Picture) -> Pixels:
    data, stride = picture.data, picture.stride
    (width, height), mode = picture.size_mode  # asked for again: decoding may correct it
    model, _, depth = mode.partition(";")
    row = width * _CHANNELS[model]
    if depth and stride >= 2 * row:
        row *= 2
    else:
        depth = ""  # deep by its header, but coded in 8 bits: the coded picture rules, as in any viewer
    if stride < row or len(data) < stride * height:
        raise ValueError("its header and its coded picture differ in size")
    rows = np.frombuffer(data, np.uint8, stride * height).reshape(height, stride)[:, :row]
    samples = scale(np.ascontiguousarray(rows).view("<u2"), int(depth)) if depth else rows
    packed = np.ascontiguousarray(samples).tobytes()
    return eight_bit(Image.frombytes("L" if model == "I" else model, (width, height), packed))
