"""Hash the reference's sample videos and compare with its published hashes, frame by frame.

    python bench/vpdq.py VIDEOS HASHES

``VIDEOS`` is ThreatExchange's ``tmk/sample-videos``, ``HASHES`` its ``vpdq/sample-hashes``.  The reference's own test
(``vpdq/cpp/regtest.py``) counts a frame as right within 31 bits, where both qualities are at least 50; frames of less
are passed over there and counted apart here.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tutela.media import Sampling, frames
from tutela.model import Limits, Problem, Signal
from tutela.signals import frame_signals

DISTANCE, QUALITY = 31, 50


def own(video: Path) -> dict[int, tuple[bytes, int, float]]:
    """Return frame number -> (hash, quality, seconds), by this library."""
    problems: list[Problem] = []
    found = {}
    for frame in frames(
        video.read_bytes(), Limits(), problems.append, luma=True, sampling=Sampling("all", letterbox=False)
    ):
        signal = frame_signals(frame)[0]
        if isinstance(signal, Signal):
            found[frame.number] = signal.value, signal.quality or 0, frame.time or 0.0
    for problem in problems:
        print(f"  {problem.message}", file=sys.stderr)
    return found


def published(hashes: Path) -> dict[int, tuple[bytes, int, float]]:
    """Return the same, by the reference: lines of ``frame,quality,hash,seconds``."""
    found = {}
    for line in hashes.read_text().split():
        number, quality, value, seconds = line.split(",")
        found[int(number)] = bytes.fromhex(value), int(quality), float(seconds)
    return found


def main(videos: Path, hashes: Path) -> int:
    """Compare every video that has published hashes; 0 if at least 99 % of frames lie within the tolerance."""
    right = counted = missing = 0
    every = []
    for video in sorted(videos.glob("*.mp4")):
        wanted = hashes / f"{video.stem}.txt"
        if not wanted.exists():
            continue
        ours, theirs = own(video), published(wanted)
        both = sorted(ours.keys() & theirs.keys())
        missing += len(theirs) - len(both)
        apart = np.array([(int.from_bytes(ours[n][0]) ^ int.from_bytes(theirs[n][0])).bit_count() for n in both])
        good = np.array([min(ours[n][1], theirs[n][1]) >= QUALITY for n in both])
        delay = max((abs(ours[n][2] - theirs[n][2]) for n in both), default=0.0)
        quality = max((abs(ours[n][1] - theirs[n][1]) for n in both), default=0)
        within = int((apart[good] <= DISTANCE).sum())
        right, counted = right + within, counted + int(good.sum())
        every.append(apart[good])
        print(
            f"{video.stem:34} {len(theirs):4} frames, {len(ours):4} ours: "
            f"{within}/{int(good.sum())} within {DISTANCE} bits "
            f"(mean {apart[good].mean():.2f}, most {apart[good].max()}), quality differs by {quality} at most, "
            f"{len(both) - int(good.sum())} below quality {QUALITY}, times by {delay:.3f} s"
        )
    joined = np.concatenate(every)
    share = right / (counted + missing)
    print(
        f"together: {right}/{counted} frames within {DISTANCE} bits, {missing} missing: {share:.4%}; "
        f"99th percentile {np.percentile(joined, 99):.0f} bits, equal {np.mean(joined == 0):.1%}"
    )
    return 0 if share >= 0.99 else 1


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
