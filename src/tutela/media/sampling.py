"""`Sampling`: which frames of a video are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["scenes", "rate", "keys", "all"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which frames of a video are looked at.

    ``mode``:

    * ``"scenes"``: ``rate`` frames a second and the first of every new scene, without those that look like the one
      before, and up to four times as many where the picture moves fast; where the stream itself says that nothing
      changes, only key frames are decoded.
    * ``"rate"``: ``rate`` frames a second, whatever they show; at 1.0 the frames of ``vpdq``'s own default.
    * ``"keys"``: key frames only, which are decoded alone: the fast path.
    * ``"all"``: every frame, as the published sample hashes of ``vpdq`` were made.

    ``letterbox`` adds to every frame with black bars the same frame without them.
    """

    mode: Mode = "scenes"
    rate: float = 1.0
    letterbox: bool = True


#: What is done unless one asks for something else.
DEFAULT_SAMPLING = Sampling()
