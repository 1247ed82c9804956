"""Contact sheets: how many are found, how many of their cells meet their source, how many single pictures are torn.

    python bench/grids.py FOLDER... [--most 1000]

Each folder has a truth.jsonl, as tools/sheets writes it.  A cell counts where the perfect crop, at least 64 pixels a
side, lies within 31 bits of PDQ of what it shows; it is met where one of our cells, cut in one of its ways, does too.
Prints a table a folder, with 95 % intervals (Wilson).
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections import Counter, defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from tutela import _kernel
from tutela.demo import originals
from tutela.grids import Separation, cells_of, separate, variants
from tutela.model import Frame

ROOT = Path(__file__).resolve().parent.parent
SHORTEST = 64
RADIUS = 31
QUALITY = 50
#: A cell of ours whose corner is farther off, in pixels, shows something else.
NEAR = 40

Grey = npt.NDArray[np.uint8]


def hashed(pixels: Grey) -> tuple[int, int]:
    """Return the PDQ of grey pixels as a number, and its quality."""
    value, quality, _ = _kernel.pdq_grey(np.ascontiguousarray(pixels))
    return int.from_bytes(value), quality


@lru_cache(maxsize=200)
def source(name: str, served: Path | None) -> Grey:
    """Return a source picture, in grey; transparency lies over white.  ``served``: the copy that a page showed."""
    path = originals.FOLDER / name.removeprefix("demo/") if name.startswith("demo/") else ROOT / "corpus" / name
    picture = Image.open(served or path).convert("RGBA")
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(white, picture).convert("L"))


def meetings(grey: Grey, found: Separation, truth: dict[str, Any], folder: Path) -> tuple[int, int]:
    """Return how many true cells of a file in ``folder`` count, and how many of them are met."""
    ours = [
        (cell, [hashed(each.pixels)[0] for each in (cell, *variants(cell))])
        for cell in cells_of(Frame(0, grey, grey.shape[1], grey.shape[0]), found, 1)
    ]
    count = met = 0
    for cell in truth["cells"]:
        x, y, width, height = (round(cell[name]) for name in ("x", "y", "width", "height"))
        if min(width, height) < SHORTEST or abs(cell.get("angle") or 0) > 0.5 or not cell.get("crop"):
            continue
        left, top, right, bottom = (max(0, round(value)) for value in cell["crop"])
        shown = source(cell["source"], folder / cell["picture"] if "picture" in cell else None)[top:bottom, left:right]
        perfect = grey[max(0, y) : y + height, max(0, x) : x + width]
        if min(*shown.shape, *perfect.shape) < 5:
            continue
        value, quality = hashed(shown)
        if quality < QUALITY or (hashed(perfect)[0] ^ value).bit_count() > RADIUS:
            continue
        count += 1
        met += any(
            (value ^ own).bit_count() <= RADIUS
            for frame, values in ours
            if frame.cell and abs(frame.cell.x - x) < NEAR and abs(frame.cell.y - y) < NEAR
            for own in values
        )
    return count, met


def interval(hits: int, count: int) -> str:
    """Return a share and its 95 % interval, in per cent."""
    if not count:
        return "-"
    z, share = 1.96, hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return f"{share:.1%} ({max(0.0, middle - half):.1%}-{min(1.0, middle + half):.1%})"


def measure(folder: Path, most: int) -> None:
    """Print the table of one folder."""
    lines = (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    random.Random(9).shuffle(lines)
    rows: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    times: dict[bool, list[float]] = {True: [], False: []}
    for line in lines[:most]:
        truth = json.loads(line)
        grey = np.asarray(Image.open(folder / truth["file"]).convert("L"))
        begun = time.perf_counter()
        found = separate(grey)
        times[found.is_grid].append((time.perf_counter() - begun) * 1000)
        row = rows[truth["kind"], str(truth.get("stratum"))]
        count, met = meetings(grey, found, truth, folder) if truth["kind"] != "single" else (0, 0)
        row.update(pictures=1, taken=int(found.is_grid), cells=count, met=met, ours=len(found.cells))
        row.update(sure=int(found.confidence >= 0.9), true=len(truth["cells"]))
    print(f"{folder.name}\n\n| kind | stratum | pictures | taken for a sheet | sure | cells met | cells told / true |")
    print("|---|---|---|---|---|---|---|")
    for (kind, stratum), row in sorted(rows.items()):
        taken, sure = interval(row["taken"], row["pictures"]), interval(row["sure"], row["pictures"])
        share = interval(row["met"], row["cells"])
        print(
            f"| {kind} | {stratum} | {row['pictures']} | {taken} | {sure} | {share} | {row['ours']} / {row['true']} |"
        )
    for sheet, taken_ms in times.items():
        if taken_ms:
            what = "taken for a sheet" if sheet else "none"
            print(
                f"\n{what}: median {np.median(taken_ms):.1f} ms, 99th percentile {np.quantile(taken_ms, 0.99):.1f} ms"
            )
    print()


def main() -> None:
    """Measure every folder that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=1000)
    given = parser.parse_args()
    for folder in given.folders:
        measure(folder, given.most)


if __name__ == "__main__":
    main()
