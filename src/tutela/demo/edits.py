"""What people and programs do to pictures, and which of it a perceptual hash is meant to survive.

`edits` is the whole list.  ``survivable`` was declared beforehand, from what PDQ's authors say of it (resizing,
recompression, tone, light filters, small marks), and is never changed after a result: the demo's recall counts those
edits.  The others are looked at too, in a table of their own, and nobody should expect them to be found.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Picture = Image.Image


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit.  ``apply(picture, rng, other)`` takes and returns RGB; ``other`` is an unrelated picture."""

    name: str
    what: str
    survivable: bool
    apply: Callable[[Picture, np.random.Generator, Picture], Picture]


def edits() -> tuple[Edit, ...]:
    """Return every edit, the survivable ones first."""
    survivable = {
        "resize-50": ("half the size", _scaled(0.5, 0.5)),
        "resize-75": ("three quarters of the size", _scaled(0.75, 0.75)),
        "resize-150": ("one and a half times the size", _scaled(1.5, 1.5)),
        "resize-200": ("twice the size", _scaled(2.0, 2.0)),
        "stretch-110": ("a tenth wider, the height kept", _scaled(1.1, 1.0)),
        "brighter": ("a fifth brighter", _enhanced(ImageEnhance.Brightness, 1.2)),
        "darker": ("a fifth darker", _enhanced(ImageEnhance.Brightness, 0.8)),
        "more-contrast": ("a quarter more contrast", _enhanced(ImageEnhance.Contrast, 1.25)),
        "less-contrast": ("a quarter less contrast", _enhanced(ImageEnhance.Contrast, 0.75)),
        "gamma-080": ("gamma 0.8", _toned(lambda v: v**0.8)),
        "gamma-125": ("gamma 1.25", _toned(lambda v: v**1.25)),
        "sharpened": ("unsharp mask, radius 2, 120 %", _filtered(ImageFilter.UnsharpMask(2, 120, 3))),
        "blurred": ("Gaussian blur, radius 1", _filtered(ImageFilter.GaussianBlur(1))),
        "noise": ("Gaussian noise, sigma 8 of 255", _noisy),
        "jpeg-q40": ("saved as JPEG of quality 40", _recompressed(40)),
        "jpeg-four-times": ("saved as JPEG of quality 85, 70, 60 and 75 in turn", _recompressed(85, 70, 60, 75)),
        "watermark": ("a small line of text in a corner", _watermark),
        "crop-1": ("1 % of each side cut off", _cropped(0.01)),
        "crop-2": ("2 % of each side cut off", _cropped(0.02)),
        "warm": ("a warm colour cast", _cast(1.08, 1.0, 0.92)),
        "cold": ("a cold colour cast", _cast(0.92, 1.0, 1.08)),
        "vivid": ("colours 40 % stronger", _enhanced(ImageEnhance.Color, 1.4)),
        "grey": ("colours taken out", lambda picture, _rng, _other: picture.convert("L").convert("RGB")),
    }
    hard = {
        "crop-5": ("5 % of each side cut off", _cropped(0.05)),
        "crop-10": ("10 % of each side cut off", _cropped(0.10)),
        "turned-2": ("turned by two degrees, corners black", _turned),
        "frame-5": ("a white frame, 5 % of each side", _framed),
        "caption": ("a bar with text below, 15 % of the height", _captioned),
        "sticker": ("a disc over a quarter of the width", _sticker),
        "side-by-side": ("beside an unrelated picture", _beside),
    }
    return tuple(
        Edit(name, what, group is survivable, apply)
        for group in (survivable, hard)
        for name, (what, apply) in group.items()
    )


Apply = Callable[[Picture, np.random.Generator, Picture], Picture]


def _scaled(across: float, down: float) -> Apply:
    def apply(picture: Picture, _rng: np.random.Generator, _other: Picture) -> Picture:
        size = (max(1, round(picture.width * across)), max(1, round(picture.height * down)))
        return picture.resize(size, Image.Resampling.BICUBIC)

    return apply


def _enhanced(enhancer: Callable[[Picture], ImageEnhance._Enhance], strength: float) -> Apply:
    return lambda picture, _rng, _other: enhancer(picture).enhance(strength)


def _toned(curve: Callable[[float], float]) -> Apply:
    table = [round(255 * min(1.0, curve(v / 255))) for v in range(256)]
    return lambda picture, _rng, _other: picture.point(table * 3)


def _cast(red: float, green: float, blue: float) -> Apply:
    table = [min(255, round(v * gain)) for gain in (red, green, blue) for v in range(256)]
    return lambda picture, _rng, _other: picture.point(table)


def _filtered(by: ImageFilter.Filter) -> Apply:
    return lambda picture, _rng, _other: picture.filter(by)


def _recompressed(*qualities: int) -> Apply:
    def apply(picture: Picture, _rng: np.random.Generator, _other: Picture) -> Picture:
        for quality in qualities:
            file = io.BytesIO()
            picture.save(file, "JPEG", quality=quality)
            picture = Image.open(file)
            picture.load()
        return picture

    return apply


def _noisy(picture: Picture, rng: np.random.Generator, _other: Picture) -> Picture:
    pixels = np.asarray(picture).astype(np.float32)
    noisy = pixels + rng.normal(0, 8, pixels.shape).astype(np.float32)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _cropped(share: float) -> Apply:
    def apply(picture: Picture, _rng: np.random.Generator, _other: Picture) -> Picture:
        across, down = round(picture.width * share), round(picture.height * share)
        return picture.crop((across, down, picture.width - across, picture.height - down))

    return apply


def _watermark(picture: Picture, rng: np.random.Generator, _other: Picture) -> Picture:
    marked = picture.copy()
    height = max(8, picture.height // 30)
    left = round(picture.width * (0.03 if rng.random() < 0.5 else 0.72))
    top = picture.height - round(1.6 * height)
    font = ImageFont.load_default(height)
    ImageDraw.Draw(marked).text((left, top), "example.org", font=font, fill="white", stroke_width=1, stroke_fill="grey")
    return marked


def _turned(picture: Picture, _rng: np.random.Generator, _other: Picture) -> Picture:
    return picture.rotate(2, Image.Resampling.BICUBIC)


def _framed(picture: Picture, _rng: np.random.Generator, _other: Picture) -> Picture:
    return ImageOps.expand(picture, (round(picture.width * 0.05), round(picture.height * 0.05)), "white")


def _captioned(picture: Picture, _rng: np.random.Generator, _other: Picture) -> Picture:
    bar = round(picture.height * 0.15)
    whole = Image.new("RGB", (picture.width, picture.height + bar), "black")
    whole.paste(picture, (0, 0))
    font = ImageFont.load_default(bar * 0.6)
    ImageDraw.Draw(whole).text((bar // 4, picture.height + bar // 8), "a caption", font=font, fill="white")
    return whole


def _sticker(picture: Picture, rng: np.random.Generator, _other: Picture) -> Picture:
    covered = picture.copy()
    side = picture.width // 4
    left = int(rng.integers(0, picture.width - side))
    top = int(rng.integers(0, max(1, picture.height - side)))
    ImageDraw.Draw(covered).ellipse((left, top, left + side, top + side), fill=(250, 210, 40), outline="black", width=3)
    return covered


def _beside(picture: Picture, _rng: np.random.Generator, other: Picture) -> Picture:
    whole = Image.new("RGB", (picture.width * 2, picture.height))
    whole.paste(picture, (0, 0))
    whole.paste(ImageOps.fit(other, picture.size), (picture.width, 0))
    return whole
