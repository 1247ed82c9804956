import json

import pytest
from PIL import Image

from cli.running import run
from grids.test_separation import sheet


@pytest.fixture
def files(tmp_path):
    pixels, boxes = sheet(4, 3, 160, 120, 5)
    paths = [tmp_path / "sheet.png", tmp_path / "single.png", tmp_path / "text.txt"]
    Image.fromarray(pixels).save(paths[0])
    Image.fromarray(pixels[10:120, 10:150]).save(paths[1])
    paths[2].write_text("no picture")
    return paths, boxes


def test_a_line_a_picture(tmp_path, files):
    paths, boxes = files
    result = run(tmp_path / "home", "grid", "--jsonl", *paths)
    assert result.returncode == 0
    found, single, text = (json.loads(line) for line in result.stdout.splitlines())
    assert (found["path"], found["is_grid"], found["layout"]) == (str(paths[0]), True, "grid")
    assert found["confidence"] > 0.9
    assert [(cell["x"], cell["y"], cell["width"], cell["height"]) for cell in found["cells"]] == boxes
    assert all(0 <= cell["confidence"] <= 1 for cell in found["cells"])
    assert (single["is_grid"], single["layout"], single["cells"]) == (False, "single", [])
    assert text["problems"][0]["kind"] == "unsupported"
    assert b"3 files: 1 sheet; 1 could not be read" in result.stderr
    assert run(tmp_path / "home", "grid", "--strict", paths[2]).returncode == 11


def test_a_table_for_people(tmp_path, files):
    result = run(tmp_path / "home", "grid", "--table", files[0][0])
    heading, line = result.stdout.decode().splitlines()
    assert heading.split() == ["layout", "sure", "cells", "path"]
    assert line.split()[0] == "grid"
    assert line.split()[2] == "12"


def test_cells_are_outlined_where_asked_and_nothing_is_overwritten(tmp_path, files):
    folder = tmp_path / "outlined"
    paths, boxes = files
    asked = ("grid", "--in-process", "--overlay", folder, paths[0], paths[1])
    assert run(tmp_path / "home", *asked).returncode == 0
    (written,) = folder.iterdir()
    x, y, _, height = boxes[5]
    assert Image.open(written).getpixel((x, y + height // 2)) == (255, 0, 0)
    again = run(tmp_path / "home", *asked)
    assert again.returncode == 2
    assert b"is there already" in again.stderr
    assert run(tmp_path / "home", "grid", "--overlay", folder, paths[0]).returncode == 2


def test_hashing_without_cells_sees_one_picture(tmp_path, files):
    result = run(tmp_path / "home", "hash", "--jsonl", "--no-cells", files[0][0])
    assert len(json.loads(result.stdout)["frames"]) == 1
    result = run(tmp_path / "home", "hash", "--jsonl", files[0][0])
    assert len(json.loads(result.stdout)["frames"]) == 13
