"""Which reading of a picture, and whether to believe it: two forests of decision trees over what the geometry found.

The geometry reads a picture in several ways (``readings`` in ``native/grids.cpp``), each with a row of features.  One
forest tells how well a reading's cells are likely to fit; of the reading that it likes best, the other one tells
whether the picture is put together from others at all.  The trees lie beside this file, with a model card;
`tools/train_grid_scorer.py` makes them from generated sheets and benign single pictures.
"""

from __future__ import annotations

import math
from importlib import resources

import numpy as np
import numpy.typing as npt

from tutela import _kernel

Features = npt.NDArray[np.float32]

#: Features of a reading that are compared with those of the others: how many cells, how much they cover, how sure, how
#: regular and how unlike they are, and how their sides stand out.
_COMPARED = (0, 1, 2, 3, 6, 7, 10, 15, 24, 27, 30, 33, 39)

#: The parts of a forest, as they are named in the file.
_PARTS = ("feature", "split", "left", "right", "roots")


def _read() -> tuple[_kernel.Forest, _kernel.Forest, float]:
    with (
        resources.files("tutela.grids").joinpath("scorer.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as held,
    ):
        fit, whether = (
            _kernel.Forest(
                **{part: held[f"{name}_{part}"].tolist() for part in _PARTS}, width=int(held[f"{name}_width"])
            )
            for name in ("fit", "whether")
        )
        return fit, whether, float(held["threshold"])


# Read with the module: a sandboxed worker can open no file later.
_FIT, _WHETHER, _THRESHOLD = _read()


def choose(readings: Features) -> tuple[int, float]:
    """Return the number of the reading to go by, and how sure it is that the picture is a composite, 0 to 1.

    0.5 is where the false positives of the tuning set reach what is allowed.  ``readings``: float32 [n, features], n of
    1 at least, as the kernel gives them.
    """
    rows = compared(readings)
    fits = _FIT.sums(rows)
    best = int(np.argmax(fits))
    logit = float(_WHETHER.sums(judged(rows[best], float(fits[best]), len(rows)))[0]) - _THRESHOLD
    return best, round(1 / (1 + math.exp(-max(-30.0, min(30.0, logit)))), 4)


def compared(readings: Features) -> Features:
    """Return the rows of the first forest: features, and how far some are from the others' greatest and least."""
    told = readings[:, _COMPARED]
    apart = np.zeros((len(readings), 2 * len(_COMPARED)), np.float32)
    for number in range(len(readings)):
        others = np.delete(told, number, axis=0)
        if len(others):
            apart[number] = np.concatenate([told[number] - others.max(axis=0), told[number] - others.min(axis=0)])
    return np.concatenate([readings, apart], axis=1)


def judged(row: Features, fit: float, readings: int) -> Features:
    """Return the row that the second forest reads: the first one's, how well it fits, and out of how many."""
    return np.concatenate([row, np.array([fit, readings], np.float32)]).reshape(1, -1)
