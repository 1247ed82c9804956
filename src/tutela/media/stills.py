"""Pictures that Pillow reads: opened by their one decoder, frame by frame.

``PIL.Image.open`` is not used: it would try plug-ins by turns, and its bomb check obeys a number that belongs to
the whole process.  The decoder's class is called with the bytes instead, so nothing but the type that was found can
ever be decoded, and the limit of pixels is checked here, between header and pixels.

Cut files: ``ImageFile.LOAD_TRUNCATED_IMAGES`` is a switch of the whole process too, so it is left alone.  A decoder
that gives up leaves the rows it had in the picture; dropping the picture's remaining tiles keeps them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from io import BytesIO

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from tutela.media.allowance import Allowance
from tutela.media.attempt import Failure, attempt
from tutela.media.exif import orientation_of
from tutela.media.tones import eight_bit
from tutela.model import Frame, MediaType, Pixels, ProblemKind

_PHOTOMETRIC = 262
_BITS_PER_SAMPLE = 258
_WHITE_IS_ZERO = 0


class _Tiff(TiffImageFile):
    """Pillow's TIFF reader without its own bomb check, which comes too late and obeys the whole process's number."""

    def load_prepare(self) -> None:
        if self._im is None:
            self.im = Image.core.new(self.mode, self._tile_size)  # type: ignore[attr-defined]
        ImageFile.load_prepare(self)


_DECODERS: dict[MediaType, Callable[[BytesIO], ImageFile]] = {
    MediaType.JPEG: JpegImageFile,
    MediaType.PNG: PngImageFile,
    MediaType.GIF: GifImageFile,
    MediaType.WEBP: WebPImageFile,
    MediaType.TIFF: _Tiff,
    MediaType.BMP: BmpImageFile,
    MediaType.AVIF: AvifImageFile,
}


def still_frames(data: bytes, media_type: MediaType, allowance: Allowance) -> Iterator[Frame]:
    """Every distinct frame or page of a picture, in file order; `Frame.number` is its place in the file."""
    image = attempt(allowance, "file", lambda: _DECODERS[media_type](BytesIO(data)))
    if isinstance(image, Failure):
        allowance.tell(image.kind, "file", image.message)
        return
    seen: set[bytes] = set()
    number, time, moving = 0, 0.0, media_type is not MediaType.TIFF
    several = attempt(allowance, "file", lambda: bool(getattr(image, "is_animated", False))) is not False
    while True:
        place = f"frame {number}" if several else "file"
        if not allowance.picture(*image.size, place):
            return
        pixels, whole = _load(image, media_type, allowance, place)
        if pixels is not None and _new(pixels, seen, several=several):
            turned = _turned(image, allowance, place)
            height, width = pixels.shape[:2] if turned <= 4 else pixels.shape[1::-1]
            yield Frame(number, pixels, width, height, turned, time if several and moving else None)
        number += 1
        time += _duration(image)
        if not several or not (whole or not moving) or not allowance.another(len(seen), f"frame {number}"):
            return
        if not _seek(image, number, allowance):
            return


def _new(pixels: Pixels, seen: set[bytes], *, several: bool) -> bool:
    """Whether these pixels have not been met in this file yet."""
    if not several:
        return True
    shape = repr(pixels.shape).encode()
    digest = hashlib.blake2b(pixels.data, digest_size=16, key=shape).digest()
    if digest in seen:
        return False
    seen.add(digest)
    return True


def _load(image: ImageFile, media_type: MediaType, allowance: Allowance, place: str) -> tuple[Pixels | None, bool]:
    """The pixels of the current frame, or ``None``, and whether it was decoded without damage."""
    loaded = attempt(allowance, place, image.load)
    if isinstance(loaded, Failure):
        allowance.tell(loaded.kind, place, loaded.message)
        if loaded.kind in (ProblemKind.MEMORY, ProblemKind.LIMIT):
            return None, False
        image.tile = []
        attempt(allowance, place, image.load_end)  # lays a TIFF upright and a GIF over what it had
    pixels = attempt(allowance, place, lambda: _convert(image, media_type))
    if isinstance(pixels, Failure):
        if not isinstance(loaded, Failure):
            allowance.tell(pixels.kind, place, pixels.message)
        return None, False
    if isinstance(loaded, Failure) and pixels.min() == pixels.max():
        return None, False  # nothing was decoded
    return pixels, not isinstance(loaded, Failure)


def _convert(image: ImageFile, media_type: MediaType) -> Pixels:
    if media_type is MediaType.TIFF and isinstance(image, TiffImageFile):
        bits = image.tag_v2.get(_BITS_PER_SAMPLE, (16,))[0]
        inverted = image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
        return eight_bit(image, bits=bits, inverted=inverted)
    return eight_bit(image)


def _turned(image: ImageFile, allowance: Allowance, place: str) -> int:
    turned = attempt(allowance, place, lambda: orientation_of(image))
    if isinstance(turned, Failure):
        allowance.tell(ProblemKind.DAMAGED, place, f"its EXIF block is damaged: {turned.message}")
        return 1
    return turned


def _duration(image: ImageFile) -> float:
    """How long the current frame is shown, in seconds."""
    duration = image.info.get("duration", 0)
    return float(duration) / 1000 if isinstance(duration, int | float) else 0.0


def _seek(image: ImageFile, number: int, allowance: Allowance) -> bool:
    """Go to frame ``number``; false at the end of the file."""

    def seek() -> bool:
        try:
            image.seek(number)
        except EOFError:
            return False
        return True

    moved = attempt(allowance, f"frame {number}", seek)
    if isinstance(moved, Failure):
        allowance.tell(moved.kind, f"frame {number}", moved.message)
        return False
    return moved
