"""Let other people's programs make sheets, with exact truth: vcsi, sashimi, thumby, ffmpeg, montage, feh, photocollage.

    python tools/sheets/makers.py --out DIR --clips FOLDER --tools VENV/bin --sources corpus --count 1500

Every sheet is made twice with the same settings: from clips or photographs, and from twins of the same size and length
whose frames are solid colours, one colour a frame. Where a colour shows in the second sheet is where its frame lies in
the first. `clips` holds freely licensed videos (docs/grids-data.md says which); films of photographs are added. The
programs come from Debian (ffmpeg imagemagick feh photocollage) and PyPI (vcsi sashimi-convert[cli] thumby-cli).
"""

import argparse
import json
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from copy import deepcopy as copy_of
from dataclasses import dataclass, field
from pathlib import Path

import composing
import drawing
import markers
import numpy as np
from markers import Clip
from PIL import Image
from sources import Source, load_sources


@dataclass
class Kit:
    """What jobs work with: clips, photographs and their twins (`real/NAME`, `mark/NAME`), where programs lie."""

    clips: list[Clip]
    photos: Path
    names: list[str]
    tools: Path


@dataclass
class Job:
    """One sheet: the command for an input side ("real" or "mark") and an output file, and what is known of it."""

    command: Callable[[str, Path], list[str]]
    gutter: float
    clip: Clip | None = None
    names: list[str] = field(default_factory=list)
    kind: str = "grid"
    suffix: str = ".png"
    notes: dict[str, object] = field(default_factory=dict)


def _grid(rng: random.Random, most: int) -> tuple[int, int]:
    while True:
        columns, rows = rng.randint(1, 12), rng.randint(1, 12)
        if 2 <= columns * rows <= most:
            return columns, rows


def _hex(colour: drawing.Colour) -> str:
    return "{:02x}{:02x}{:02x}".format(*colour)


def _tint(rng: random.Random) -> drawing.Colour:
    """Choose a colour that no marker has."""
    return rng.choice(((0, 0, 0), (255, 255, 255), (255, 255, 255), (128, 128, 128), (32, 0, 64), (240, 240, 224)))


def vcsi(rng: random.Random, kit: Kit) -> Job:
    """Make a sheet as vcsi does: header, time stamps, spacing, any colours."""
    clip, (columns, rows), gap = rng.choice(kit.clips), _grid(rng, 20), rng.choice((0, 1, 2, 5, 5, 10, 20))
    flags = ["-g", f"{columns}x{rows}", "-w", str(rng.randint(max(400, 60 * columns), 1600)), "-s", "1", "-f", "png",
             "--grid-spacing", str(gap), "--background-color", _hex(_tint(rng))]  # fmt: skip
    flags += rng.choice(([], ["-t"], ["-t", "-T", rng.choice(("nw", "ne", "sw", "se"))]))
    flags += ["--metadata-position", rng.choice(("top", "top", "bottom", "hidden"))]
    return Job(lambda side, out: [str(kit.tools / "vcsi"), str(clip.file(side)), *flags, "-o", str(out)], gap, clip)


def sashimi(rng: random.Random, kit: Kit) -> Job:
    """Make a sheet as sashimi does."""
    clip, (columns, rows), gap = rng.choice(kit.clips), _grid(rng, 24), rng.choice((0, 1, 2, 5, 5, 12, 24))
    flags = ["-f", "--cols", str(columns), "--rows", str(rows), "--gap", str(gap), "--output-format", "png"]
    flags += ["-w", str(rng.randint(max(400, 60 * columns), 1700)), "--bg-color", "#" + _hex(_tint(rng))]
    flags += rng.choice(([], [], ["--no-header"])) + rng.choice(([], ["--no-timestamps"]))
    program = str(kit.tools / "sashimi")
    return Job(lambda side, out: [program, "thumbs", str(clip.file(side)), *flags, "-o", str(out)], gap, clip)


def thumby(rng: random.Random, kit: Kit) -> Job:
    """Make a sheet as thumby does: gutters of 2 black pixels, a header; its JPEG is what it is."""
    clip, (columns, rows) = rng.choice(kit.clips), _grid(rng, 40)
    flags = ["-r", str(rows), "-c", str(columns), "-w", str(rng.randint(64, 300)), "-s", "0", "-q", "95"]
    program = str(kit.tools / "thumby")
    return Job(lambda side, out: [program, str(clip.file(side)), *flags, "-o", str(out)], 2, clip, suffix=".jpg")


def ffmpeg(rng: random.Random, kit: Kit) -> Job:
    """Make a sheet with ffmpeg's tile filter: margin, padding, colour, drawn time stamps."""
    clip, (columns, rows) = rng.choice(kit.clips), _grid(rng, 100)
    gap, margin = rng.choice((0, 0, 0, 1, 2, 4, 8, 16)), rng.choice((0, 0, 4, 12))
    width = rng.randint(48, max(50, min(400, 2000 // columns)))
    every = max(1, clip.frames // (columns * rows))
    text = ""
    if rng.random() < 0.3 and drawing.FONTS:
        text = f",drawtext=fontfile={rng.choice(drawing.FONTS)}:fontsize={max(8, width // 10)}:fontcolor=white:"
        text += "box=1:boxcolor=black@0.6:x=3:y=3:text='%{pts\\:hms}'"
    chain = f"select='not(mod(n\\,{every}))',scale={width}:-2:flags=bicubic{text},format=rgb24,"
    chain += f"tile={columns}x{rows}:margin={margin}:padding={gap}:color=0x{_hex(_tint(rng))}"
    flags = ["-vf", chain, "-vsync", "0", "-frames:v", "1"]
    return Job(lambda side, out: ["ffmpeg", "-y", "-v", "error", "-threads", "1", "-i", str(clip.file(side)), *flags,
                                  str(out)], gap, clip)  # fmt: skip


def montage(rng: random.Random, kit: Kit) -> Job:
    """Make a sheet with ImageMagick's montage: texture, frame, shadow, labels, prints thrown on a table."""
    columns, rows = _grid(rng, 48)
    names = rng.sample(kit.names, max(2, columns * rows - (rng.randint(0, columns - 1) if rng.random() < 0.3 else 0)))
    gap, side_px = rng.choice((0, 0, 1, 2, 4, 8, 15)), rng.randint(60, max(61, min(380, 1900 // columns)))
    flags = [
        "-tile",
        f"{columns}x{rows}",
        "-geometry",
        f"{side_px}x{round(side_px * rng.choice((1, 0.75, 0.6)))}+{gap}+{gap}",
    ]
    trait = rng.choice(("plain", "plain", "plain", "texture", "frame", "shadow", "label", "polaroid"))
    before: list[str] = []
    if trait == "texture":
        flags += ["-texture", rng.choice(("granite:", "rose:", "pattern:bricks", "plasma:red-blue"))]
    elif trait == "polaroid":
        before = ["-bordercolor", "snow", "-background", "grey20"]
        flags = ["-geometry", f"+{gap}+{gap}", "-tile", f"{columns}x{rows}", "-background", "#" + _hex(_tint(rng))]
    else:
        flags += ["-background", "#" + _hex(_tint(rng))]
        flags += {"frame": ["-frame", str(rng.randint(3, 8))], "shadow": ["-shadow"]}.get(trait, [])
    label = ["-label", "%f"] if trait == "label" else []
    turn = ["+polaroid"] if trait == "polaroid" else []
    seed = str(rng.randint(1, 10**6))
    if trait == "polaroid":
        size = min(300, 1700 // columns)
        label, turn = [], ["-thumbnail", f"{size}x{size}", "-set", "caption", "%f", *turn]

    def command(side: str, out: Path) -> list[str]:
        files = [str(kit.photos / side / name) for name in names]
        return ["/usr/bin/montage-im6.q16", "-seed", seed, *before, *label, *files, *turn, *flags, str(out)]

    return Job(command, 2 * gap, None, names, "mosaic" if turn else "grid", notes={"trait": trait})


def feh(rng: random.Random, kit: Kit) -> Job:
    """Make a thumbnail wall with feh."""
    columns, rows = _grid(rng, 60)
    names = rng.sample(kit.names, columns * rows)
    wide, high = rng.randint(50, max(51, min(240, 1900 // columns))), rng.randint(50, 200)
    flags = ["-W", str(wide * columns + 8), "-H", str((high + 12) * rows), "-y", str(wide), "-E", str(high)]
    flags += rng.choice(([], ["--stretch"]))

    def command(side: str, out: Path) -> list[str]:
        return ["feh", "-m", "-O", str(out), *flags, *(str(kit.photos / side / name) for name in names)]

    return Job(command, 0, None, names, notes={"trait": "wall"})


COLLAGE = """
import random, sys
from photocollage import collage, render
seed, width, ratio, columns, border, colour, out, *files = sys.argv[1:]
random.seed(int(seed))
page = collage.Page(1.0, float(ratio), int(columns))
for photo in render.build_photolist(files):
    page.add_cell(photo)
page.adjust()
page.scale(int(width) / page.w)
failed = []
task = render.RenderingTask(page, border_width=float(border) * page.w, border_color=colour, quality=3,
    output_file=out, on_fail=failed.append)
task.start(); task.join()
sys.exit(bool(failed))
"""


def photocollage(rng: random.Random, kit: Kit) -> Job:
    """Make a collage of unequal cells with photocollage."""
    count = rng.randint(4, 40)
    names, width = rng.sample(kit.names, count), rng.randint(600, 1800)
    border = rng.choice((0, 0, 0.002, 0.005, 0.01, 0.02))
    given = [str(rng.randint(1, 10**6)), str(width), str(rng.choice((0.6, 0.75, 1, 1.3))),
             str(max(1, round(count**0.5 * rng.uniform(0.7, 1.3)))), str(border), "#" + _hex(_tint(rng))]  # fmt: skip

    def command(side: str, out: Path) -> list[str]:
        return ["/usr/bin/python3", "-c", COLLAGE, *given, str(out), *(str(kit.photos / side / n) for n in names)]

    return Job(command, round(border * width, 1), None, names, "mosaic")


# a sheet of each costs very different time: the shares keep a run of 1,500 under an hour on one core
MAKERS: dict[Callable[[random.Random, Kit], Job], int] = {
    ffmpeg: 28, montage: 30, photocollage: 11, feh: 8, thumby: 8, sashimi: 5, vcsi: 5,
}  # fmt: skip


def _run(job: Job, side: str, folder: Path) -> np.ndarray:
    out = folder / f"{side}{job.suffix}"
    subprocess.run(job.command(side, out), check=True, capture_output=True, timeout=120, cwd=folder)
    return np.array(Image.open(out).convert("RGB"))


def _made(job: Job, kit: Kit) -> tuple[Image.Image, composing.Truth] | None:
    """Return the sheet and its truth; None where the two runs do not fit together."""
    with tempfile.TemporaryDirectory() as name:
        real, mark = _run(job, "real", Path(name)), _run(job, "mark", Path(name))
    if real.shape != mark.shape:
        return None
    cells: list[composing.Truth] = []
    for code, box, whole in markers.boxes(mark, lossy=job.suffix == ".jpg"):
        x, y, width, height = box
        cell: composing.Truth = {"x": x, "y": y, "width": width, "height": height, "angle": 0 if whole else None}
        if job.clip is not None and code < job.clip.frames:
            frame = markers.frame_of(job.clip, real[y : y + height, x : x + width], code)
            cell |= {"source": f"videos/{job.clip.name}.mp4", "frame": frame, "crop": None}
        elif job.clip is None and code < len(kit.names) and kit.names[code] in job.names:
            cell |= {"source": f"photos/real/{kit.names[code]}", "crop": None}
        else:
            continue
        cells.append(cell)
    sound = cells and (job.kind == "mosaic" or all(c["angle"] == 0 for c in cells))
    missing = (
        len(job.names) - len(cells) if job.command.__qualname__.split(".")[0] != "feh" else 0
    )  # it drops what is over
    if not sound or missing > 0 or len(cells) < 2:
        return None
    truth = {"kind": job.kind, "gutter": job.gutter, "butted": touching(cells), "cells": cells, "background": None,
             **job.notes}  # fmt: skip
    return Image.fromarray(real), truth


def touching(cells: list[composing.Truth]) -> bool:
    """Whether most cells that have a neighbour to the right or below touch it (padding to one shape parts them)."""
    gaps = []
    for a in cells:
        for at, side, by, across in (("x", "width", "y", "height"), ("y", "height", "x", "width")):
            beside = [
                b[at] - a[at] - a[side]
                for b in cells
                if b is not a
                and b[at] >= a[at] + a[side] / 2
                and min(a[by] + a[across], b[by] + b[across]) > max(a[by], b[by])
            ]
            gaps += [min(beside)] if beside else []
    return bool(gaps) and sum(gap < 0.6 for gap in gaps) * 2 > len(gaps)


def _finished(rng: random.Random, image: Image.Image, truth: composing.Truth) -> bytes:
    """Return the file: sometimes reduced as far as 40-pixel cells, JPEG of any quality or PNG."""
    least = min(min(c["width"], c["height"]) for c in truth["cells"])
    low = max(0.45, 40 / least)
    factor = rng.uniform(low, 1) if low < 0.95 and rng.random() < 0.3 else 1.0
    factor = min(factor, 2400 / max(image.size))
    if factor < 1:
        image = composing.scaled(image, truth, factor)
    truth["width"], truth["height"] = image.size
    return composing.encoded(rng, image, truth, png=0.15)


def write(out: Path, kit: Kit, seed: int, numbers: range, only: str = "") -> None:
    """Make the sheets of some numbers; write two copies of each, and truth.jsonl."""
    makers = list(MAKERS)
    with (out / "truth.jsonl").open("a") as lines:
        for k in numbers:
            rng = random.Random(f"{seed} {k}")
            maker = rng.choices(makers, list(MAKERS.values()))[0]
            if only and maker.__name__ != only:
                continue
            job = maker(rng, kit)
            try:
                made = _made(job, kit)
            except (subprocess.SubprocessError, OSError) as error:
                print(k, maker.__name__, "failed:", str(getattr(error, "stderr", error))[-300:], flush=True)
                continue
            if made is None:
                print(k, maker.__name__, "not measured", flush=True)
                continue
            image, truth = made
            truth |= {"maker": maker.__name__, "stratum": maker.__name__, "sheet": k}
            for copy in "ab":  # the programs cost most: each sheet is saved twice, in other sizes and qualities
                saved = copy_of(truth)
                data = _finished(rng, image, saved)
                saved["file"] = f"{maker.__name__}{k:05d}{copy}.{'png' if saved['format'] == 'png' else 'jpg'}"
                (out / saved["file"]).write_bytes(data)
                lines.write(json.dumps(saved) + "\n")
            lines.flush()


def photographs(folder: Path, sources: list[Source]) -> list[str]:
    """Write up to 600 photographs of at most 480 pixels and their solid twins; return their names in order of code."""
    names = []
    for side in ("real", "mark"):
        (folder / side).mkdir(parents=True, exist_ok=True)
    index = {}
    for k, source in enumerate(sources[:600]):
        name = f"p{k:04d}.png"
        scale = min(1.0, 480 / max(source.width, source.height))
        size = (round(source.width * scale), round(source.height * scale))
        if not (folder / "mark" / name).exists():
            source.shown((0, 0, 1, 1), size).save(folder / "real" / name, compress_level=1)
            Image.new("RGB", size, markers.COLOURS[k]).save(folder / "mark" / name, compress_level=1)
        names.append(name)
        index[name] = [source.path, source.in_file((0, 0, 1, 1))]
    (folder / "index.json").write_text(json.dumps(index))
    return names


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=Path, required=True, help="folder of videos")
    parser.add_argument("--tools", type=Path, required=True, help="bin folder with vcsi, sashimi and thumby")
    parser.add_argument("--sources", type=Path, default=Path("corpus"))
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--only", default="", choices=["", *(maker.__name__ for maker in MAKERS)])
    parser.add_argument("--first", type=int, default=0, help="number to go on from")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if not shutil.which("ffmpeg"):
        raise SystemExit("ffmpeg is missing: apt-get install ffmpeg imagemagick feh photocollage")
    given.out = given.out.resolve()  # programs run in a folder of their own
    given.out.mkdir(parents=True, exist_ok=True)
    sources = [s for s in load_sources(given.sources, "report", ("photo", "art")) if min(s.width, s.height) >= 150]
    random.Random(given.seed).shuffle(sources)
    names = photographs(given.out / "photos", sources)
    clips = markers.prepare(given.out / "videos", sorted(given.clips.iterdir()), given.out / "photos" / "real")
    kit = Kit(clips, given.out / "photos", names, given.tools.absolute())
    write(given.out, kit, given.seed, range(given.first, given.count), given.only)


if __name__ == "__main__":
    main()
