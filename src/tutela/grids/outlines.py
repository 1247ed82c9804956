"""Pictures within a page or a screenshot: which of the rectangles that the kernel proposes are pictures.

The kernel (``native/grid_outlines.cpp``) looks for rectangles whose four sides stand out, and measures what is within,
along and around them; a forest of decision trees says how likely each one is a picture's outline.  The trees lie
beside this file, with a model card; `tools/train_outline_scorer.py` makes them.
"""

from __future__ import annotations

import math
from importlib import resources

import numpy as np
import numpy.typing as npt

from tutela import _kernel

#: Outlines that are told at most.
MOST = 16

#: Outlines overlap if their intersection has more than this share of the smaller one; the likelier one stays.
_OVERLAP = 0.3

_PARTS = ("feature", "split", "left", "right", "roots")

#: A box (x, y, width, height, in pixels) and how sure it is, 0 to 1.
Outline = tuple[int, int, int, int, float]


def _read() -> tuple[_kernel.Forest, float]:
    with (
        resources.files("tutela.grids").joinpath("outlines.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as held,
    ):
        forest = _kernel.Forest(**{part: held[part].tolist() for part in _PARTS}, width=int(held["width"]))
        return forest, float(held["threshold"])


# Read with the module: a sandboxed worker can open no file later.
_FOREST, _THRESHOLD = _read()


def outlines(page: _kernel.Evidence) -> list[Outline]:
    """Return the outlines of pictures within a page, surest first; none of most photographs.

    Confidences are of 0.5 and more; 0.5 is where the false positives of the tuning
    set reach what is allowed.
    """
    flat, rows = _kernel.outlines(page)
    if not len(flat):
        return []
    boxes = flat.reshape(-1, 4).astype(np.int64)
    logits = _FOREST.sums(rows.reshape(len(boxes), -1)) - _THRESHOLD
    found: list[Outline] = []
    for at in np.argsort(-logits, kind="stable"):
        if logits[at] < 0 or len(found) == MOST:
            break
        box = boxes[at]
        if not any(overlap(box, np.array(other[:4])) > _OVERLAP for other in found):
            x, y, width, height = (int(value) for value in box)
            found.append((x, y, width, height, round(1 / (1 + math.exp(-min(30.0, float(logits[at])))), 4)))
    return found


def overlap(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> float:
    """Return which share of the smaller of two boxes (x, y, width, height) lies in the other one, too."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    both = float(np.prod(np.clip(high - low, 0, None)))
    return both / max(1, min(int(np.prod(one[2:])), int(np.prod(other[2:]))))
