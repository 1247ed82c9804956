"""Trains the scorer of outlines: `python tools/train_outline_scorer.py SHEETS SCREENS`.

SHEETS is the training set of tools/sheets/generator.py (its pages with pictures, and its single pictures, which must
not be torn), SCREENS a set of `tools/sheets/screenshots.py --split train --seed 101`.  Needs scikit-learn.  Everything
that is printed is of pictures that the trees have not seen (two folds); then it trains on everything and writes
src/tutela/grids/outlines.npz.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.ensemble import HistGradientBoostingClassifier

from train_grid_scorer import nodes
from tutela import _kernel
from tutela.grids.separation import LONGEST_SIDE, luma

TARGET = Path(__file__).resolve().parent.parent / "src" / "tutela" / "grids" / "outlines.npz"
FOLDS = 2
#: Of single pictures that are no drawn patterns, at most this share may have an outline that is believed.
ALLOWED = 0.0002
#: An outline is right if no side is farther off, in pixels; wrong from the second number on, and in doubt between.
RIGHT, WRONG = 2.01, 10.0
#: The best outline of a picture is right up to this: a player's bar may hide where the picture ends.
BEST = 5.0
MODEL: dict[str, Any] = {
    "max_iter": 250, "learning_rate": 0.08, "max_leaf_nodes": 15, "min_samples_leaf": 20, "l2_regularization": 1.0,
    "random_state": 0,
}  # fmt: skip

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Looked:
    """What was seen: a row an outline, its distance from a true box, its picture; kind/stratum of each picture."""

    features: npt.NDArray[np.float32]
    off: Numbers
    picture: npt.NDArray[np.int64]
    strata: npt.NDArray[np.str_]

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Which outlines are right."""
        least = np.full(len(self.strata), np.inf)
        np.minimum.at(least, self.picture, self.off)
        return np.asarray((self.off <= RIGHT) | ((self.off <= BEST) & (self.off <= least[self.picture] + 0.01)))


def look(folders: list[Path]) -> Looked:
    """Find the outlines of all pages and single pictures of some sets."""
    features, off, picture = [], [], []
    strata: list[str] = []
    for folder in folders:
        for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines():
            truth = json.loads(line)
            if truth["kind"] not in {"embedded", "single"}:
                continue
            grey = luma(np.asarray(Image.open(folder / truth["file"]).convert("RGB")))
            if max(grey.shape) > LONGEST_SIDE:
                continue
            boxes, rows = _kernel.outlines(_kernel.Evidence(grey))
            boxes = boxes.reshape(-1, 4)
            if len(boxes):
                features.append(rows.reshape(len(boxes), -1))
                off.append(distances(boxes.astype(np.float64), truth["cells"] + truth.get("others", [])))
                picture += [len(strata)] * len(boxes)
            strata.append(f"{truth['kind']}/{truth['stratum']}")
    return Looked(np.vstack(features), np.concatenate(off), np.array(picture), np.array(strata))


def distances(boxes: Numbers, true: list[dict[str, Any]]) -> Numbers:
    """Return how far, in pixels, the worst side of each box is from the true box that is nearest."""
    if not true:
        return np.full(len(boxes), 999.0)
    cells = np.array([[cell[key] for key in ("x", "y", "width", "height")] for cell in true], np.float64)
    corners, wanted = (np.column_stack([each[:, :2], each[:, :2] + each[:, 2:]]) for each in (boxes, cells))
    return np.asarray(np.abs(corners[:, None] - wanted[None]).max(axis=2).min(axis=1))


def report(seen: Looked, logits: Numbers) -> float:
    """Print what is found; return the logit from which on an outline is to be believed."""
    highest = np.full(len(seen.strata), -99.0)
    np.maximum.at(highest, seen.picture, logits)
    hit = np.full(len(seen.strata), -99.0)
    np.maximum.at(hit, seen.picture[seen.right], logits[seen.right])
    crops, single = seen.strata == "single/crop", np.char.startswith(seen.strata, "single/")
    ranked = np.sort(highest[crops])[::-1]
    for allowed in (0.0, 0.0002, 0.0005, 0.001, 0.002):
        least = ranked[int(allowed * len(ranked))]
        drawn = np.mean(highest[single & ~crops] > least)
        print(
            f"crops {allowed:.2%}: logit {least:.2f}, drawn {drawn:.1%}, pages {np.mean(hit[~single] > least):.1%}",
            f"found in any case {np.mean(hit[~single] > -99):.1%}",
        )
    least = float(ranked[int(ALLOWED * len(ranked))])
    for stratum in np.unique(seen.strata):
        here = seen.strata == stratum
        print(
            f"{stratum}: {here.sum()}, right {np.mean(hit[here] > least):.1%}, any {np.mean(highest[here] > least):.1%}"
        )
    return least


def main() -> None:
    """Look, train by folds, report, train on everything, write."""
    seen = look([Path(name) for name in sys.argv[1:3]])
    taught = seen.right | (seen.off > WRONG)
    fold = np.random.default_rng(0).integers(0, FOLDS, len(seen.strata))[seen.picture]
    logits = np.zeros(len(seen.off))
    for number in range(FOLDS):
        use = taught & (fold != number)
        model = HistGradientBoostingClassifier(**MODEL).fit(seen.features[use], seen.right[use])
        logits[fold == number] = model.decision_function(seen.features[fold == number])
    threshold = report(seen, logits)
    model = HistGradientBoostingClassifier(**MODEL).fit(seen.features[taught], seen.right[taught])
    record: dict[str, Any] = {**nodes(model), "width": np.array(seen.features.shape[1])}
    np.savez_compressed(TARGET, **record, threshold=np.array(threshold))


if __name__ == "__main__":
    main()
