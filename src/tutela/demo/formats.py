"""The file formats that the demo writes, each in the variants in which pictures are met in the wild.

`formats` is the whole list.  A format takes an RGB picture and returns a file's bytes; `Format.shown` gives the pixels
that the file is meant to show, as RGB, which is what a hash of it has to be compared with: a palette format cannot show
more than its palette.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from PIL import Image, ImageOps

from tutela.demo.deep_samples import png_16, tiff_16
from tutela.model import MediaType

Picture = Image.Image
Save = Callable[[Picture, Sequence[Picture]], bytes]


def _same(picture: Picture) -> Picture:
    return picture


@dataclass(frozen=True, slots=True)
class Format:
    """One variant of a file format.

    ``save(picture, others)`` returns the file; ``others`` are two different pictures, for the other frames of an
    animation or the other pages of a document.  ``frame`` is the number of the frame that shows the picture.
    ``faithful``: lossless, or lossy of quality 85 and more.  ``apart``: what it shows is so far from the picture that
    its results are told apart.  ``needs`` names a module without which it cannot be written.
    """

    name: str
    suffix: str
    media_type: MediaType
    save: Save
    shown: Callable[[Picture], Picture] = _same
    frame: int = 0
    faithful: bool = True
    apart: bool = False
    needs: str | None = None

    @property
    def kind(self) -> str:
        """What it is told as: the seven EXIF orientations are one kind."""
        return "jpeg-exif-turned" if self.name.startswith("jpeg-exif-") else self.name

    @property
    def available(self) -> bool:
        """Whether this format can be written here."""
        return self.needs is None or find_spec(self.needs) is not None


def formats() -> tuple[Format, ...]:
    """Return every format, whether it can be written here or not."""
    return (*_jpeg(), *_png(), *_gif_and_webp(), *_tiff_and_bmp(), *_heif())


def _jpeg() -> Iterator[Format]:
    for quality in (95, 85, 75, 60):
        yield _pillow(f"jpeg-q{quality}", ".jpg", MediaType.JPEG, faithful=quality >= 85, quality=quality)
    yield _pillow("jpeg-progressive", ".jpg", MediaType.JPEG, quality=85, progressive=True)
    yield _pillow("jpeg-444", ".jpg", MediaType.JPEG, quality=90, subsampling="4:4:4")
    yield _pillow("jpeg-grey", ".jpg", MediaType.JPEG, mode="L", shown=_grey, quality=85)
    # Without black generation, so that the CMYK picture shows the very colours of the RGB one.
    yield _pillow("jpeg-cmyk", ".jpg", MediaType.JPEG, mode="CMYK", quality=90)
    for orientation in range(2, 9):
        yield Format(f"jpeg-exif-{orientation}", ".jpg", MediaType.JPEG, _turned_jpeg(orientation))


def _png() -> Iterator[Format]:
    png = MediaType.PNG
    yield _pillow("png-rgb", ".png", png)
    yield _pillow("png-named-jpg", ".jpg", png, kind="PNG")
    yield _pillow("png-grey", ".png", png, mode="L", shown=_grey)
    yield Format("png-alpha", ".png", png, _saved("PNG", _with_clear_corner), _clear_corner_over_white)
    yield Format("png-palette", ".png", png, _saved("PNG", _palette), _palette_shown)
    yield Format("png-1-bit", ".png", png, _saved("PNG", _one_bit), _one_bit_shown, apart=True)
    yield Format("png-16-bit-rgb", ".png", png, lambda picture, _: png_16(_deep(picture)))
    yield Format("png-16-bit-grey", ".png", png, lambda picture, _: png_16(_deep(picture.convert("L"))), _grey)


def _gif_and_webp() -> Iterator[Format]:
    yield Format("gif", ".gif", MediaType.GIF, _saved("GIF", _palette), _palette_shown)
    yield Format("gif-animated", ".gif", MediaType.GIF, _animated("GIF", _palette), _palette_shown, frame=1)
    yield _pillow("webp-q80", ".webp", MediaType.WEBP, faithful=False, quality=80)
    yield _pillow("webp-lossless", ".webp", MediaType.WEBP, lossless=True)
    webp = _animated("WEBP", _same, quality=80)
    yield Format("webp-animated", ".webp", MediaType.WEBP, webp, frame=1, faithful=False)


def _tiff_and_bmp() -> Iterator[Format]:
    tiff = MediaType.TIFF
    yield _pillow("tiff-lzw", ".tif", tiff, compression="tiff_lzw")
    yield _pillow("tiff-cmyk", ".tif", tiff, mode="CMYK")
    yield Format("tiff-pages", ".tif", tiff, _pages, frame=1)
    yield Format("tiff-16-bit-rgb", ".tif", tiff, lambda picture, _: tiff_16(_deep(picture)))
    yield Format("tiff-16-bit-grey", ".tif", tiff, lambda picture, _: tiff_16(_deep(picture.convert("L"))), _grey)
    yield _pillow("bmp", ".bmp", MediaType.BMP)
    yield Format("bmp-palette", ".bmp", MediaType.BMP, _saved("BMP", _palette), _palette_shown)


def _heif() -> Iterator[Format]:
    yield Format("heic-q80", ".heic", MediaType.HEIC, _heic, faithful=False, needs="pillow_heif")
    yield _pillow("avif-q80", ".avif", MediaType.AVIF, faithful=False, quality=80, speed=8)


def _pillow(
    name: str,
    suffix: str,
    media_type: MediaType,
    *,
    mode: str = "RGB",
    kind: str | None = None,
    shown: Callable[[Picture], Picture] = _same,
    faithful: bool = True,
    **options: object,
) -> Format:
    written = kind or media_type.value.partition("/")[2].upper()
    save = _saved(written, lambda picture: picture.convert(mode), **options)
    return Format(name, suffix, media_type, save, shown, faithful=faithful)


def _saved(kind: str, prepare: Callable[[Picture], Picture], **options: object) -> Save:
    def save(picture: Picture, others: Sequence[Picture]) -> bytes:
        del others
        return _bytes(prepare(picture), kind, **options)

    return save


def _animated(kind: str, prepare: Callable[[Picture], Picture], **options: object) -> Save:
    def save(picture: Picture, others: Sequence[Picture]) -> bytes:
        before, after = (prepare(ImageOps.fit(other, picture.size)) for other in others[:2])
        more = [prepare(picture), after]
        return _bytes(before, kind, save_all=True, append_images=more, duration=400, loop=0, **options)

    return save


def _pages(picture: Picture, others: Sequence[Picture]) -> bytes:
    return _bytes(others[0], "TIFF", save_all=True, append_images=[picture, others[1]], compression="tiff_deflate")


def _turned_jpeg(orientation: int) -> Save:
    """Store the pixels so that the EXIF orientation lays them upright again."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]

    def save(picture: Picture, others: Sequence[Picture]) -> bytes:
        del others
        exif = Image.Exif()
        exif[0x0112] = orientation
        return _bytes(picture.transpose(undo), "JPEG", quality=90, exif=exif)

    return save


def _heic(picture: Picture, others: Sequence[Picture]) -> bytes:
    del others
    # Only the optional extra "demo" has an encoder of HEIC, so this import cannot stand above.
    from pillow_heif import from_pillow  # noqa: PLC0415 - as said above

    target = io.BytesIO()
    from_pillow(picture).save(target, quality=80)
    return target.getvalue()


def _bytes(picture: Picture, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, format=kind, **options)
    return target.getvalue()


def _grey(picture: Picture) -> Picture:
    return picture.convert("L").convert("RGB")


def _palette(picture: Picture) -> Picture:
    return picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _palette_shown(picture: Picture) -> Picture:
    return _palette(picture).convert("RGB")


def _one_bit(picture: Picture) -> Picture:
    return picture.convert("1")


def _one_bit_shown(picture: Picture) -> Picture:
    return _one_bit(picture).convert("RGB")


def _with_clear_corner(picture: Picture) -> Picture:
    """Return the picture with a corner of a sixteenth of each side that fades to nothing."""
    width, height = picture.size
    alpha = np.full((height, width), 255, np.uint8)
    down, across = max(1, height // 16), max(1, width // 16)
    alpha[:down, :across] = np.linspace(0, 255, across, dtype=np.uint8)[None, :]
    clear = picture.convert("RGBA")
    clear.putalpha(Image.fromarray(alpha))
    return clear


def _clear_corner_over_white(picture: Picture) -> Picture:
    white = Image.new("RGBA", picture.size, "white")
    white.alpha_composite(_with_clear_corner(picture))
    return white.convert("RGB")


def _deep(picture: Picture) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """Scale 8-bit samples to the full 16 bits: v * 65535 / 255 = v * 257."""
    return np.asarray(picture).astype(np.uint16) * np.uint16(257)
