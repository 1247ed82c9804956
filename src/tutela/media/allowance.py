"""What decoding one content may still cost, and how its problems are told."""

from __future__ import annotations

import time
from collections.abc import Callable

from tutela.model import Limits, Problem, ProblemKind

#: All frames of one content together may have this many times the pixels that one picture may.
FRAMES_TOGETHER = 4

#: So many frames are looked at for each distinct one that may be found.
LOOKED_AT = 16

#: More problems of one content than this say nothing new.
MOST_PROBLEMS = 64


class Allowance:
    """Limits of one content, counted down while it is decoded.

    ``report`` gets every distinct `Problem` once, `MOST_PROBLEMS` at most.
    """

    def __init__(self, limits: Limits, report: Callable[[Problem], None]) -> None:
        self.limits = limits
        self._report = report
        self._told: set[tuple[ProblemKind, str]] = set()
        self._pixels = limits.max_pixels * FRAMES_TOGETHER
        self._frames = limits.max_frames * LOOKED_AT
        self._deadline = time.monotonic() + limits.max_seconds

    def tell(self, kind: ProblemKind, place: str, message: str) -> None:
        """Report a problem, unless the same was reported of another frame."""
        if (kind, message) in self._told or len(self._told) >= MOST_PROBLEMS:
            return
        self._told.add((kind, message))
        self._report(Problem(kind, place, message))

    def picture(self, width: int, height: int, place: str) -> bool:
        """Whether a picture of this size may be decoded; counts its pixels, and reports it if it may not."""
        pixels = width * height
        if pixels > self.limits.max_pixels:
            text = f"{width} x {height} pixels are more than the limit of {self.limits.max_pixels}"
            self.tell(ProblemKind.LIMIT, place, text)
            return False
        if pixels > self._pixels:
            text = f"its frames together have more than {FRAMES_TOGETHER} x {self.limits.max_pixels} pixels"
            self.tell(ProblemKind.LIMIT, place, text)
            return False
        self._pixels -= pixels
        return True

    def another(self, distinct: int, place: str) -> bool:
        """Whether one more frame may be looked at after ``distinct`` distinct ones: by number and by time."""
        self._frames -= 1
        if distinct >= self.limits.max_frames or self._frames <= 0:
            text = f"more frames than the limit of {self.limits.max_frames} distinct ones; the rest was left out"
            self.tell(ProblemKind.LIMIT, place, text)
            return False
        if time.monotonic() > self._deadline:
            text = f"decoding took more than {self.limits.max_seconds:g} s; the rest was left out"
            self.tell(ProblemKind.TIMEOUT, place, text)
            return False
        return True
