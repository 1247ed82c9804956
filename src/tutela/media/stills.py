"""Pictures that Pillow reads: opened by their one decoder, frame by frame.

``PIL.Image.open`` is not used: it would try plug-ins by turns, and its bomb check obeys a number that belongs to
the whole process.  The decoder's class is called with the bytes instead, so nothing but the type that was found can
ever be decoded, and the limit of pixels is checked here, between header and pixels.

Cut files: ``ImageFile.LOAD_TRUNCATED_IMAGES`` is a switch of the whole process too, so it is left alone.  A decoder
that gives up leaves the rows it had in the picture; dropping the picture's remaining tiles keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from tutela.media.allowance import Allowance
from tutela.media.attempt import Failure, attempt
from tutela.media.deep import deep_mode, deep_samples
from tutela.media.distinct import Distinct
from tutela.media.exif import orientation_of
from tutela.media.mend import ends_early, mended
from tutela.media.tiff import Tiff
from tutela.media.tones import eight_bit, scale
from tutela.model import Frame, MediaType, Pixels, ProblemKind

_DECODERS: dict[MediaType, Callable[[BytesIO], ImageFile]] = {
    MediaType.JPEG: JpegImageFile,
    MediaType.PNG: PngImageFile,
    MediaType.GIF: GifImageFile,
    MediaType.WEBP: WebPImageFile,
    MediaType.TIFF: Tiff,
    MediaType.BMP: BmpImageFile,
    MediaType.AVIF: AvifImageFile,
}

#: Types whose later frames can still be had after a damaged one.
_GOES_ON = frozenset({MediaType.GIF, MediaType.TIFF})

_GIF_TRAILER = 0x3B


def still_frames(data: bytes, media_type: MediaType, allowance: Allowance) -> Iterator[Frame]:
    """Every distinct frame or page of a picture, in file order; `Frame.number` is its place in the file."""
    reading = _Reading(data, media_type, allowance)
    image = reading.open()
    if image is not None:
        yield from reading.frames(image)


class _Reading:
    """One file on its way through Pillow."""

    def __init__(self, data: bytes, media_type: MediaType, allowance: Allowance) -> None:
        self.data = data
        self.type = media_type
        self.allowance = allowance
        self.source = BytesIO(data)
        self.cut = ends_early(data, media_type)
        self.whole = True

    def open(self) -> ImageFile | None:
        """Return the picture with its header read; if need be, of a mended copy of the file."""
        image = attempt(self.allowance, "file", lambda: _DECODERS[self.type](self.source))
        if not isinstance(image, Failure):
            return image
        self._tell(image, "file")
        copy = mended(self.data, self.type)
        if copy is None or image.kind is ProblemKind.MEMORY:
            return None
        self.data, self.source = copy, BytesIO(copy)
        image = attempt(self.allowance, "file", lambda: _DECODERS[self.type](self.source))
        return None if isinstance(image, Failure) else image

    def frames(self, image: ImageFile) -> Iterator[Frame]:
        """Every distinct frame, until the file, the allowance or the decoder ends."""
        animated = attempt(self.allowance, "file", lambda: bool(getattr(image, "is_animated", False)))
        several = animated is not False
        if not several:
            self._look_for_end_mark()
        timed = several and self.type is not MediaType.TIFF
        distinct = Distinct(several=several)
        number, time = 0, 0.0
        while True:
            place = f"frame {number}" if several else "file"
            if number and not self.allowance.another(len(distinct), place):
                return
            width, height = image.size
            if not self.allowance.picture(width, height, place):
                return
            pixels, whole = self._load(image, number, place)
            if pixels is not None and distinct.add(pixels):
                turned = self._turned(image, place)
                height, width = pixels.shape[:2] if turned <= 4 else pixels.shape[1::-1]
                yield Frame(number, pixels, width, height, turned, time / 1000 if timed else None)
            number += 1
            time += _duration(image)
            if not whole and self.type not in _GOES_ON:
                return
            if not several or not self._seek(image, number):
                break
        if several:
            self._look_for_end_mark()
        if self.cut and self.whole:
            self._tell(Failure(ProblemKind.TRUNCATED, "its end mark is missing"), "file")

    def _load(self, image: ImageFile, number: int, place: str) -> tuple[Pixels | None, bool]:
        """Return the pixels of the current frame, or ``None``, and whether it was decoded without damage."""
        deep = deep_mode(image)
        loaded = attempt(self.allowance, place, image.load)
        if isinstance(loaded, Failure):
            self._tell(loaded, place)
            if loaded.kind in (ProblemKind.MEMORY, ProblemKind.LIMIT):
                return None, False
            image.tile = []
            attempt(self.allowance, place, image.load_end)  # lays a TIFF upright and a GIF over what it had
            pixels = attempt(self.allowance, place, lambda: self._pixels(image))
            if isinstance(pixels, Failure) or not pixels.size or pixels.min() == pixels.max():
                return None, False  # nothing was decoded
            return pixels, False
        pixels = attempt(
            self.allowance, place, lambda: self._pixels(image) if deep is None else self._deep(image, number)
        )
        if isinstance(pixels, Failure):
            self._tell(pixels, place)
            return None, False
        return pixels, True

    def _pixels(self, image: ImageFile) -> Pixels:
        if isinstance(image, Tiff):
            return eight_bit(image, bits=image.bits, inverted=image.white_is_zero, unsigned=image.unsigned)
        return eight_bit(image)

    def _deep(self, image: ImageFile, number: int) -> Pixels:
        """Return the pixels of a loaded picture of several 16-bit samples a pixel."""
        again = _DECODERS[self.type](BytesIO(self.data))
        if number:
            again.seek(number)
        mode = deep_mode(again)
        if mode is None:
            return eight_bit(image)
        samples = deep_samples(image, again, mode)
        channels = samples.shape[2]
        key = image.info.get("transparency")
        model = "LA" if channels == 2 else image.mode
        pixels = eight_bit(Image.fromarray(scale(samples), model))
        if isinstance(key, tuple) and len(key) == channels:
            pixels = np.where((samples == key).all(axis=2, keepdims=True), np.uint8(255), pixels)
        return np.ascontiguousarray(pixels)

    def _turned(self, image: ImageFile, place: str) -> int:
        turned = attempt(self.allowance, place, lambda: orientation_of(image))
        if isinstance(turned, Failure):
            self.allowance.tell(ProblemKind.DAMAGED, place, f"its EXIF block is damaged: {turned.message}")
            return 1
        return turned

    def _seek(self, image: ImageFile, number: int) -> bool:
        """Go to frame ``number``; false at the end of the file."""

        def seek() -> bool:
            try:
                image.seek(number)
            except EOFError:
                return False
            return True

        moved = attempt(self.allowance, f"frame {number}", seek)
        if isinstance(moved, Failure):
            self._tell(moved, f"frame {number}")
            return False
        return moved

    def _look_for_end_mark(self) -> None:
        """Whether a GIF ends without one; Pillow has just looked for a frame after the last."""
        if self.type is MediaType.GIF:
            self.cut = self.source.tell() == len(self.data) and self.data[-1] != _GIF_TRAILER

    def _tell(self, failure: Failure, place: str) -> None:
        self.whole = False
        failure = failure.of_cut_file(cut=self.cut)
        self.allowance.tell(failure.kind, place, failure.sentence(self.type))


def _duration(image: ImageFile) -> float:
    """How long the current frame is shown, in milliseconds."""
    duration = image.info.get("duration", 0)
    return duration if isinstance(duration, int | float) else 0
