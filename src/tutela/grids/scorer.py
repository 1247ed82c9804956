"""Whether: a small network over what the geometry found.

22 features of a separation (``describe`` in ``native/grids.cpp``) through two hidden layers to one logit.  The weights
lie beside this file, with a model card; `tools/train_grid_scorer.py` makes them from generated sheets and benign
single pictures.
"""

from __future__ import annotations

import json
import math
from importlib import resources

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]


def _read() -> tuple[Weights, Weights, tuple[tuple[Weights, Weights], ...], float]:
    text = resources.files("tutela.grids").joinpath("scorer.json").read_text(encoding="utf-8")
    record = json.loads(text)
    layers = tuple(
        (np.array(layer["weight"], np.float32).T, np.array(layer["bias"], np.float32)) for layer in record["layers"]
    )
    return np.array(record["mean"], np.float32), np.array(record["scale"], np.float32), layers, record["threshold"]


# Read with the module: a sandboxed worker can open no file later.
_MEAN, _SCALE, _LAYERS, _THRESHOLD = _read()


def confidence(features: Weights) -> float:
    """Return how sure it is that a picture with these features is a composite, 0 to 1.

    0.5 is where the false positives of the tuning set reach what is allowed.  ``features``: float32, as the kernel
    gives them.
    """
    values = (features[: len(_MEAN)] - _MEAN) / _SCALE
    for number, (weight, bias) in enumerate(_LAYERS):
        values = values @ weight + bias
        if number + 1 < len(_LAYERS):
            values = np.maximum(values, 0)
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, float(values[0]) - _THRESHOLD)))), 4)
