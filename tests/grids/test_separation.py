import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grids.sheets import pictures, sheet
from tutela import _kernel
from tutela.grids import LAYOUTS, separate


def found_boxes(pixels):
    return [(cell.x, cell.y, cell.width, cell.height) for cell in separate(pixels).cells]


@pytest.mark.parametrize("gutter", [0, 1, 2, 5, 12])
@pytest.mark.parametrize(("columns", "rows"), [(4, 3), (6, 5), (3, 8)])
def test_cells_are_found_to_the_pixel(columns, rows, gutter):
    pixels, boxes = sheet(columns, rows, 160, 120, gutter)
    assert found_boxes(pixels) == boxes
    found = separate(pixels)
    assert (found.is_grid, found.layout) == (True, "grid")
    assert found.background == ((255, 255, 255) if gutter else None)


def test_a_sheet_on_its_side_is_the_same_on_its_side():
    pixels, boxes = sheet(4, 3, 160, 120, 6, background=(30, 60, 40))
    turned = np.ascontiguousarray(np.rot90(pixels, -1))
    height = pixels.shape[0]
    assert sorted(found_boxes(turned)) == sorted((height - y - h, x, h, w) for x, y, w, h in boxes)


def test_a_large_sheet_is_looked_at_smaller_and_told_at_full_size():
    pixels, boxes = sheet(4, 3, 900, 600, 20)
    for got, wanted in zip(found_boxes(pixels), boxes, strict=True):
        assert max(abs(a - b) for a, b in zip(got, wanted, strict=True)) <= 4


def test_single_pictures_are_left_whole():
    torn = [separate(np.asarray(picture)).is_grid for picture in pictures(142)]
    assert sum(torn) <= 2


def test_every_path_answers_alike():
    pixels, _ = sheet(5, 4, 120, 90, 3)
    before, answers = _kernel.path(), []
    try:
        for path in _kernel.paths():
            _kernel.use_path(path)
            answers.append(separate(pixels))
    finally:
        _kernel.use_path(before)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].is_grid


@settings(max_examples=60)
@given(st.integers(1, 160), st.integers(1, 160), st.integers(0, 1 << 30), st.sampled_from([1, 2, 7, 40]))
def test_anything_is_answered_with_boxes_inside(width, height, seed, tile):
    noise = np.random.default_rng(seed).integers(0, 256, (height // tile + 1, width // tile + 1), np.uint8)
    pixels = np.ascontiguousarray(np.kron(noise, np.ones((tile, tile), np.uint8))[:height, :width])
    found = separate(pixels)
    assert found.layout in LAYOUTS
    assert found.is_grid == bool(found.cells)
    for cell in found.cells:
        assert 0 <= cell.x < cell.x + cell.width <= width
        assert 0 <= cell.y < cell.y + cell.height <= height


@pytest.mark.parametrize("shape", [(1, 65535), (65535, 1), (48, 48), (3, 3), (100, 65536)])
def test_odd_shapes(shape):
    assert not separate(np.zeros(shape, np.uint8)).is_grid


def test_a_hundred_thousand_tiny_cells_are_no_sheet_and_no_crash():
    pixels = np.kron(np.indices((316, 316)).sum(axis=0) % 2 * 255, np.ones((3, 3))).astype(np.uint8)
    assert not separate(pixels).is_grid


@pytest.mark.parametrize("pixels", [np.zeros((9, 9), np.float32), np.zeros((9, 9, 4), np.uint8), np.zeros(9, np.uint8)])
def test_other_arrays_are_refused(pixels):
    with pytest.raises(ValueError, match="uint8"):
        separate(pixels)
