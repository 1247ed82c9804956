"""How long the look for a contact sheet takes: one thread, pictures of 1280x960 that are decoded already.

    python bench/sheet_times.py FOLDER [--pictures 300]

The folder holds sheets of `tools/sheets/generator.py`; those of about that many pixels are scaled to that size.  What
is no sheet are the corpus's larger photographs (`make corpus`), cut to it.  Each picture's time is the middle one of
three.  Working memory is kept from picture to picture, as in the workers of `tutela match` and the server.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from pictures import Pixels, photographs, pixels_of
from tutela.grids import separate

WIDTH, HEIGHT = 1280, 960
#: As workers have it: what one picture's working memory took is kept for the next one's.
MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}
#: Pixels of the sheets that are scaled: not so few or many that they would become something else.
LEAST, MOST = 700_000, 2_200_000


def sheets(folder: Path, count: int) -> Iterator[Pixels]:
    """Yield sheets, RGB."""
    for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        truth = json.loads(line)
        if truth["kind"] not in {"grid", "mosaic"} or not LEAST <= truth["width"] * truth["height"] <= MOST:
            continue
        with Image.open(folder / truth["file"]) as picture:
            yield np.asarray(picture.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))
        if (count := count - 1) == 0:
            return


def singles(count: int) -> Iterator[Pixels]:
    """Yield photographs, RGB."""
    paths, _ = photographs()
    for path in paths[:: max(1, len(paths) // count)][:count]:
        yield pixels_of(path, WIDTH, HEIGHT)


def told(name: str, pictures: Iterator[Pixels]) -> None:
    """Print how long pictures take, by what they were taken for."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for picture in pictures:
        taken = []
        for _ in range(3):
            begun = time.perf_counter()
            found = separate(picture)
            taken.append((time.perf_counter() - begun) * 1000)
        times[found.is_grid].append(sorted(taken)[1])
    for is_grid, taken in times.items():
        if taken:
            what = "taken for a sheet" if is_grid else "taken for one picture"
            middle, last = np.median(taken), np.quantile(taken, 0.99)
            print(f"{name}, {what}: {len(taken)}, median {middle:.2f} ms, 99th percentile {last:.2f} ms")


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=300)
    given = parser.parse_args()
    if any(name not in os.environ for name in MEMORY):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **MEMORY})
    told("sheets", sheets(given.folder, given.pictures))
    told("photographs", singles(given.pictures))


if __name__ == "__main__":
    main()
