"""Small videos, made here."""

from __future__ import annotations

import io
from functools import lru_cache

import av
import numpy as np
from PIL import Image

#: Format of FFmpeg -> codec that goes into it.
CODECS = {
    "mp4": "libx264",
    "mov": "mpeg4",
    "matroska": "libx264",
    "webm": "libvpx",
    "avi": "mpeg4",
    "mpeg": "mpeg2video",
    "mpegts": "mpeg2video",
    "flv": "flv",
    "asf": "wmv2",
}


def scene(seed: int, width: int = 160, height: int = 120, shift: float = 0.0) -> np.ndarray:
    """A picture of soft patches, RGB, moved sideways by a share of its width."""
    patches = np.random.default_rng(seed).integers(16, 236, (24, 96), np.uint8)
    left = 32 * shift % 64
    box = (left, 0, left + 32, 24)
    grey = Image.fromarray(patches).resize((width, height), Image.Resampling.BILINEAR, box=box)
    return np.repeat(np.asarray(grey)[:, :, None], 3, axis=2)


def encoded(frames, form="mp4", *, codec=None, rate=10, options=None, pixel_format="yuv420p") -> bytes:
    """The frames, RGB, as a video file."""
    target = io.BytesIO()
    with av.open(target, "w", format=form) as container:
        stream = container.add_stream(codec or CODECS[form], rate=rate, options=options or {})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.bit_rate = 1_000_000
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return target.getvalue()


@lru_cache(maxsize=16)
def scenes(form: str = "mp4", *, seconds: int = 2, seeds: tuple[int, ...] = (1, 2, 3), rate: int = 10) -> bytes:
    """A still scene of so many seconds for each seed."""
    return encoded([scene(seed) for seed in seeds for _ in range(seconds * rate)], form, rate=rate)


@lru_cache(maxsize=16)
def moving(form: str = "mp4", *, seconds: int = 3, seed: int = 1, rate: int = 10) -> bytes:
    """A scene that moves all the time."""
    return encoded([scene(seed, shift=0.4 * at / rate) for at in range(seconds * rate)], form, rate=rate)
