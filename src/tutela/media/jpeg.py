"""JPEG, the common case, so every microsecond counts: the kernel reads what is ordinary, libjpeg-turbo all else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import simplejpeg

from tutela import _kernel
from tutela.media.allowance import Allowance
from tutela.media.attempt import Failure, attempt
from tutela.media.distinct import Distinct
from tutela.media.exif import orientation
from tutela.media.mpo import further_pictures
from tutela.model import Frame, MediaType, Pixels, ProblemKind

#: A reduced decode leaves the shorter side at least this long, in pixels.  The PDQ kernel samples a reduced picture
#: where it would sample the whole one, so 320 moves no more bits than 512 (at most 6 on 697 pictures of the corpus).
SHORTER_SIDE = 320

#: Reductions by which the inverse transform stays exact averaging; the odd ones (M/8) are slower and less faithful.
_REDUCTIONS = (8, 4, 2)

_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_NO_FILL = re.compile(rb"[^\xff]")
_APP1 = 0xE1
_APP2 = 0xE2
_START_OF_SCAN = 0xDA
_END = 0xD9
#: No camera or editor writes as many; a file of nothing but markers would keep this loop busy for minutes.
_MOST_MARKERS = 20_000
#: Markers without a length: none (a stuffed byte), TEM, RST0 to RST7, SOI.
_BARE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})


@dataclass(slots=True)
class Segments:
    """What the markers before the first scan hold: EXIF without its prefix, XMP, and the offset and body of MPF."""

    exif: bytes | None = None
    xmp: bytes | None = None
    mpf: tuple[int, bytes] | None = None


def segments(data: bytes) -> Segments:
    """Walk the markers of a JPEG up to its first scan, as far as they can be walked.  Never raises."""
    found = Segments()
    at = 2
    for _ in range(_MOST_MARKERS):
        mark = data.find(b"\xff", at)  # decoders, too, skip bytes between segments and fill bytes before a marker
        name = _NO_FILL.search(data, mark) if mark >= 0 else None
        if name is None:
            break
        at = name.end()
        marker = data[at - 1]
        if marker in _BARE:
            continue
        if marker in (_START_OF_SCAN, _END) or at + 2 > len(data):
            break
        end = at + (data[at] << 8 | data[at + 1])
        if marker == _APP1:
            _app1(found, data[at + 2 : end])
        elif marker == _APP2 and found.mpf is None and data[at + 2 : at + 6] == b"MPF\x00":
            found.mpf = at + 6, data[at + 6 : end]
        at = max(end, at + 2)
    return found


def _app1(found: Segments, body: bytes) -> None:
    """Keep an EXIF or XMP body; a second EXIF segment continues the first, the last XMP one rules (as in Pillow)."""
    if body.startswith(_EXIF):
        found.exif = body[6:] if found.exif is None else found.exif + body[6:]
    elif body.startswith(_XMP):
        found.xmp = body[len(_XMP) :]


def jpeg_frames(
    data: bytes,
    allowance: Allowance,
    *,
    luma: bool,
    otherwise: Callable[[], Iterator[Frame]],
    shorter_side: int = SHORTER_SIDE,
) -> Iterator[Frame]:
    """Decode the picture of a JPEG, and the further ones of a multi-picture file that are as large.

    ``otherwise`` is asked where libjpeg-turbo's simple interface cannot read the first one.  With ``luma`` a frame is
    grey [h, w] and may be reduced to no less than ``shorter_side`` pixels; without, RGB [h, w, 3], or grey if the file
    is.
    """
    found, least = segments(data), shorter_side if luma else 0
    first = _frame(data, 0, "file", found, allowance, shorter_side=least)
    if isinstance(first, Failure):
        if first.kind is not ProblemKind.LIMIT:
            yield from otherwise()
        return
    yield first
    if found.mpf is None:
        return
    distinct = Distinct(several=True)
    distinct.add(first.pixels)
    for number, picture in enumerate(further_pictures(data, *found.mpf), start=1):
        place = f"frame {number}"
        if not allowance.another(len(distinct), place):
            return
        # Phones keep the brightness map of a high-range photograph here too: it is smaller, and no picture of its own.
        frame = _frame(picture, number, place, segments(picture), allowance, shorter_side=least, like=first)
        if isinstance(frame, Frame) and distinct.add(frame.pixels):
            yield frame


def _frame(
    data: bytes,
    number: int,
    place: str,
    found: Segments,
    allowance: Allowance,
    *,
    shorter_side: int,
    like: Frame | None = None,
) -> Frame | Failure:
    """One JPEG as a frame; with ``like`` only if it is as large as that one.

    With a ``shorter_side`` it is grey, and reduced so far as that side allows; with 0 it keeps its colours.
    """
    luma = shorter_side > 0
    header = attempt(allowance, place, lambda: simplejpeg.decode_jpeg_header(data, strict=False))
    if isinstance(header, Failure):
        return header
    height, width, colours, _ = header
    turned = _orientation(found, place, allowance)
    upright = (width, height) if turned <= 4 else (height, width)
    if like is not None and upright != (like.width, like.height):
        return Failure(ProblemKind.UNSUPPORTED, "of another size")
    if not allowance.picture(width, height, place):
        return Failure(ProblemKind.LIMIT, "told")
    pixels = _decode(data, (height, width), place, allowance, grey=luma or colours == "Gray", least=shorter_side)
    if isinstance(pixels, Failure):
        return pixels
    if not luma or (colours == "Gray" and pixels.shape == (height, width)):
        return Frame(number, pixels, *upright, turned)

    def exact() -> Frame | None:
        space = "GRAY" if colours == "Gray" else "RGB"
        whole = attempt(allowance, place, lambda: simplejpeg.decode_jpeg(data, space, strict=False))
        if isinstance(whole, Failure):
            return None
        return Frame(number, whole[:, :, 0] if space == "GRAY" else whole, *upright, turned)

    return Frame(number, pixels, *upright, turned, exact=exact)


def _orientation(found: Segments, place: str, allowance: Allowance) -> int:
    if found.exif is None and found.xmp is None:
        return 1
    turned = attempt(allowance, place, lambda: orientation(found.exif, found.xmp))
    if isinstance(turned, Failure):
        allowance.tell(ProblemKind.DAMAGED, place, f"its EXIF block is damaged: {turned.message}")
        return 1
    return turned


def _decode(
    data: bytes, size: tuple[int, int], place: str, allowance: Allowance, *, grey: bool, least: int
) -> Pixels | Failure:
    """Return the picture: strictly first, so that damage is noticed, then whatever there is.

    The kernel takes only files without fault, and gives libjpeg-turbo's pixels; what it refuses, libjpeg-turbo judges.
    """
    wanted: dict[str, object] = {"colorspace": "GRAY" if grey else "RGB"}
    height, width = size
    factor = reduction(height, width, least) if least else 1
    if grey and (plane := _kernel.jpeg_luma(data, size, factor)) is not None:
        return plane
    if factor > 1:
        # libjpeg-turbo takes its smallest scale that reaches these: exactly 1 / factor, as the next lower falls short.
        wanted |= {"min_height": -(-height // factor), "min_width": -(-width // factor)}
    pixels: Pixels | Failure = attempt(allowance, place, lambda: simplejpeg.decode_jpeg(data, **wanted))
    if isinstance(pixels, Failure):
        if pixels.kind is ProblemKind.MEMORY:
            return pixels
        damage = pixels
        pixels = attempt(allowance, place, lambda: simplejpeg.decode_jpeg(data, strict=False, **wanted))
        if isinstance(pixels, Failure):
            return pixels
        if pixels.size > 3 and pixels.min() == pixels.max():
            return Failure(ProblemKind.DAMAGED, "nothing was decoded")
        allowance.tell(damage.kind, place, damage.sentence(MediaType.JPEG))
    return pixels[:, :, 0] if grey else pixels


def reduction(height: int, width: int, least: int = SHORTER_SIDE) -> int:
    """Return the largest of 8, 4, 2 and 1 that leaves the shorter side ``least`` pixels."""
    shorter = min(height, width)
    for factor in _REDUCTIONS:
        if -(-shorter // factor) >= least:
            return factor
    return 1
