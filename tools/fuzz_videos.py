"""Damaged, lying and hostile videos through the worker pool: every one must come back with a finding.

    python tools/fuzz_videos.py --files 5000 --seed 1

The mutations are those of ``fuzz_media.py``; the videos come from ``tests/media/videos.py``, one of each container.
"""

from __future__ import annotations

import argparse
import importlib
import random
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from tutela.engine import Engine, Policy
from tutela.media import Sampling
from tutela.model import Content, Finding, Limits

for folder in ("tests", "tools"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / folder))
fuzz_media = importlib.import_module("fuzz_media")
videos = importlib.import_module("media.videos")

#: One in this many files is a bomb.
BOMBS = 20
#: Bytes of each seed that are mutated most: the header of the container and of the first frames.
LIMITS = Limits(max_video_seconds=8.0, max_seconds=8.0, max_pixels=20_000_000, max_video_frames=500)


@lru_cache(maxsize=1)
def seed_videos() -> list[bytes]:
    """Return a small video of each container and of some more codecs."""
    pictures = [videos.scene(1, 96, 64, at / 40) for at in range(12)]
    more = [
        ("matroska", "libx265"),
        ("webm", "libvpx-vp9"),
        ("mp4", "libsvtav1"),
        ("avi", "mjpeg"),
        ("matroska", "ffv1"),
    ]
    found = [videos.encoded(pictures, form) for form in videos.CODECS]
    for form, codec in more:
        pixel_format = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        found.append(videos.encoded(pictures, form, codec=codec, pixel_format=pixel_format))
    return found


def thin(chance: random.Random) -> bytes:
    """Return a video of one line that is as long as can be, or of one column."""
    width, height = chance.choice(((16384, 2), (2, 16384), (8192, 8), (16, 16)))
    still = np.zeros((height, width, 3), np.uint8)
    data = bytearray(videos.encoded([still] * 3, "matroska", codec="mjpeg", pixel_format="yuvj420p"))
    for at in (data.find(b"\xff\xc0"),):
        if at > 0 and chance.random() < 0.7:  # and let its frames lie
            data[at + 5 : at + 9] = struct.pack(">HH", *chance.choice(((1, 65535), (65535, 1), (65535, 65535), (0, 9))))
    return bytes(data)


def lying_duration(chance: random.Random) -> bytes:
    """Return an MP4 whose headers tell any durations, counts and time scales."""
    data = bytearray(videos.moving("mp4"))
    for box in (b"mvhd", b"mdhd", b"tkhd", b"stts", b"stsz", b"stco", b"stsc", b"elst", b"ctts"):
        at = data.find(box)
        if at > 0 and chance.random() < 0.5:
            place = at + 4 + 4 * chance.randrange(6)
            data[place : place + 4] = chance.choice(fuzz_media.LIES).to_bytes(8, "big")[-4:]
    return bytes(data)


def endless(chance: random.Random) -> bytes:
    """Return a transport or program stream that goes on and on, or a file of a hundred thousand tiny frames."""
    form = chance.choice(("mpegts", "mpeg", "flv"))
    once: bytes = videos.moving(form)
    return once * chance.choice((50, 300))


def nothing(chance: random.Random) -> bytes:
    """Return a beginning, and then zeros or noise."""
    head = chance.choice(
        (
            b"\0\0\0\x18ftypisom\0\0\0\0isom",
            b"\x1a\x45\xdf\xa3\x9f\x42\x86",
            b"RIFF\xff\xff\xff\xffAVI LIST",
            b"FLV\x01\x05\0\0\0\x09",
        )
    )
    return head + (bytes(100_000) if chance.random() < 0.5 else chance.randbytes(100_000))


BOMB_MAKERS: tuple[Callable[[random.Random], bytes], ...] = (thin, lying_duration, lying_duration, endless, nothing)


def file_of(seed: int, number: int, seeds: Sequence[bytes]) -> bytes:
    """Return file ``number`` of a seed."""
    chance = random.Random(f"{seed} {number}")
    if number % BOMBS == 0:
        return chance.choice(BOMB_MAKERS)(chance)
    data = chance.choice(seeds)
    for _ in range(chance.choice((1, 1, 2, 3))):
        data = chance.choice(fuzz_media.MUTATIONS)(chance, bytearray(data), seeds) or b"\0"
    return data


def contents(seed: int, numbers: Sequence[int]) -> Iterator[Content]:
    """Yield the files, each named by its number."""
    seeds = seed_videos()
    for number in numbers:
        yield Content(str(number), data=file_of(seed, number, seeds))


def outcome(finding: Finding) -> str:
    """Return in a few words what came of a file."""
    kinds = ", ".join(sorted({problem.kind.value for problem in finding.problems})) or "no problem"
    return f"{'frames' if finding.frames else 'no frame'}: {kinds}"


def main() -> int:
    """Run; 1 if any file has neither frames nor a problem, or no finding."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--files", type=int, default=5000)
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--workers", type=int, default=2)
    asked = reader.parse_args()
    counts: Counter[str] = Counter()
    bad, begun, longest, last = [], time.monotonic(), 0.0, time.monotonic()
    policy = Policy(pixels="always", sampling=Sampling("all"))
    with Engine((), policy, LIMITS, asked.workers) as engine:
        for finding in engine.hash_many(contents(asked.seed, range(asked.files))):
            counts[outcome(finding)] += 1
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
            lost = [problem.message for problem in finding.problems if problem.kind in fuzz_media.LOST]
            if lost:
                print(f"file {finding.name}: {lost[0]}", flush=True)
            if not finding.frames and not finding.problems:
                bad.append(finding.name)
    for told, count in counts.most_common():
        print(f"{count:7} {told}")
    seconds = time.monotonic() - begun
    print(f"{counts.total()} files in {seconds:.0f} s, none waited for longer than {longest:.1f} s; untold: {bad[:20]}")
    return 0 if counts.total() == asked.files and not bad else 1


if __name__ == "__main__":
    raise SystemExit(main())
