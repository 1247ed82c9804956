"""Trains the grid scorer: `python tools/train_grid_scorer.py FOLDER` after `tools/sheets/generator.py --split train`.

Needs scikit-learn, which nothing else here does.  Everything that is printed is of pictures that the trees in question
have not seen (five folds); then it trains on everything and writes src/tutela/grids/scorer.npz.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from tutela import _kernel
from tutela.grids.scorer import compared
from tutela.grids.separation import looked_at

TARGET = Path(__file__).resolve().parent.parent / "src" / "tutela" / "grids" / "scorer.npz"
FOLDS = 5
#: No cell is made smaller than this, in pixels.
SMALLEST_MADE = 20
#: Of single pictures that are no drawn patterns, at most this share may be believed to be composites.
ALLOWED = 0.001
COMMON = {"min_samples_leaf": 20, "l2_regularization": 1.0, "random_state": 0}
FIT: dict[str, Any] = {"max_iter": 300, "learning_rate": 0.08, "max_leaf_nodes": 31, **COMMON}
WHETHER: dict[str, Any] = {"max_iter": 600, "learning_rate": 0.05, "max_leaf_nodes": 31, **COMMON}

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Looked:
    """What was seen of all pictures: a row a reading, and a row a picture."""

    features: npt.NDArray[np.float32]
    fits: Numbers
    picture: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.str_]
    strata: npt.NDArray[np.str_]
    butted: npt.NDArray[np.bool_]
    number: npt.NDArray[np.int64]

    @property
    def composite(self) -> npt.NDArray[np.bool_]:
        """Which pictures are composites."""
        return np.asarray(self.kinds != "single")


def overlaps(cells: Numbers, true: Numbers) -> Numbers:
    """Return intersection over union of every two boxes (x, y, width, height), [n, m]."""
    low = np.maximum(cells[:, None, :2], true[None, :, :2])
    high = np.minimum((cells[:, :2] + cells[:, 2:])[:, None], (true[:, :2] + true[:, 2:])[None])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    return np.asarray(both / (np.prod(cells[:, 2:], axis=1)[:, None] + np.prod(true[:, 2:], axis=1)[None] - both))


def fit_of(cells: Numbers, true: Numbers) -> float:
    """Return how well cells agree with the true ones: F1 of boxes that agree to 0.9 and to 0.75, averaged."""
    if not len(true):
        return 0.0
    shares = overlaps(cells, true)
    scores = []
    for least in (0.75, 0.9):
        recall, precision = np.mean(shares.max(axis=0) > least), np.mean(shares.max(axis=1) > least)
        scores.append(2 * recall * precision / max(recall + precision, 1e-9))
    return float(np.mean(scores))


def smaller(picture: Image.Image, longest: int) -> Image.Image:
    """Return the picture at another size, as it would be saved again."""
    by = longest / max(picture.size)
    file = io.BytesIO()
    size = (max(1, round(picture.width * by)), max(1, round(picture.height * by)))
    picture.resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=85)
    return Image.open(file).convert("RGB")


def shown(folder: Path) -> Iterator[tuple[dict[str, Any], Image.Image, Numbers]]:
    """Yield truth, picture and true cells of all pictures, and of every third one made small too."""
    random = np.random.default_rng(2)
    for number, line in enumerate((folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()):
        truth = json.loads(line)
        picture = Image.open(folder / truth["file"]).convert("RGB")
        true = np.array([[cell[key] for key in ("x", "y", "width", "height")] for cell in truth["cells"]], np.float64)
        yield truth, picture, true
        longest = int(random.integers(140, 500))
        by = longest / max(picture.size)
        if number % 3 == 0 and by < 1 and (not len(true) or true[:, 2:].min() * by >= SMALLEST_MADE):
            yield truth, smaller(picture, longest), true * by


def look(folder: Path) -> Looked:
    """Read all pictures of a set."""
    features: list[npt.NDArray[np.float32]] = []
    fits, pictures = [], []
    truths: list[dict[str, Any]] = []
    for truth, picture, true in shown(folder):
        grey, by = looked_at(np.asarray(picture))
        readings = _kernel.separate(_kernel.Evidence(grey))
        if readings:
            features.extend(compared(np.stack([row for _, row in readings])))
        for raw, _ in readings:
            fits.append(fit_of(raw.reshape(-1, 5)[:, :4].astype(np.float64) * by, true))
            pictures.append(len(truths))
        truths.append(truth)
    return Looked(
        np.array(features, np.float32),
        np.array(fits),
        np.array(pictures),
        np.array([truth["kind"] for truth in truths]),
        np.array([truth["stratum"] for truth in truths]),
        np.array([truth["butted"] for truth in truths]),
        np.unique([truth["file"] for truth in truths], return_inverse=True)[1],
    )


def chosen(seen: Looked, fits: Numbers) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return of every picture with readings its number, and the row for the second forest."""
    order = np.lexsort((-fits, seen.picture))
    pictures, first, counts = np.unique(seen.picture[order], return_index=True, return_counts=True)
    best = order[first]
    return pictures, np.column_stack([seen.features[best], fits[best], counts]).astype(np.float32)


def nodes(model: HistGradientBoostingClassifier | HistGradientBoostingRegressor) -> dict[str, npt.NDArray[Any]]:
    """Return a boosted model's trees as the kernel reads them, the baseline as a tree of one leaf."""
    parts: dict[str, list[Any]] = {"feature": [-1], "split": [float(model._baseline_prediction.ravel()[0])]}  # noqa: SLF001 - no public way
    parts |= {"left": [0], "right": [0], "roots": [0]}
    for (tree,) in model._predictors:  # noqa: SLF001 - as above
        at = len(parts["feature"])
        parts["roots"].append(at)
        for node in tree.nodes:
            leaf = bool(node["is_leaf"])
            parts["feature"].append(-1 if leaf else int(node["feature_idx"]))
            parts["split"].append(float(node["value"] if leaf else node["num_threshold"]))
            parts["left"].append(0 if leaf else at + int(node["left"]))
            parts["right"].append(0 if leaf else at + int(node["right"]))
    kinds = {"feature": np.int16, "split": np.float32, "left": np.int32, "right": np.int32, "roots": np.int32}
    return {name: np.array(values, kinds[name]) for name, values in parts.items()}


def report(seen: Looked, logits: Numbers) -> float:
    """Print the shares that are found; return the logit from which on a picture is to be believed."""
    crops, sheets = seen.strata == "crop", seen.composite & (seen.kinds != "embedded")
    ranked = np.sort(logits[crops])[::-1]
    for allowed in (0.0005, 0.001, 0.002, 0.005):
        least = ranked[int(allowed * len(ranked))]
        gutter, butted = (np.mean(logits[sheets & (seen.butted == kind)] > least) for kind in (False, True))
        drawn = np.mean(logits[~seen.composite & ~crops] > least)
        print(f"crops {allowed:.2%}: logit {least:.2f}, gutter {gutter:.1%}, butted {butted:.1%}, patterns {drawn:.1%}")
    return float(ranked[int(ALLOWED * len(ranked))])


def main() -> None:
    """Look, train by folds, report, train on everything, write."""
    seen = look(Path(sys.argv[1]))
    # A picture and its smaller copy belong together.
    fold = np.random.default_rng(0).integers(0, FOLDS, seen.number.max() + 1)[seen.number]
    fits = np.zeros(len(seen.fits))
    of_sheets = seen.composite[seen.picture]
    for number in range(FOLDS):
        here = fold[seen.picture] == number
        model = HistGradientBoostingRegressor(**FIT).fit(seen.features[~here & of_sheets], seen.fits[~here & of_sheets])
        fits[here] = model.predict(seen.features[here])
    pictures, rows = chosen(seen, fits)
    # What a page with a picture looks like is another question.
    taught = seen.kinds[pictures] != "embedded"
    answers = seen.composite[pictures]
    logits = np.full(len(seen.kinds), -99.0)
    for number in range(FOLDS):
        here = fold[pictures] == number
        whether = HistGradientBoostingClassifier(**WHETHER).fit(rows[~here & taught], answers[~here & taught])
        logits[pictures[here]] = whether.decision_function(rows[here])
    threshold = report(seen, logits)
    fit = HistGradientBoostingRegressor(**FIT).fit(seen.features[of_sheets], seen.fits[of_sheets])
    whether = HistGradientBoostingClassifier(**WHETHER).fit(rows[taught], answers[taught])
    record: dict[str, Any] = {f"fit_{name}": value for name, value in nodes(fit).items()}
    record |= {f"whether_{name}": value for name, value in nodes(whether).items()}
    record |= {"fit_width": np.array(seen.features.shape[1]), "whether_width": np.array(rows.shape[1])}
    np.savez_compressed(TARGET, **record, threshold=np.array(threshold))


if __name__ == "__main__":
    main()
