"""Made-up videos for `sheets_of_videos`: shots that pan and zoom over parts of the corpus's pictures, as arrays.

Nothing is encoded: a frame is drawn at whatever moment and size it is asked for.  No part of a picture is in two
videos, and the pictures of listed and of other videos are different ones.
"""

from __future__ import annotations

import csv
import hashlib
import random
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from tutela import _kernel

ROOT = Path(__file__).resolve().parent.parent
#: Seconds of a shot, shots of a video.
SHOT = (2.0, 8.0)
SHOTS = (8, 16)
#: The side of a part, in pixels of its picture; and the width at which it is held.
PART = 170
HELD = 480
#: The size at which listed frames are hashed.
WIDTH = 320

Grey = npt.NDArray[np.uint8]
Box = tuple[float, float, float]


@dataclass(frozen=True)
class Shot:
    """A part of a picture, from one box to another (left, upper, size as shares of it) in so many seconds."""

    picture: Image.Image
    seconds: float
    first: Box
    last: Box


@dataclass(frozen=True)
class Video:
    """Shots after each other; ``wide`` is width over height."""

    shots: tuple[Shot, ...]
    wide: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return sum(shot.seconds for shot in self.shots)

    def frame(self, moment: float, width: int) -> Grey:
        """Return the picture at a moment, grey, so many pixels wide."""
        for shot in self.shots:
            if moment < shot.seconds or shot is self.shots[-1]:
                break
            moment -= shot.seconds
        part = min(1.0, moment / shot.seconds)
        left, upper, size = (a + (b - a) * part for a, b in zip(shot.first, shot.last, strict=True))
        across, down = shot.picture.size
        box = (left * across, upper * down, (left + size) * across, (upper + size) * down)
        height = round(width / self.wide)
        return np.asarray(shot.picture.resize((width, height), Image.Resampling.BILINEAR, box=box))

    def track(self, rate: float) -> tuple[npt.NDArray[np.float64], Grey, npt.NDArray[np.int64]]:
        """Return times, PDQ values uint8 [n, 32] and qualities of frames so many a second."""
        times = np.arange(0.0, self.seconds, 1 / rate)
        hashed = [_kernel.pdq_grey(np.ascontiguousarray(self.frame(float(time), WIDTH))) for time in times]
        values = np.frombuffer(b"".join(value for value, _, _ in hashed), np.uint8).reshape(-1, 32)
        return times, values, np.array([quality for _, quality, _ in hashed], np.int64)


def videos(count: int, seed: int, *, listed: bool, uses: tuple[str, ...] = ("photo", "art", "dark")) -> list[Video]:
    """Return so many videos, or fewer where the pictures have no more parts."""
    chance = random.Random(seed)
    made: list[Video] = []
    parts = _parts(listed, uses, chance)
    for _ in range(count):
        wide = chance.choice((4 / 3, 16 / 9))
        shots = []
        for part, _ in zip(parts, range(chance.randint(*SHOTS)), strict=False):
            held = part.resize((HELD, round(HELD / wide)), Image.Resampling.LANCZOS, box=_cut(part, wide))
            shots.append(Shot(held, chance.uniform(*SHOT), _box(chance), _box(chance)))
        if len(shots) < SHOTS[0]:
            break
        made.append(Video(tuple(shots), wide))
    return made


def _cut(part: Image.Image, wide: float) -> tuple[float, float, float, float]:
    width = min(part.width, part.height * wide)
    height = min(part.height, part.width / wide)
    left, upper = (part.width - width) / 2, (part.height - height) / 2
    return left, upper, left + width, upper + height


def _box(chance: random.Random) -> Box:
    size = chance.uniform(0.6, 0.95)
    return chance.uniform(0, 1 - size), chance.uniform(0, 1 - size), size


def _parts(listed: bool, uses: tuple[str, ...], chance: random.Random) -> Iterator[Image.Image]:
    """Yield parts of pictures: one of every picture, then another of every one, until there are no more."""
    with (ROOT / "tools" / "sheets" / "sources.csv").open(encoding="utf-8", newline="") as rows:
        paths = [ROOT / "corpus" / row["path"] for row in csv.DictReader(rows) if row["use"] in uses]
    paths = [path for path in paths if path.exists() and _is_listed(path) is listed]
    chance.shuffle(paths)
    turns = [_tiles(path, chance) for path in paths]
    while any(turns):
        for tiles in turns:
            if tiles:
                yield tiles.pop()


def _tiles(path: Path, chance: random.Random) -> list[Image.Image]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # large pictures, palettes: the corpus is as it is
        with Image.open(path) as opened:
            opened.draft("L", (2000, 2000))
            grey = opened.convert("RGBA" if opened.mode in {"P", "PA", "LA", "RGBA"} else "L")
    if grey.mode == "RGBA":
        grey = Image.alpha_composite(Image.new("RGBA", grey.size, (255, 255, 255, 255)), grey).convert("L")
    across, down = max(1, min(12, grey.width // PART)), max(1, min(12, grey.height // PART))
    wide, high = grey.width // across, grey.height // down
    boxes = [(x * wide, y * high, (x + 1) * wide, (y + 1) * high) for y in range(down) for x in range(across)]
    tiles = [grey.crop(box) for box in boxes]
    kept = [tile for tile in tiles if min(tile.size) >= PART * 2 // 3 and np.asarray(tile).std() > 12]
    chance.shuffle(kept)
    return kept


def _is_listed(path: Path) -> bool:
    part = re.search(r"/wallpapers/([^/]+)/", str(path))
    name = part.group(1) if part else re.sub(r"([-_](l|d|\d+x\d+|no-logo))+$", "", path.stem, flags=re.IGNORECASE)
    name = re.sub(r"(left|right|_l|_r|\d+)$", "", name.lower())
    return hashlib.sha256(name.encode()).digest()[0] % 5 < 3
