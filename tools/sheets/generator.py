"""Make labelled sheets (contact sheets, grids, mosaics, pictures in screens) and pictures that are none.

    python tools/sheets/generator.py --out DIR --sheets N --singles M --seed S --sources corpus --split train

writes JPEG and PNG files and `truth.jsonl`, one line a file. Everything follows from the seed and the source list.
"""

import argparse
import io
import json
import random
from pathlib import Path

import composing
import layouts
import negatives
import pages
from composing import Style, Truth
from PIL import Image
from sources import Source, load_sources

# share of sheets by stratum; a stratum fixes one trait and leaves the others to chance
STRATA = {
    "plain": 16, "thin": 9, "butted": 20, "ground": 7, "caption": 8, "border": 7, "letterbox": 5, "tiny": 5,
    "spanning": 4, "mosaic": 7, "wall": 5, "two_sizes": 4, "tilted": 3, "screen": 4, "embedded": 7, "pair": 3,
}  # fmt: skip


def random_of(rng: object) -> random.Random:
    """`rng` as a random.Random; a numpy Generator gives its seed."""
    if isinstance(rng, random.Random):
        return rng
    return random.Random(int(rng.integers(2**62)))  # type: ignore[attr-defined]  # numpy, not needed otherwise


def _style(rng: random.Random, stratum: str) -> Style:
    style = Style(content=rng.choice(("varied", "film", "film", "scene")))
    if stratum != "butted":
        style.gutter = 1 + int(40 ** rng.random()) if stratum != "thin" else rng.randint(1, 2)
        style.gutter = min(40, style.gutter if rng.random() < 0.9 else rng.randint(10, 40))
        style.margin = rng.choice((0, style.gutter, style.gutter, style.gutter // 2, rng.randint(0, 50)))
    elif rng.random() < 0.1:
        style.margin = rng.randint(1, 30)
    style.stamps = rng.random() < (0.6 if stratum == "caption" else 0.15)
    style.header = rng.random() < (0.7 if stratum == "caption" else 0.12)
    if stratum == "ground":
        style.ground = rng.choice(("gradient", "texture", "texture"))
    if stratum == "caption" and style.gutter and rng.random() < 0.5:
        style.label = rng.randint(12, 26)
    if stratum == "border":
        style.gutter = max(6, style.gutter)
        kind = rng.choice(("border", "rounded", "shadow", "both"))
        style.border = rng.randint(1, min(6, style.gutter // 2)) if kind in {"border", "both"} else 0
        style.radius = rng.randint(3, 24) if kind in {"rounded", "both"} and not style.border else 0
        style.shadow = rng.randint(2, 7) if kind in {"shadow", "both"} else 0
        style.margin = max(style.margin, style.border)
    style.letterbox = stratum == "letterbox" or (stratum == "plain" and rng.random() < 0.06)
    return style


def _plan(rng: random.Random, stratum: str, style: Style) -> layouts.Plan:
    gutter = style.gutter
    if stratum in {"spanning", "mosaic", "wall", "two_sizes"}:
        if rng.random() < 0.25:
            style.gutter = gutter = 0
        plan: layouts.Plan = getattr(layouts, stratum)(rng, gutter)
        return plan
    if stratum == "tilted":
        return layouts.tilted(rng)
    if stratum == "pair":
        return _pair(rng, style)
    if stratum == "butted" and rng.random() < 0.15:
        return rng.choice((layouts.mosaic, layouts.wall, layouts.spanning))(rng, 0)
    return layouts.lattice(rng, gutter, tiny=stratum == "tiny", label=style.label)


def _pair(rng: random.Random, style: Style) -> layouts.Plan:
    """Two to four pictures side by side or above each other: the smallest sheets there are."""
    columns, rows = rng.choice(((2, 1), (1, 2), (3, 1), (1, 3), (2, 2)))
    style.gutter = rng.choice((0, 0, rng.randint(1, 20)))
    aspect = rng.choice(layouts.ASPECTS)
    width = rng.randint(round(200 * max(1, aspect)), 620)
    height = round(width / aspect)
    cells = [
        (c * (width + style.gutter), r * (height + style.gutter), width, height)
        for r in range(rows) for c in range(columns)
    ]  # fmt: skip
    size = (columns * (width + style.gutter) - style.gutter, rows * (height + style.gutter) - style.gutter)
    return layouts.Plan(*size, cells, "grid", [], columns, rows)


def _afterwards(rng: random.Random, sheet: Image.Image, truth: Truth) -> Image.Image:
    """Scaling, turning and noise that a finished sheet may meet."""
    least = min(min(c["width"], c["height"]) for c in truth["cells"])
    low = max(40 / least, 400 / max(sheet.size), 0.3)
    if low < 0.9 and rng.random() < 0.22:
        sheet = composing.scaled(sheet, truth, rng.uniform(low, 0.95))
        truth["scaled"] = True
    if max(sheet.size) > 2400:
        sheet = composing.scaled(sheet, truth, 2400 / max(sheet.size))
    if rng.random() < 0.05:
        sheet = composing.turned(sheet, truth, rng.choice((1, 3)))
        truth["turned"] = True
    if rng.random() < 0.04:
        sheet = composing.noisy(rng, sheet)
    return sheet


def draw_sheet(rng: random.Random, sources: list[Source], stratum: str = "") -> tuple[Image.Image, Truth]:
    """One sheet before it is encoded, and its truth; stratum: a key of `STRATA`, or any."""
    stratum = stratum or rng.choices(list(STRATA), list(STRATA.values()))[0]
    if stratum == "embedded":
        return pages.page_with(rng, sources)
    style = _style(rng, stratum)
    plan = _plan(rng, stratum, style)
    if stratum == "tilted" and rng.random() < 0.7:
        style.ground, style.shadow = rng.choice(("texture", "gradient")), 0
    sheet, truth = composing.render(rng, sources, plan, style)
    truth["stratum"] = stratum
    sheet = _afterwards(rng, sheet, truth)
    if stratum == "screen":
        if max(sheet.size) > 1500:
            sheet = composing.scaled(sheet, truth, 1500 / max(sheet.size))
        sheet, x, y = pages.screen_around(rng, sheet)
        composing.moved(truth, x, y)
    return sheet, truth


def make_sheet(rng: object, sources: list[Source], stratum: str = "") -> tuple[Image.Image, Truth]:
    """Return a sheet as decoded from its file (RGB), and its truth. rng: random.Random or numpy Generator."""
    chance = random_of(rng)
    image, truth = draw_sheet(chance, sources, stratum)
    data = composing.encoded(chance, image, truth)
    return Image.open(io.BytesIO(data)).convert("RGB"), truth


def draw_single(rng: random.Random, sources: list[Source], hard: float = 0.28) -> tuple[Image.Image, Truth]:
    """One picture that is no sheet, before it is encoded: drawn with chance `hard`, else a crop of a real picture."""
    if rng.random() < 1 - hard:
        name, image = "crop", negatives.crop(rng, sources)
    else:
        maker = rng.choice(negatives.HARD)
        name, image = maker.__name__, maker(rng, sources)
    if max(image.size) > 2000:
        image.thumbnail((2000, 2000))
    truth: Truth = {"kind": "single", "stratum": name, "gutter": 0, "butted": False, "cells": [], "maker": "tutela"}
    return image, truth


def make_single(rng: object, sources: list[Source]) -> tuple[Image.Image, Truth]:
    """Return a picture that is no sheet as decoded from its file (RGB), and its truth."""
    chance = random_of(rng)
    image, truth = draw_single(chance, sources)
    data = composing.encoded(chance, image, truth)
    return Image.open(io.BytesIO(data)).convert("RGB"), truth


def write(
    folder: Path, sources: list[Source], seed: int, sheets: int, singles: int, *, first: int = 0, hard: float = 0.28
) -> None:
    """Write files and `truth.jsonl`. Each file has its own generator: number k is the same whatever else is made."""
    folder.mkdir(parents=True, exist_ok=True)
    cells, crops = pools(sources)
    jobs = [("sheet", k) for k in range(first, sheets)] + [("single", k) for k in range(first, singles)]
    jobs.sort(key=lambda job: job[1] / (sheets if job[0] == "sheet" else singles))  # any beginning is a fair sample
    with (folder / "truth.jsonl").open("a") as lines:
        for done, (kind, k) in enumerate(jobs):
            rng = random.Random(f"{seed} {kind} {k}")
            image, truth = draw_sheet(rng, cells) if kind == "sheet" else draw_single(rng, crops, hard)
            data = composing.encoded(rng, image, truth)
            name = f"{kind}{k:06d}.{'png' if truth['format'] == 'png' else 'jpg'}"
            (folder / name).write_bytes(data)
            line = {"file": name, "width": image.width, "height": image.height, **truth}
            lines.write(json.dumps(line) + "\n")
            if done % 500 == 0:
                lines.flush()
                print(done, "of", len(jobs), flush=True)


def pools(sources: list[Source]) -> tuple[list[Source], list[Source]]:
    """Return what cells show (pictures, some art) and what negatives are cut from (everything)."""

    def thin(source: Source, share: int) -> bool:
        return sum(source.path.encode()) * 37 % 100 < share  # the same for one picture always

    cells = [s for s in sources if s.use in {"photo", "art"} or (s.use == "dark" and thin(s, 12))]
    crops = [s for s in sources if s.use in {"photo", "art", "pattern"} or thin(s, 30)]
    return cells, crops


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sheets", type=int, default=100)
    parser.add_argument("--singles", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="number to go on from")
    parser.add_argument("--hard", type=float, default=0.28, help="share of drawn patterns among singles")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sources", type=Path, default=Path("corpus"))
    parser.add_argument("--split", choices=("train", "report"), default="train")
    given = parser.parse_args()
    sources = load_sources(given.sources, given.split)
    write(given.out, sources, given.seed, given.sheets, given.singles, first=given.first, hard=given.hard)


if __name__ == "__main__":
    main()
