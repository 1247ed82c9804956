"""Source pictures of the sheet makers: what may be shown in a cell, cut out as a negative, or neither.

`sources.csv` (beside this file) was written after looking at every picture of the corpus: photo (a single picture),
art (cut-outs and plain graphics), dark (astronomy), lines (drawings on black), pattern (regular texture: a hard
negative, never a cell). Composites, screenshots and panel figures are in no row and are not used. The split is by the
picture's key, so that all sizes and variants of one picture fall on one side.
"""

import csv
import hashlib
import io
import random
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
DEMO = HERE.parents[1] / "src" / "tutela" / "demo" / "pictures"
LONG_SIDE = 800  # pixels of a source in memory
TILES = 5  # native-resolution parts kept of a large picture, so that crops of it are as sharp as the original
USES = ("photo", "art", "dark", "lines", "pattern")


class Source:
    """One picture, or a native-resolution part of one, held as JPEG bytes and decoded on demand.

    path: as in the source list; use: see `USES`; scale: pixels of the file per pixel held; left, top: where the held
    part begins in the file; width, height: pixels held.
    """

    def __init__(self, path: str, use: str, image: Image.Image, scale: float, corner: tuple[int, int]) -> None:
        self.path, self.use, self.scale = path, use, scale
        self.left, self.top = corner
        self.width, self.height = image.size
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=93, subsampling=0)
        self.data = buffer.getvalue()

    def at_least(self, width: float, height: float) -> Image.Image:
        """Return the picture decoded at the smallest power-of-two reduction of at least `width` x `height` pixels."""
        step = 1
        while step < 8 and self.width >= 2 * step * width and self.height >= 2 * step * height:
            step *= 2
        return _decode(self, step)

    def shown(self, box: tuple[float, float, float, float], size: tuple[int, int]) -> Image.Image:
        """Return the part `box` (left, top, right, bottom; shares of the whole, 0-1) resampled to `size`."""
        left, top, right, bottom = box
        held = self.at_least(size[0] / (right - left), size[1] / (bottom - top))
        pixels = (left * held.width, top * held.height, right * held.width, bottom * held.height)
        return held.resize(size, Image.Resampling.BICUBIC, box=pixels)

    def in_file(self, box: tuple[float, float, float, float]) -> list[float]:
        """`box` in pixels of the file: left, top, right, bottom."""
        left, top, right, bottom = box
        return [
            round(self.left + left * self.width * self.scale, 1),
            round(self.top + top * self.height * self.scale, 1),
            round(self.left + right * self.width * self.scale, 1),
            round(self.top + bottom * self.height * self.scale, 1),
        ]


@lru_cache(maxsize=700)
def _decode(source: Source, step: int) -> Image.Image:
    image = Image.open(io.BytesIO(source.data))
    if step > 1:
        image.draft("RGB", (source.width // step, source.height // step))
    return image.convert("RGB")


def key(path: str) -> str:
    """Return what all sizes and variants of one picture have in common: its wallpaper's or its file's name."""
    part = re.search(r"/wallpapers/([^/]+)/", path)
    name = part.group(1) if part else re.sub(r"([-_](l|d|\d+x\d+|no-logo))+$", "", Path(path).stem, flags=re.IGNORECASE)
    return "taj" if "taj" in name else re.sub(r"(left|right|_l|_r|\d+)$", "", name.lower())


def of_split(path: str, split: str) -> bool:
    """Whether a picture belongs to `split` ("train": 70 %, "report": 30 %, "all"), by a hash of its key."""
    part = int.from_bytes(hashlib.sha256(key(path).encode()).digest()[:4], "big") % 100
    return split == "all" or (part < 70) == (split == "train")


def listed(folder: Path, split: str) -> list[tuple[str, str, Path]]:
    """(path, use, file) of every listed picture of the corpus in `folder` and of the demo pictures, of one split."""
    rows = [(r["path"], r["use"], folder / r["path"]) for r in csv.DictReader((HERE / "sources.csv").open())]
    rows += [(f"demo/{file.name}", "photo", file) for file in sorted(DEMO.glob("*.jpg"))]
    return [row for row in rows if of_split(row[0], split) and row[2].exists()]


def flattened(image: Image.Image) -> Image.Image:
    """Three channels; what is transparent stands on a grey that depends on the picture's size only."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        grey = 60 + (image.width * 7 + image.height * 13) % 180
        ground = Image.new("RGBA", image.size, (grey, grey, 255 - grey // 2, 255))
        return Image.alpha_composite(ground, image).convert("RGB")
    return image.convert("RGB")


def _of_file(path: str, use: str, file: Path, rng: random.Random) -> list[Source]:
    image = Image.open(file)
    wide = image.width
    image.draft("RGB", (2400, 2400))
    original = flattened(image)
    scale = wide / original.width
    small = original.copy()
    small.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    found = [Source(path, use, small, scale * original.width / small.width, (0, 0))]
    if min(original.size) < 1000 or use != "photo":
        return found
    for _ in range(TILES):
        width = rng.randint(500, LONG_SIDE)
        height = rng.randint(400, 700)
        x, y = rng.randint(0, original.width - width), rng.randint(0, original.height - height)
        part = original.crop((x, y, x + width, y + height))
        if sum(part.convert("L").reduce(8).histogram()[k] > 0 for k in range(256)) > 60:  # plain sky makes poor cells
            found.append(Source(path, use, part, scale, (round(x * scale), round(y * scale))))
    return found


def load_sources(folder: Path, split: str, uses: Iterable[str] = USES, seed: int = 1) -> list[Source]:
    """Every usable picture of a split as sources of at most 800 pixels, large photographs with some parts.

    Raises FileNotFoundError when nothing is found.
    """
    rng, found, wanted = random.Random(seed), [], set(uses)
    for path, use, file in listed(folder, split):
        if use in wanted:
            found += _of_file(path, use, file, rng)
    if not found:
        raise FileNotFoundError(f"No source pictures under {folder}; run tools/fetch_corpus.py first.")
    return found
