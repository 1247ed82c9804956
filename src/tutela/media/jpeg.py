"""JPEG by libjpeg-turbo: the common case, so every microsecond beside the decoder counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import simplejpeg

from tutela.media.allowance import Allowance
from tutela.media.attempt import Failure, attempt, failure_kind
from tutela.media.exif import orientation
from tutela.model import Frame, Pixels, ProblemKind

#: A reduced decode leaves the shorter side at least this long, in pixels (the PDQ reference shrinks to 512 x 512).
SHORTER_SIDE = 512

#: Reductions by which the inverse transform stays exact averaging; the odd ones (M/8) are slower and less faithful.
_REDUCTIONS = (8, 4, 2)

_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_APP1 = 0xE1
_APP2 = 0xE2
_START_OF_SCAN = 0xDA
_END = 0xD9
#: Markers without a length: TEM, RST0 to RST7, SOI.
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


@dataclass(slots=True)
class Segments:
    """What the markers before the first scan hold: EXIF without its prefix, XMP, and the offset and body of MPF."""

    exif: bytes | None = None
    xmp: bytes | None = None
    mpf: tuple[int, bytes] | None = None


def segments(data: bytes) -> Segments:
    """Walk the markers of a JPEG up to its first scan, as far as they can be walked.  Never raises."""
    found = Segments()
    at, size = 2, len(data)
    while at + 4 <= size:
        if data[at] != 0xFF:
            at = data.find(b"\xff", at)  # bytes between segments: decoders skip them too
            if at < 0:
                break
            continue
        marker = data[at + 1]
        if marker in (0xFF, 0x00):
            at += 1
            continue
        if marker in _BARE:
            at += 2
            continue
        if marker in (_START_OF_SCAN, _END):
            break
        length = data[at + 2] << 8 | data[at + 3]
        if marker == _APP1:
            _app1(found, data[at + 4 : at + 2 + length])
        elif marker == _APP2 and found.mpf is None and data[at + 4 : at + 8] == b"MPF\x00":
            found.mpf = at + 8, data[at + 8 : at + 2 + length]
        at += 2 + length
    return found


def _app1(found: Segments, body: bytes) -> None:
    """Keep an EXIF or XMP body; a second EXIF segment continues the first, the last XMP one rules (as in Pillow)."""
    if body.startswith(_EXIF):
        found.exif = body[6:] if found.exif is None else found.exif + body[6:]
    elif body.startswith(_XMP):
        found.xmp = body[len(_XMP) :]


def jpeg_frames(
    data: bytes, allowance: Allowance, *, luma: bool, otherwise: Callable[[], Iterator[Frame]]
) -> Iterator[Frame]:
    """The picture of a JPEG; ``otherwise`` is asked where libjpeg-turbo's simple interface cannot read it.

    With ``luma`` the frame is grey [h, w] and may be reduced; without, RGB [h, w, 3], or grey if the file is.
    """
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data, strict=False)
    except ValueError:
        yield from otherwise()
        return
    if not allowance.picture(width, height, "file"):
        return
    turned = _orientation(data, allowance)
    pixels = _decode(data, height, width, allowance, grey=luma or colours == "Gray", reduced=luma)
    if isinstance(pixels, Failure):
        yield from otherwise()
        return
    if turned > 4:
        width, height = height, width
    yield Frame(0, pixels, width, height, turned)


def _orientation(data: bytes, allowance: Allowance) -> int:
    found = segments(data)
    if found.exif is None and found.xmp is None:
        return 1
    turned = attempt(allowance, "file", lambda: orientation(found.exif, found.xmp))
    if isinstance(turned, Failure):
        allowance.tell(ProblemKind.DAMAGED, "file", f"its EXIF block is damaged: {turned.message}")
        return 1
    return turned


def _decode(
    data: bytes, height: int, width: int, allowance: Allowance, *, grey: bool, reduced: bool
) -> Pixels | Failure:
    """The pixels as libjpeg-turbo has them.  Strictly first, so that damage is noticed; then whatever there is."""
    wanted: dict[str, object] = {"colorspace": "GRAY" if grey else "RGB"}
    factor = reduction(height, width) if reduced else 1
    if factor > 1:
        # libjpeg-turbo takes its smallest scale that reaches these, which is exactly 1 / factor: 3/8 and 1/8 fall short.
        wanted |= {"min_height": -(-height // factor), "min_width": -(-width // factor)}
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(data, **wanted)
    except ValueError as error:
        damage = str(error)
    except MemoryError:
        return Failure(ProblemKind.MEMORY, "")
    else:
        return pixels[:, :, 0] if grey else pixels
    salvaged: Pixels | Failure = attempt(
        allowance, "file", lambda: simplejpeg.decode_jpeg(data, strict=False, **wanted)
    )
    if isinstance(salvaged, Failure):
        return salvaged
    if salvaged.size > 3 and salvaged.min() == salvaged.max():
        return Failure(ProblemKind.DAMAGED, "nothing was decoded")
    allowance.tell(failure_kind(damage), "file", f"the JPEG data is damaged: {damage}")
    return salvaged[:, :, 0] if grey else salvaged


def reduction(height: int, width: int) -> int:
    """The largest of 8, 4, 2 and 1 that leaves the shorter side `SHORTER_SIDE` pixels."""
    shorter = min(height, width)
    for factor in _REDUCTIONS:
        if -(-shorter // factor) >= SHORTER_SIDE:
            return factor
    return 1
