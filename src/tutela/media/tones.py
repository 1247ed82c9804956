"""Samples of every depth, colour model and transparency to 8-bit grey or RGB.  The rules are in `tutela.media`."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from tutela.model import Pixels

_SIXTEEN = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_TRANSPARENT = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_WHITE = 255


def eight_bit(image: Image.Image, *, bits: int = 16, inverted: bool = False, unsigned: bool = False) -> Pixels:
    """Return the pixels of a loaded picture: uint8 [h, w] if it is grey, else [h, w, 3]; C-contiguous.

    ``bits`` says how many bits of a 16-bit sample are used (12 for some TIFFs), ``inverted`` that 0 is white in a mode
    where Pillow does not turn it round itself, ``unsigned`` that 32-bit samples have no sign, which Pillow forgets.
    """
    mode = image.mode
    if mode in _SIXTEEN:
        pixels = _sixteen(image, bits, inverted=inverted)
    elif mode in ("I", "F"):
        samples = np.asarray(image)
        pixels = stretch(samples.view(np.uint32) if unsigned and mode == "I" else samples)
        pixels = _WHITE - pixels if inverted else pixels
    elif mode in _TRANSPARENT or "transparency" in image.info:
        pixels = _over_white(image)
    elif mode in ("L", "RGB"):
        pixels = _pixels(image)
    elif mode == "LAB":
        pixels = _pixels(_from_lab(image))
    else:
        pixels = _pixels(image.convert("L" if mode == "1" else "RGB"))
    return pixels


def scale(samples: npt.NDArray[np.uint16], bits: int = 16) -> Pixels:
    """16-bit (or ``bits``-bit) samples to 8 bits: v * 255 / (2^bits - 1), rounded."""
    return _scale_table(bits)[samples]


@cache
def _scale_table(bits: int) -> Pixels:
    top = (1 << bits) - 1
    values = np.minimum(np.arange(65536, dtype=np.uint64), top)
    return ((values * 510 + top) // (2 * top)).astype(np.uint8)


def stretch(values: npt.NDArray[np.generic]) -> Pixels:
    """Float and 32-bit samples, whose range no header tells, to 8 bits.

    All within 0 to 1 (floats only): times 255.  All within 0 to 255: as they are.  All within 0 to 65535: as 16-bit
    ones.  Anything else: from its least to its greatest value.  What is not a number is black.
    """
    with np.errstate(invalid="ignore"):  # some bit patterns that are no numbers complain when they are copied
        real = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = (float(real.min()), float(real.max())) if real.size else (0.0, 0.0)
    if low < 0 or high > 65535:
        real, factor = real - low, 255.0 / (high - low) if high > low else 0.0
    elif high <= 1 and np.issubdtype(values.dtype, np.floating):
        factor = 255.0
    else:
        factor = 1.0 if high <= 255 else 255.0 / 65535.0
    return np.clip(np.rint(real * factor), 0, 255).astype(np.uint8)


def _pixels(image: Image.Image) -> Pixels:
    return np.ascontiguousarray(np.asarray(image, dtype=np.uint8))


def _sixteen(image: Image.Image, bits: int, *, inverted: bool) -> Pixels:
    samples = np.asarray(image).astype(np.uint16, copy=False)
    pixels = scale(samples, bits)
    if inverted:
        pixels = _WHITE - pixels
    key = image.info.get("transparency")
    if isinstance(key, int):
        pixels = np.where(samples == key, np.uint8(_WHITE), pixels)
    return np.ascontiguousarray(pixels)


def _over_white(image: Image.Image) -> Pixels:
    """Straight alpha over white, in 8 bits, rounded: c * a / 255 + 255 - a.

    A picture that is transparent everywhere is taken as opaque: some BMP and TIFF writers leave the fourth byte 0.
    """
    grey = image.mode in ("L", "LA", "La", "1")
    model = "L" if grey else "RGB"
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    with_alpha = image if image.mode == model + "A" else image.convert("RGBA")
    alpha = with_alpha.getchannel("A")
    colours = with_alpha.convert(model)
    if alpha.getextrema() in ((_WHITE, _WHITE), (0, 0)):
        return _pixels(colours)
    background = Image.new(model, image.size, _WHITE if grey else (_WHITE,) * 3)
    background.paste(colours, mask=alpha)
    return _pixels(background)


def _from_lab(image: Image.Image) -> Image.Image:
    """CIELAB to sRGB by littlecms; the one colour model that is nothing without a white point (D50 here)."""
    turned = ImageCms.applyTransform(image, _lab_to_srgb())
    if turned is None:
        raise ValueError("the LAB picture could not be converted")
    return turned


@cache
def _lab_to_srgb() -> ImageCms.ImageCmsTransform:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
