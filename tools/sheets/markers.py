"""Twins of clips and photographs in solid colours, one colour a frame, and how to read a sheet made of them."""

import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LEVELS = tuple(range(8, 256, 16))  # per channel; far enough apart to survive a video codec and JPEG of quality 95
THUMB = (64, 36)


def _colours() -> list[tuple[int, int, int]]:
    """Every colour of the levels but greys (grounds are often grey), in a fixed random order: neighbours differ."""
    every = [(r, g, b) for r in LEVELS for g in LEVELS for b in LEVELS if not r == g == b]
    random.Random(4).shuffle(every)
    return every


COLOURS = _colours()
_CODE = np.full((16, 16, 16), -1, np.int32)
for _k, _colour in enumerate(COLOURS):
    _CODE[tuple(v // 16 for v in _colour)] = _k


@dataclass(frozen=True)
class Clip:
    """A video of `frames` frames in `folder`: NAME.mp4, and its twin in mark/NAME.mp4."""

    name: str
    folder: Path
    frames: int

    def file(self, side: str) -> Path:
        """Return the video ("real") or its twin ("mark")."""
        return self.folder / ("mark" if side == "mark" else "") / f"{self.name}.mp4"


def _ffmpeg(*arguments: str, data: bytes | None = None) -> bytes:
    head = ["ffmpeg", "-y", "-v", "error", "-threads", "1"]
    return subprocess.run([*head, *arguments], check=True, capture_output=True, input=data).stdout


def films(folder: Path, photos: Path, count: int = 5) -> list[Path]:
    """Films of photographs: slow zooms that fade into each other, 25 frames a second, some 25 s each."""
    names, made = sorted(photos.glob("*.png")), []
    for k in range(count):
        out = folder / f"film{k}.mkv"
        made.append(out)
        if out.exists():
            continue
        inputs: list[str] = []
        chains: list[str] = []
        for n, name in enumerate(random.Random(k).sample(names, 8)):
            inputs += ["-i", str(name)]
            chains.append(f"[{n}]scale=1280:720:force_original_aspect_ratio=increase,crop=1280:720,"
                          f"zoompan=z='min(zoom+0.002,1.4)':d=100:s=480x270:fps=25,format=yuv420p[v{n}]")  # fmt: skip
        last = "v0"
        for n in range(1, 8):
            chains.append(f"[{last}][v{n}]xfade=transition=fade:duration=0.5:offset={n * 3.5:.1f}[x{n}]")
            last = f"x{n}"
        _ffmpeg(*inputs, "-filter_complex", ";".join(chains), "-map", f"[{last}]", "-crf", "16", str(out))
    return made


def prepare(folder: Path, clips: list[Path], photos: Path) -> list[Clip]:
    """Write working copies (480 pixels wide at most, constant rate, 1,500 frames at most) of clips, and their twins."""
    (folder / "mark").mkdir(parents=True, exist_ok=True)
    (folder / "films").mkdir(exist_ok=True)
    made = []
    for clip in [*clips, *films(folder / "films", photos)]:
        real, mark = folder / f"{clip.stem}.mp4", folder / "mark" / f"{clip.stem}.mp4"
        coded = ("-c:v", "libx264", "-g", "12", "-bf", "0", "-an")
        if not real.exists():
            _ffmpeg("-i", str(clip), "-vf", "scale='min(480,trunc(iw/2)*2)':-2,fps=12.5,setsar=1,format=yuv420p",
                    "-frames:v", "1500", *coded, "-crf", "16", str(real))  # fmt: skip
        with_size = subprocess.run(
            ["ffprobe", "-v", "error", "-select_streams", "v", "-count_packets", "-show_entries",
             "stream=width,height,nb_read_packets", "-of", "csv=p=0", str(real)],
            check=True, capture_output=True, text=True).stdout.split(",")  # fmt: skip
        width, height, frames = (int(v) for v in with_size[:3])
        if not mark.exists():
            solid = b"".join(bytes(COLOURS[k]) * (width * height) for k in range(frames))
            _ffmpeg("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "12.5", "-i", "-",
                    *coded, "-qp", "0", "-pix_fmt", "yuv444p", str(mark), data=solid)  # fmt: skip
        made.append(Clip(clip.stem, folder, frames))
    return made


def boxes(sheet: NDArray[np.uint8], *, lossy: bool) -> Iterator[tuple[int, tuple[int, int, int, int], bool]]:
    """(code, (x, y, width, height), whether it is an upright rectangle) of every marker seen in a sheet (h, w, 3)."""
    near = np.abs(sheet.astype(np.int16) % 16 - 8).max(axis=2) <= (7 if lossy else 6)
    code = np.where(near, _CODE[sheet[..., 0] // 16, sheet[..., 1] // 16, sheet[..., 2] // 16], -1)
    found, counts = np.unique(code, return_counts=True)
    for k, count in zip(found, counts, strict=True):
        if k < 0 or count < 500:
            continue
        mask = code == k
        across, down = mask.sum(axis=0), mask.sum(axis=1)
        xs, ys = np.nonzero(across * 4 >= across.max())[0], np.nonzero(down * 4 >= down.max())[0]
        x, y, width, height = int(xs[0]), int(ys[0]), int(xs[-1] - xs[0] + 1), int(ys[-1] - ys[0] + 1)
        if min(width, height) >= 24 and count >= 0.4 * width * height:
            if lossy:
                x, y, width, height = _grown(sheet, COLOURS[k], (x, y, width, height))
            corners = mask[np.ix_((y + 1, y + height - 2), (x + 1, x + width - 2))]
            yield int(k), (x, y, width, height), bool(corners.sum() >= 2)  # a time stamp may lie in a corner or two


def _grown(sheet: NDArray[np.uint8], colour: tuple[int, int, int], box: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return a box with the pixels at its edges that JPEG mixed with a black gutter: those nearer to the marker."""
    x, y, width, height = box
    left, top, right, bottom = x, y, x + width, y + height

    def inside(part: NDArray[np.uint8]) -> bool:
        line = np.median(part.reshape(-1, 3).astype(np.int16), axis=0)
        return bool(len(part) and np.abs(line - colour).sum() < line.sum())

    for _ in range(4):
        left -= left > 0 and inside(sheet[y : y + height, left - 1])
        top -= top > 0 and inside(sheet[top - 1, x : x + width])
        right += right < sheet.shape[1] and inside(sheet[y : y + height, right])
        bottom += bottom < sheet.shape[0] and inside(sheet[bottom, x : x + width])
    return left, top, right - left, bottom - top


@lru_cache(maxsize=20)
def _thumbs(clip: Clip) -> NDArray[np.float32]:
    raw = _ffmpeg("-i", str(clip.file("real")), "-vf", f"scale={THUMB[0]}:{THUMB[1]}:flags=area,format=gray",
                  "-f", "rawvideo", "-")  # fmt: skip
    frames = np.frombuffer(raw, np.uint8).reshape(-1, THUMB[0] * THUMB[1]).astype(np.float32)
    frames = frames - frames.mean(axis=1, keepdims=True)
    return np.asarray(frames / (np.linalg.norm(frames, axis=1, keepdims=True) + 1), np.float32)


def frame_of(clip: Clip, cell: NDArray[np.uint8], guess: int) -> int | None:
    """Return the number of the frame a cell shows: the most alike near the marker's, or None where none is."""
    small = np.asarray(Image.fromarray(cell).convert("L").resize(THUMB, Image.Resampling.BOX), np.float32).ravel()
    small = small - small.mean()
    low, thumbs = max(0, guess - 12), _thumbs(clip)
    alike = thumbs[low : guess + 13] @ (small / (float(np.linalg.norm(small)) + 1))
    if not len(alike) or alike.max() < 0.8:
        return None
    near = np.nonzero(alike >= alike.max() - 0.002)[0]
    return low + int(near[np.argmin(np.abs(near + low - guess))])
