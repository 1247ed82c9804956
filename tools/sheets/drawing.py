"""Grounds, text and decoration that made sheets and pages share."""

import colorsys
import random
import string
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from sources import Source

Colour = tuple[int, int, int]
FONTS = (
    *sorted(Path("/usr/share/fonts/truetype/dejavu").glob("*.ttf")),
    *sorted(Path("/usr/share/fonts/truetype/liberation").glob("*.ttf")),
)
WORDS = tuple(
    word
    for line in (
        "frame picture holiday river garden market summer notes length size video audio codec resolution duration file",
        "north bridge station winter church museum of the and in to a with on at from by for open close view edit help",
    )
    for word in line.split()
)


@lru_cache(maxsize=200)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)


def font(rng: random.Random, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Any installed face at `size` pixels; Pillow's own where none is installed."""
    return _font(str(rng.choice(FONTS)) if FONTS else "", size)


def phrase(rng: random.Random, words: int) -> str:
    """Return some words that mean nothing."""
    return " ".join(rng.choice(WORDS) for _ in range(words))


def clock(rng: random.Random, seconds: float) -> str:
    """Return a time stamp as players write it."""
    hours, minutes, rest = int(seconds // 3600), int(seconds // 60 % 60), seconds % 60
    if rng.random() < 0.3:
        return f"{hours:02d}:{minutes:02d}:{rest:06.3f}"
    return f"{hours:02d}:{minutes:02d}:{int(rest):02d}"


def file_name(rng: random.Random) -> str:
    """Return a made-up file name."""
    stem = rng.choice(("IMG_", "DSC", "VID_", "clip", "")) + "".join(rng.choices(string.digits, k=rng.randint(3, 8)))
    return stem + rng.choice((".jpg", ".mp4", ".avi", ".png", ".mkv", ""))


def colour(rng: random.Random) -> Colour:
    """Return a ground's colour: white, black and greys first, any other as well."""
    pick = rng.random()
    if pick < 0.28:
        return (255, 255, 255)
    if pick < 0.52:
        return (0, 0, 0)
    if pick < 0.72:
        grey = rng.randint(8, 250)
        return (grey, grey, grey)
    red, green, blue = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.1, 1), rng.uniform(0.1, 1))
    return (int(red * 255), int(green * 255), int(blue * 255))


def contrast(ground: Colour) -> Colour:
    """Black or white, whichever is read more easily on `ground`."""
    return (0, 0, 0) if sum(ground) > 382 else (255, 255, 255)


def gradient(rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """Return a straight run between two colours."""
    ends = np.array([[colour(rng), colour(rng)], [colour(rng), colour(rng)]], np.uint8)
    if rng.random() < 0.7:
        ends[1] = ends[0]
    if rng.random() < 0.5:
        ends = ends.transpose(1, 0, 2).copy()
    # box: from the middle of the corner pixels, so that the run covers the whole area
    return Image.fromarray(ends).resize(size, Image.Resampling.BILINEAR, box=(0.5, 0.5, 1.5, 1.5))


def texture(rng: random.Random, size: tuple[int, int], sources: list[Source]) -> Image.Image:
    """Noise, a blurred photograph, a repeated patch of one, or stripes."""
    pick = rng.random()
    if pick < 0.3:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(4, 30), (size[1], size[0], 1))
        return Image.fromarray(np.clip(np.array(colour(rng)) + noise, 0, 255).astype(np.uint8))
    source = rng.choice(sources)
    if pick < 0.6:
        small = source.shown((0, 0, 1, 1), (max(2, size[0] // 4), max(2, size[1] // 4)))
        return small.filter(ImageFilter.GaussianBlur(rng.uniform(1, 12))).resize(size)
    if pick < 0.85:
        side = rng.randint(16, 128)
        patch = source.shown((0.3, 0.3, 0.6, 0.6), (side, side))
    else:
        side = rng.randint(4, 24)
        patch = Image.new("RGB", (side, side), colour(rng))
        ImageDraw.Draw(patch).rectangle((0, 0, side // 2, side if rng.random() < 0.5 else side // 2), fill=colour(rng))
    return tiled(patch, size)


def tiled(patch: Image.Image, size: tuple[int, int]) -> Image.Image:
    """`patch` repeated over an area."""
    across, down = -(-size[0] // patch.width), -(-size[1] // patch.height)
    pixels = np.tile(np.asarray(patch), (down, across, 1))
    return Image.fromarray(pixels[: size[1], : size[0]].copy())


def ground(
    rng: random.Random, size: tuple[int, int], sources: list[Source], kind: str
) -> tuple[Image.Image, Colour | None]:
    """Return the sheet before its cells; its colour where it has one. kind: plain, gradient or texture."""
    if kind == "gradient":
        return gradient(rng, size), None
    if kind == "texture":
        return texture(rng, size, sources), None
    plain = colour(rng)
    return Image.new("RGB", size, plain), plain


@lru_cache(maxsize=64)
def rounded_mask(size: tuple[int, int], radius: int) -> Image.Image:
    """Opaque inside a rectangle with round corners."""
    mask = Image.new("L", (size[0] * 2, size[1] * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] * 2 - 1, size[1] * 2 - 1), radius * 2, fill=255)
    return mask.resize(size, Image.Resampling.BOX)


def shadow(sheet: Image.Image, boxes: list[tuple[int, int, int, int]], offset: int, blur: float) -> Image.Image:
    """`sheet` darkened behind (x, y, width, height) boxes, for all boxes at once."""
    scale = 2 if blur >= 3 else 1
    small = (max(1, sheet.width // scale), max(1, sheet.height // scale))
    mask = Image.new("L", small, 0)
    draw = ImageDraw.Draw(mask)
    for x, y, width, height in boxes:
        draw.rectangle(
            [v // scale for v in (x + offset, y + offset, x + width + offset, y + height + offset)], fill=150
        )
    mask = mask.filter(ImageFilter.GaussianBlur(blur / scale)).resize(sheet.size)
    return ImageChops.multiply(sheet, Image.merge("RGB", [ImageChops.invert(mask)] * 3))
