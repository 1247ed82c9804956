"""Real pictures and real PDQ codes for the benchmarks: from the corpus (`make corpus`) where it is there, else from the
demo's.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from tutela import _kernel

ROOT = Path(__file__).resolve().parent.parent
Pixels = npt.NDArray[np.uint8]


@lru_cache(maxsize=1)
def photographs() -> tuple[list[Path], str]:
    """Return paths of photographs and a word on where they are from."""
    demo = sorted((ROOT / "src" / "tutela" / "demo" / "pictures").glob("*.jpg"))
    large = [path for path in sorted((ROOT / "corpus").rglob("*.jpg")) if path.stat().st_size > 400_000]
    return (
        (large, "the corpus's larger JPEG pictures") if len(large) >= 20 else (demo, "the demo's photographs, enlarged")
    )


def pixels_of(path: Path, width: int, height: int) -> Pixels:
    """Return a picture as RGB [height, width, 3], cut to the shape and scaled."""
    with Image.open(path) as picture:
        picture.draft("RGB", (width, height))
        rgb = picture.convert("RGB")
    wide = min(rgb.width, rgb.height * width // height)
    high = min(rgb.height, rgb.width * height // width)
    left, top = (rgb.width - wide) // 2, (rgb.height - high) // 2
    return np.asarray(rgb.resize((width, height), Image.Resampling.LANCZOS, box=(left, top, left + wide, top + high)))


def jpegs(count: int, width: int, height: int, quality: int = 85) -> tuple[list[bytes], str]:
    """Return JPEG files of real content, 4:2:0, of one size."""
    paths, origin = photographs()
    made = []
    for number in range(count):
        buffer = io.BytesIO()
        picture = Image.fromarray(pixels_of(paths[number * 7 % len(paths)], width, height))
        picture.save(buffer, "JPEG", quality=quality)
        made.append(buffer.getvalue())
    return made, origin


def as_found(least: float, most: float) -> list[bytes]:
    """Return the corpus's JPEG files of so many megapixels, untouched; none without a corpus."""
    found = []
    for path in sorted((ROOT / "corpus").rglob("*.jpg")):
        try:
            with Image.open(path) as picture:
                megapixels = picture.width * picture.height / 1e6
        except OSError:  # a name that promises too much
            continue
        if least <= megapixels <= most:
            found.append(path.read_bytes())
    return found


@lru_cache(maxsize=1)
def real_hashes(count: int) -> tuple[npt.NDArray[np.uint8], str]:
    """Return distinct PDQ codes of random crops of real pictures, uint8 [count, 32], of quality 50 or more."""
    random = np.random.default_rng(5)
    paths, origin = photographs()
    found: set[bytes] = set()
    loaded = [pixels_of(path, 1600, 1200) for path in paths[:: max(1, len(paths) // 60)][:60]]
    while len(found) < count:
        whole = loaded[int(random.integers(len(loaded)))]
        high, wide = (int(side * random.uniform(0.15, 0.5)) for side in whole.shape[:2])
        top, left = (
            int(random.integers(0, side - own)) for side, own in zip(whole.shape[:2], (high, wide), strict=True)
        )
        value, quality, _ = _kernel.pdq_rgb(np.ascontiguousarray(whole[top : top + high, left : left + wide]))
        if quality >= 50:
            found.add(value)
    return np.frombuffer(b"".join(sorted(found)[:count]), np.uint8).reshape(-1, 32), f"random crops of {origin}"
