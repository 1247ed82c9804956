"""Contact sheets of known videos: how many are found as that video, and how many of other videos are taken for one.

    python bench/sheets_of_videos.py [--videos 500] [--entries 100000] [--sheets 300] [--strangers 10000]

The list holds the tracks of made-up videos (`made_videos`), two frames a second, and entries of one PDQ each that have
nothing to do with them.  Sheets show frames of other moments than the tracks'.  ``boxes``: the cells are cut where they
are; ``engine``: the JPEG file goes through the engine, which finds the cells itself.  **span**: its cells were found to
follow the video it is of; **named**: that, or a cell has a hit of that video; **wrong**: a span or a hit of another
one.  With 95 % intervals (Wilson).
"""

from __future__ import annotations

import argparse
import io
import random
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from grids import interval
from made_videos import Grey, Video, videos
from tutela.engine import Engine, ListSnapshot
from tutela.engine.given import match_given
from tutela.engine.sheets import cell_signals
from tutela.engine.snapshot import write_snapshot
from tutela.model import (
    Box,
    Content,
    Entry,
    Finding,
    Frame,
    FrameInfo,
    ListInfo,
    MediaType,
    NothingFound,
    Purpose,
    Signal,
)

#: Columns and rows of the sheets; widths of their cells, in pixels.
SHAPES = ((3, 3), (4, 3), (4, 4), (4, 6), (5, 5), (6, 8))
LARGE = ((8, 10), (10, 12), (12, 14))
WIDTHS = (40, 64, 100, 160)
#: Frames a second of the listed tracks.
RATE = 2.0
#: Of the videos, a fifth as many more are rows of drawings, which are alike.
DRAWN = 5


@dataclass(frozen=True)
class MadeSheet:
    """A sheet as a JPEG file and as pixels, and the boxes of its cells in reading order."""

    data: bytes
    pixels: Grey
    boxes: tuple[Box, ...]


def made(video: Video, width: int, chance: random.Random, shapes: tuple[tuple[int, int], ...] = SHAPES) -> MadeSheet:
    """Return a sheet of a video with cells so wide."""
    columns, rows = chance.choice(shapes)
    gutter, margin = chance.randint(0, 6), chance.choice((0, 0, 4, 10))
    height = round(width / video.wide)
    across = 2 * margin + columns * (width + gutter) - gutter
    down = 2 * margin + rows * (height + gutter) - gutter
    sheet = np.full((down, across), chance.choice((0, 255, 255, 32, 128, 200)), np.uint8)
    # Mostly of the whole, as programs make them; else of a part of at least half.
    share = 1.0 if chance.random() < 0.7 else chance.uniform(0.5, 1.0)
    begin = chance.uniform(0, 1 - share) * video.seconds
    step = share * video.seconds / (columns * rows)
    boxes = []
    for at in range(columns * rows):
        x = margin + at % columns * (width + gutter)
        y = margin + at // columns * (height + gutter)
        moment = begin + step * (at + chance.uniform(0.2, 0.8))
        sheet[y : y + height, x : x + width] = video.frame(moment, width)
        boxes.append(Box(x, y, width, height))
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "JPEG", quality=chance.randint(60, 90))
    return MadeSheet(file.getvalue(), np.asarray(Image.open(file)), tuple(boxes))


def listed(folder: Path, known: list[Video], entries: int) -> ListSnapshot:
    """Return a list of the videos' tracks and of so many other entries."""
    made_up = np.random.default_rng(4).integers(0, 256, (entries, 32), np.uint8)
    rows = [(at + 1, Entry(f"picture-{at}", (Signal("pdq", code.tobytes(), 90),))) for at, code in enumerate(made_up)]
    frames = 0
    for at, video in enumerate(known):
        times, values, qualities = video.track(RATE)
        signals = tuple(
            Signal("pdq", value.tobytes(), int(quality), time=float(when))
            for when, value, quality in zip(times, values, qualities, strict=True)
        )
        frames += len(signals)
        rows.append((entries + at + 1, Entry(f"video-{at}", signals)))
    write_snapshot(folder / "list", ListInfo("known", "", Purpose.KNOWN), rows, rebuild=True)
    print(f"{len(known)} videos of {frames} frames, {entries} other entries", flush=True)
    return ListSnapshot.open(folder / "list")


def cut(sheet: MadeSheet) -> Finding:
    """Return what the engine would know of a sheet that it cut where its cells are, before any list is asked."""
    height, width = sheet.pixels.shape
    infos, signals = [FrameInfo(0, width, height, layout="grid", confidence=1.0)], []
    for number, box in enumerate(sheet.boxes, 1):
        pixels = np.ascontiguousarray(sheet.pixels[box.y : box.y + box.height, box.x : box.x + box.width])
        infos.append(FrameInfo(number, box.width, box.height, parent=0, cell=box, confidence=1.0))
        found = cell_signals(Frame(number, pixels, box.width, box.height), orientations=False)
        signals += [one for one in found if isinstance(one, Signal)]
    return Finding("sheet", 1, MediaType.JPEG, tuple(infos), tuple(signals), (), (), NothingFound(), ())


@dataclass
class Asking:
    """The list, asked in both ways."""

    known: ListSnapshot
    engine: Engine

    def boxes(self, sheet: MadeSheet) -> Finding:
        """Match a sheet that is cut where its cells are."""
        (found,) = match_given([cut(sheet)], [self.known])
        return found

    def whole(self, sheet: MadeSheet) -> Finding:
        """Match a sheet as a file."""
        return self.engine.match(Content("sheet", sheet.data))


def told(found: Finding, key: str) -> dict[str, int]:
    """Return which of span, named and wrong a finding is."""
    spans = {span.entry_key for span in found.spans}
    hits = {hit.entry_key for hit in found.hits}
    return {
        "span": int(key in spans),
        "named": int(key in spans | hits),
        "wrong": int(bool(spans - {key})),
        "wrong hits": int(bool(hits - {key})),
    }


def found_again(asking: Asking, known: list[Video], count: int) -> None:
    """Print how many sheets of listed videos are found."""
    chance = random.Random(6)
    print("\n| cells | width to height | cut by | sheets | span | named | wrong span |\n|---|---|---|---|---|---|---|")
    for width, shapes in [*((width, SHAPES) for width in WIDTHS), (40, LARGE), (64, LARGE)]:
        what = f"{width} px" if shapes is SHAPES else f"{width} px, 80 to 168 a sheet"
        rows: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for _ in range(count):
            number = chance.randrange(len(known))
            sheet = made(known[number], width, chance, shapes)
            wide = "16:9" if known[number].wide > 1.5 else "4:3"
            for way, ask in (("boxes", asking.boxes), ("engine", asking.whole)):
                rows[wide, way].update(told(ask(sheet), f"video-{number}"), sheets=1)
        for way in ("boxes", "engine"):
            for wide in ("4:3", "16:9", "both"):
                row = rows["4:3", way] + rows["16:9", way] if wide == "both" else rows[wide, way]
                span, named = interval(row["span"], row["sheets"]), interval(row["named"], row["sheets"])
                print(f"| {what} | {wide} | {way} | {row['sheets']} | {span} | {named} | {row['wrong']} |", flush=True)


def strangers(asking: Asking, others: list[Video], count: int) -> None:
    """Print how many sheets of videos that are not listed are taken for a listed one, and what asking costs."""
    chance = random.Random(7)
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    took: dict[str, list[float]] = defaultdict(list)
    for _ in range(count):
        sheet = made(chance.choice(others), chance.choice(WIDTHS), chance)
        finding = cut(sheet)
        begun = time.perf_counter()
        (found,) = match_given([finding], [asking.known])
        took["boxes"].append(time.perf_counter() - begun)
        rows["boxes"].update(told(found, ""), sheets=1)
        found = asking.whole(sheet)
        rows["engine"].update(told(found, ""), sheets=1, sheet=int(len(found.frames) > 1))
        for span in found.spans:
            met = [hit.distance for hit in found.hits if hit.entry_key == span.entry_key]
            what = f"{span.frames} of {len(found.frames) - 1} cells (truly {len(sheet.boxes)}), bits {sorted(met)}"
            print(f"wrong: {span.entry_key}, {what}, mean {span.mean_distance}, {sheet.pixels.shape}", flush=True)
    print("\n| cut by | sheets of other videos | a wrong span | a wrong hit |\n|---|---|---|---|")
    for way, row in rows.items():
        wrong, hits = interval(row["wrong"], row["sheets"]), interval(row["wrong hits"], row["sheets"])
        print(f"| {way} | {row['sheets']} | {row['wrong']}: {wrong} | {row['wrong hits']}: {hits} |")
    print(f"\nOf these the engine took {rows['engine']['sheet']} for sheets.")
    print(f"Asking about one: median {1000 * np.median(took['boxes']):.1f} ms", flush=True)


def main() -> None:
    """Measure both."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--videos", type=int, default=500)
    reader.add_argument("--entries", type=int, default=100_000)
    reader.add_argument("--sheets", type=int, default=300)
    reader.add_argument("--strangers", type=int, default=10_000)
    asked = reader.parse_args()
    drawn = {"count": asked.videos // DRAWN, "seed": 2, "uses": ("lines",)}
    known = [*videos(asked.videos, 1, listed=True), *videos(**drawn, listed=True)]
    others = [*videos(asked.videos, 1, listed=False), *videos(**drawn, listed=False)]
    with tempfile.TemporaryDirectory() as folder:
        snapshot = listed(Path(folder), known, asked.entries)
        with Engine([snapshot], workers=None) as engine:
            asking = Asking(snapshot, engine)
            found_again(asking, known, asked.sheets)
            strangers(asking, others, asked.strangers)


if __name__ == "__main__":
    main()
