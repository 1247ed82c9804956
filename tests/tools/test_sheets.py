"""`tools/sheets`: what the truth of a made sheet says is what the sheet shows."""

import importlib
import random
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PICTURES = sorted((ROOT / "src" / "tutela" / "demo" / "pictures").glob("*.jpg"))[:16]


@pytest.fixture
def sheets(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools" / "sheets")
    return importlib.import_module("generator")


@pytest.fixture
def pictures(sheets):
    source = importlib.import_module("sources").Source
    return [source(p.name, "photo", Image.open(p).convert("RGB"), 1.0, (0, 0)) for p in PICTURES]


def alike(a, b):
    a, b = (np.asarray(v.convert("L").resize((24, 24), Image.Resampling.BOX), float).ravel() for v in (a, b))
    return np.corrcoef(a, b)[0, 1]


@pytest.mark.parametrize(
    "stratum",
    ["plain", "thin", "butted", "ground", "border", "tiny", "spanning", "mosaic", "wall", "two_sizes", "pair"],
)
def test_cells_show_the_part_of_the_source_that_the_truth_names(sheets, pictures, stratum):
    original = {p.name: Image.open(p).convert("RGB") for p in PICTURES}
    for seed in (0, 2):
        image, truth = sheets.make_sheet(random.Random(seed), pictures, stratum)
        assert len(truth["cells"]) >= 2
        seen = []
        for cell in truth["cells"]:
            x, y, w, h = (cell[k] for k in ("x", "y", "width", "height"))
            assert x >= 0
            assert y >= 0
            assert x + w <= image.width + 0.01
            assert y + h <= image.height + 0.01
            if cell["angle"] or "inner" in cell or "blank" in cell:
                continue
            shown = image.crop((round(x), round(y), round(x + w), round(y + h)))
            seen.append(alike(shown, original[cell["source"]].crop([round(v) for v in cell["crop"]])))
        if seen and not truth["style"]["stamps"]:  # JPEG of quality 30 and plain parts lower single values
            assert np.median(seen) > 0.93


@pytest.mark.parametrize("stratum", ["plain", "butted", "spanning", "mosaic", "wall", "two_sizes", "screen"])
def test_cells_do_not_overlap(sheets, pictures, stratum):
    _, truth = sheets.make_sheet(random.Random(5), pictures, stratum)
    boxes = [(c["x"], c["y"], c["x"] + c["width"], c["y"] + c["height"]) for c in truth["cells"]]
    for a, b in combinations(boxes, 2):
        assert min(a[2], b[2]) - max(a[0], b[0]) <= 0.02 or min(a[3], b[3]) - max(a[1], b[1]) <= 0.02


def test_boxes_follow_a_turn_and_a_change_of_scale(sheets):
    composing = importlib.import_module("composing")
    image = Image.new("RGB", (120, 80))
    image.paste((255, 0, 0), (10, 20, 50, 60))
    truth = {"gutter": 4, "cells": [{"x": 10, "y": 20, "width": 40, "height": 40, "angle": 0}]}
    image = composing.scaled(composing.turned(image, truth, 1), truth, 2)
    cell = truth["cells"][0]
    ys, xs = np.nonzero(np.asarray(image)[..., 0] > 127)
    assert (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) == (
        cell["x"], cell["y"], cell["x"] + cell["width"], cell["y"] + cell["height"],
    )  # fmt: skip
    assert cell["angle"] == 90


def test_the_same_seed_gives_the_same_files(sheets, pictures, tmp_path):
    for name in ("a", "b"):
        sheets.write(tmp_path / name, pictures, 3, 3, 3)
    assert (tmp_path / "a" / "truth.jsonl").read_text() == (tmp_path / "b" / "truth.jsonl").read_text()
    assert len(list((tmp_path / "a").iterdir())) == 7
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_negatives_have_no_cells_and_a_size(sheets, pictures):
    negatives = importlib.import_module("negatives")
    for maker in set(negatives.HARD):
        image = maker(random.Random(1), pictures)
        assert min(image.size) >= 100
    image, truth = sheets.make_single(random.Random(1), pictures)
    assert truth["cells"] == []
    assert min(image.size) >= 100


def test_all_sizes_of_a_picture_fall_on_one_side_of_the_split(sheets):
    sources = importlib.import_module("sources")
    paths = [
        "pictures/x/usr/share/wallpapers/Altai/contents/images/1080x1920.png",
        "pictures/x/usr/share/wallpapers/Altai/contents/images/5120x2880.png",
    ]
    assert len({sources.of_split(p, "train") for p in paths}) == 1
    names = [f"pictures/{k}abc.png" for k in range(300)]
    train = [n for n in names if sources.of_split(n, "train")]
    report = [n for n in names if sources.of_split(n, "report")]
    assert sorted(train + report) == sorted(names)
    assert 180 < len(train) < 240


def test_markers_are_read_back_from_a_sheet_with_time_stamps(sheets):
    markers = importlib.import_module("markers")
    sheet = np.zeros((200, 300, 3), np.uint8)
    sheet[10:90, 20:140] = markers.COLOURS[7]
    sheet[100:180, 140:280] = markers.COLOURS[4000]
    sheet[70:88, 24:80] = 0  # a time stamp's box
    found = {code: (box, upright) for code, box, upright in markers.boxes(sheet, lossy=False)}
    assert found == {7: ((20, 10, 120, 80), True), 4000: ((140, 100, 140, 80), True)}
