"""Videos: known clips within compilations, parts of known films, and the speed of decoding.

    python bench/video.py [--seconds 600] [--only find|speed] [--keep FOLDER]

A film is a row of shots, each a slow pan over a photograph, drawn anew for every rate, size and frame of black bars and
encoded with another codec, so that no two of the compared videos share a bit.  Ten seconds of it are the clip, which
begins and ends within shots.  Times are right if all four ends lie within a second.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import numpy as np
from PIL import Image

from pictures import photographs
from tutela.engine import Engine, ListSnapshot, Policy
from tutela.engine.examining import Wanted, examine
from tutela.engine.snapshot import write_snapshot
from tutela.media import Sampling, frames
from tutela.model import Content, Entry, Limits, ListInfo, Problem, Purpose, Signal

CLIP = 10.0


@dataclass(frozen=True)
class Shot:
    """A pan over a photograph: from one box to another, as shares of its sides, in so many seconds."""

    picture: Path
    seconds: float
    first: tuple[float, float, float]
    last: tuple[float, float, float]


@dataclass(frozen=True)
class Form:
    """How a film is written."""

    name: str
    codec: str
    rate: int
    width: int
    height: int
    bars: tuple[int, int] = (0, 0)  # beside and above the picture, in pixels
    suffix: str = "mp4"


KNOWN = Form("as it was listed", "libx264", 30, 640, 360)
FORMS = (
    Form("H.264, letterboxed, 15 a second", "libx264", 15, 480, 360, (0, 45)),
    Form("MPEG-4, 12 a second", "mpeg4", 12, 640, 360, suffix="avi"),
    Form("VP9, 24 a second, small", "libvpx-vp9", 24, 480, 270, suffix="webm"),
    Form("H.264, pillarboxed, 50 a second", "libx264", 50, 852, 360, (106, 0), suffix="mkv"),
)


def film(seconds: float, seed: int) -> list[Shot]:
    """Return shots of 1.5 to 7 seconds that together take so long."""
    chance, total = random.Random(seed), 0.0
    shots: list[Shot] = []
    pictures = list(photographs()[0])
    chance.shuffle(pictures)
    while total < seconds:
        length = min(chance.uniform(1.5, 7.0), seconds - total)
        picture = pictures[len(shots) % len(pictures)]
        shots.append(Shot(picture, length, _box(chance), _box(chance)))
        total += length
    return shots


def _box(chance: random.Random) -> tuple[float, float, float]:
    size = chance.uniform(0.7, 0.95)
    return chance.uniform(0, 1 - size), chance.uniform(0, 1 - size), size


def drawn(shots: list[Shot], form: Form, start: float, end: float) -> Iterator[np.ndarray]:
    """Yield the frames of a stretch as RGB."""
    moment, begun, number = start, 0.0, 0
    beside, above = form.bars
    inner = (form.width - 2 * beside, form.height - 2 * above)
    for shot in shots:
        if begun + shot.seconds > moment and begun < end:
            with Image.open(shot.picture) as opened:
                picture = opened.convert("RGB").resize((960, 540))
            while moment < min(begun + shot.seconds, end):
                part = (moment - begun) / shot.seconds
                x, y, size = (a + (b - a) * part for a, b in zip(shot.first, shot.last, strict=True))
                box = (x * 960, y * 540, (x + size) * 960, (y + size) * 540)
                shown = picture.resize(inner, Image.Resampling.BILINEAR, box=box)
                frame = np.zeros((form.height, form.width, 3), np.uint8)
                frame[above : above + inner[1], beside : beside + inner[0]] = np.asarray(shown)
                yield frame
                number += 1
                moment = start + number / form.rate
        begun += shot.seconds


def written(folder: Path, name: str, shots: list[Shot], form: Form, *ends: float) -> Path:
    """Write a stretch of a film and return the file."""
    path = folder / f"{name}.{form.suffix}"
    if path.exists():
        return path
    options = {"libx264": {"preset": "veryfast"}, "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"}}
    with av.open(str(path), "w") as container:
        stream = cast(
            "av.VideoStream", container.add_stream(form.codec, rate=form.rate, options=options.get(form.codec, {}))
        )
        stream.width, stream.height, stream.pix_fmt = form.width, form.height, "yuv420p"
        stream.bit_rate = form.width * form.height * 3
        for pixels in drawn(shots, form, *ends):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def listed(folder: Path, name: str, video: Path) -> ListSnapshot:
    """Return a list that has one video."""
    found = examine(video.read_bytes(), Limits(), Wanted())
    moments = {frame.number: frame.time for frame in found.frames}
    signals = tuple(
        Signal(one.kind, one.value, one.quality, time=None if one.frame is None else moments[one.frame])
        for one in found.signals
    )
    place = folder / f"list-{name}"
    write_snapshot(place, ListInfo("known", "", Purpose.KNOWN), [(1, Entry("video", signals))], rebuild=True)
    return ListSnapshot.open(place)


def finding(folder: Path, seconds: float, clips: int, forms: int) -> bool:
    """Look for clips in compilations and the reverse; say how far their ends are off."""
    right = everything = True
    shots = film(seconds, 1)
    chance = random.Random(2)
    whole = listed(folder, "whole", written(folder, f"whole-{seconds:g}", shots, KNOWN, 0, seconds))
    starts = [round(chance.uniform(5, seconds - CLIP - 5), 2) for _ in range(clips)]
    for form in FORMS[:forms]:
        tag = form.codec + "-".join(map(str, form.bars))
        long = written(folder, f"long-{seconds:g}-{tag}", shots, form, 0, seconds)
        for at in starts:
            clip = written(folder, f"clip-{seconds:g}-{at}", shots, KNOWN, at, at + CLIP)
            short = written(folder, f"short-{seconds:g}-{at}-{tag}", shots, form, at, at + CLIP)
            right = told(f"clip in {seconds:g} s, {form.name}", listed(folder, "clip", clip), long, at, 0.0)
            everything &= right
            right = told(f"part of {seconds:g} s, {form.name}", whole, short, 0.0, at)
            everything &= right
    return everything


def told(what: str, known: ListSnapshot, video: Path, start: float, known_start: float) -> bool:
    """Match and compare the ends that are told with those that are meant."""
    begun = time.perf_counter()
    with Engine([known], Policy(), workers=1) as engine:
        result = engine.match(Content.of_file(video))
    took = time.perf_counter() - begun
    wanted = (start, start + CLIP, known_start, known_start + CLIP)
    best = min(
        (
            max(abs((a or 0.0) - b) for a, b in zip((s.start, s.end, s.known_start, s.known_end), wanted, strict=True))
            for s in result.spans
            if s.start is not None
        ),
        default=None,
    )
    ends = "not found" if best is None else f"ends off by {best:.2f} s at most"
    if best is None or best > 1.0:
        print(f"  meant {wanted}, told {[(s.start, s.end, s.known_start, s.known_end) for s in result.spans]}")
    print(f"{what}: {ends}, {len(result.spans)} spans, {len(result.frames)} frames, {took:.1f} s", flush=True)
    return best is not None and best <= 1.0 and len(result.spans) == 1


def speed(folder: Path, seconds: float) -> None:
    """Measure decoding and hashing of 1080p H.264 in this process, on one core."""
    path = written(folder, f"full-{seconds:g}", film(seconds, 3), Form("1080p", "libx264", 25, 1920, 1080), 0, seconds)
    data = path.read_bytes()
    for mode in ("keys", "scenes", "rate", "all"):
        best = float("inf")
        for _ in range(3 if mode == "keys" else 1):
            begun = time.process_time()
            number = len(examine(data, Limits(), Wanted(sampling=Sampling(mode, letterbox=mode != "all"))).frames)
            best = min(best, time.process_time() - begun)
        print(f"1080p H.264, {mode}: {number} frames of {seconds:g} s in {best:.2f} s: {seconds / best:.0f}x real time")
    begun, problems = time.process_time(), list[Problem]()
    number = sum(1 for _ in frames(data, Limits(), problems.append, luma=True, sampling=Sampling("keys")))
    print(f"1080p H.264, key frames decoded only: {seconds / (time.process_time() - begun):.0f}x real time ({number})")


def main() -> int:
    """Run what was asked for; 1 if anything was not found, or not where it is."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--seconds", type=float, default=600.0)
    reader.add_argument("--clips", type=int, default=2)
    reader.add_argument("--only", choices=["find", "speed"])
    reader.add_argument("--forms", type=int, default=len(FORMS), help="the first so many")
    reader.add_argument("--keep", type=Path)
    asked = reader.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = asked.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        if asked.only != "find":
            speed(folder, 60.0)
        return 0 if asked.only == "speed" or finding(folder, asked.seconds, asked.clips, asked.forms) else 1


if __name__ == "__main__":
    raise SystemExit(main())
