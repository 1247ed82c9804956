"""The frames of a known video as bytes: what the store and the snapshots keep of their order.

A frame takes 37 bytes, little-endian: its time in seconds (float32, exact to 4 ms in ten hours), its quality (255 where
none is known) and its PDQ.  Frames are in the order of (time, value), each once, so that equal tracks are equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from tutela.model.signal import Orientation, Signal

#: The kind of signal that tracks are made of.
TRACKED = "pdq"

#: A frame of a track.
FRAME = np.dtype([("time", "<f4"), ("quality", "u1"), ("value", "u1", (32,))])

_UNKNOWN = 255

Track = npt.NDArray[np.void]


def pack_track(signals: Iterable[Signal]) -> bytes:
    """Return the track of all signals that have a time; no bytes if none has."""
    frames = {
        (float(np.float32(signal.time)), signal.value): signal.quality
        for signal in signals
        if signal.time is not None and signal.kind == TRACKED and signal.orientation is Orientation.ORIGINAL
    }
    track = np.zeros(len(frames), FRAME)
    ordered = sorted(frames)
    if ordered:
        track["time"] = [time for time, _ in ordered]
        track["quality"] = [_UNKNOWN if (quality := frames[key]) is None else quality for key in ordered]
        track["value"] = np.frombuffer(b"".join(value for _, value in ordered), np.uint8).reshape(-1, 32)
    return track.tobytes()


def read_track(packed: bytes) -> Track:
    """Return a track as an array of `FRAME` [n]; raises `ValueError` for bytes that are none."""
    return np.frombuffer(packed, FRAME)


def track_signals(packed: bytes) -> tuple[Signal, ...]:
    """Return the signals of a track, in the order of time."""
    return tuple(
        Signal(
            TRACKED,
            frame["value"].tobytes(),
            None if frame["quality"] == _UNKNOWN else int(frame["quality"]),
            time=float(frame["time"]),
        )
        for frame in read_track(packed)
    )
