"""Small pictures, made from a seed."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image


def pixels(seed: int, height: int = 96, width: int = 128) -> np.ndarray:
    """A smooth picture, uint8 [height, width, 3]: enough for a hash of full quality."""
    few = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return np.asarray(Image.fromarray(few).resize((width, height), Image.Resampling.BICUBIC))


def jpeg(seed: int, *, quality: int = 90, height: int = 96, width: int = 128) -> bytes:
    return _saved(pixels(seed, height, width), "JPEG", quality=quality)


def png(seed: int) -> bytes:
    return _saved(pixels(seed), "PNG")


def gif(seeds: list[int]) -> bytes:
    first, *others = [Image.fromarray(pixels(seed)) for seed in seeds]
    target = BytesIO()
    first.save(target, "GIF", save_all=True, append_images=others, duration=100)
    return target.getvalue()


def _saved(array: np.ndarray, kind: str, **options: int) -> bytes:
    target = BytesIO()
    Image.fromarray(array).save(target, kind, **options)
    return target.getvalue()
