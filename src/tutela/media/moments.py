"""`Moments`: which of the decoded frames of a video are taken."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tutela.media.sampling import Sampling
from tutela.model import Pixels

#: Side of the small picture by which two frames are compared.
_SIDE = 32

#: Mean difference of brightness (0 to 255) up to which a frame looks like the one before, if nowhere more than `_SPOT`.
SAME = 1.5
_SPOT = 24.0
#: ... and from which it begins a new scene.
CUT = 18.0
#: ... and how many times the usual difference that is, lest every frame of a fast pan begin one.
_RATHER = 3.0

#: Mean difference from the last frame taken from which the picture moves so fast that up to `_FASTER` times as many are
#: taken: two copies are sampled at different moments, and must meet nevertheless.
_FAST = 9.0
_FASTER = 4

#: Seconds after which a frame is taken though it looks like the last: a still hour has 60.
LONGEST = 60.0
#: Least seconds between two scenes: flashes are not scenes.
SHORTEST = 0.2

Look = npt.NDArray[np.float32]


class Moments:
    """Says of each frame, in the order of time, whether it is taken; see `Sampling`.  ``taken`` is the last one's."""

    def __init__(self, sampling: Sampling) -> None:
        self._mode = sampling.mode
        self._step = 1.0 / max(sampling.rate, 1e-6)
        self._due = 0.0
        self.taken = -LONGEST
        self._taken_look: Look | None = None
        self._look: Look | None = None
        self._usual: float | None = None

    def is_due(self, moment: float) -> bool:
        """Whether, by the rate alone, a frame of this moment is to be taken; half a millisecond of stamps' rounding."""
        return moment >= self._due - 5e-4

    def may_take(self, moment: float) -> bool:
        """Whether the pixels of a frame need looking at."""
        return self._mode in {"all", "keys", "scenes"} or self.is_due(moment)

    def take(self, moment: float, pixels: Pixels) -> bool:
        """Whether the frame is taken; tell every frame that `may_take` let through."""
        if self._mode == "scenes" and not self._is_scene(moment, pixels):
            return False
        self.taken = moment
        # On the grid of the rate, so that one late frame does not make all later ones late.
        late = moment - self._due
        self._due = self._due + self._step if 0 <= late < self._step / 2 else moment + self._step
        return True

    def _is_scene(self, moment: float, pixels: Pixels) -> bool:
        look = _small(pixels)
        before, self._look = self._look, look
        cut = before is None or self._is_cut(_far(look, before))
        new = self._taken_look is None or _differ(look, self._taken_look)
        taken = (
            (cut and new and moment - self.taken >= SHORTEST)
            or (self.is_due(moment) and new)
            or (moment - self.taken >= self._step / _FASTER and self._is_fast(look))
            or moment - self.taken >= LONGEST
        )
        if taken:
            self._taken_look = look
        return taken

    def _is_fast(self, look: Look) -> bool:
        return self._taken_look is not None and _far(look, self._taken_look) >= _FAST

    def _is_cut(self, far: float) -> bool:
        """Whether a frame is so far from the last, and from how far frames here are, that a scene begins."""
        if self._usual is None:
            self._usual = far
        cut = far >= max(CUT, _RATHER * self._usual)
        self._usual += (min(far, 2 * CUT) - self._usual) / 8
        return cut


def _small(pixels: Pixels) -> Look:
    """Return a small picture, float32 [32, 32]: means of some pixels of each field."""
    grey = pixels if pixels.ndim == 2 else pixels[:, :, 1]
    height, width = grey.shape
    rows = np.linspace(0, height - 1, 4 * _SIDE).astype(np.intp)
    columns = np.linspace(0, width - 1, 4 * _SIDE).astype(np.intp)
    some = grey[rows[:, None], columns[None, :]]
    small: Look = some.reshape(_SIDE, 4, _SIDE, 4).mean(axis=(1, 3), dtype=np.float32)
    return small


def _far(left: Look, right: Look) -> float:
    return float(np.abs(left - right).mean())


def _differ(left: Look, right: Look) -> bool:
    difference = np.abs(left - right)
    return float(difference.mean()) > SAME or float(difference.max()) > _SPOT
