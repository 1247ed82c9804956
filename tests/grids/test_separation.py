import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

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


def test_captions_are_no_part_of_their_cells():
    made = Image.new("RGB", (4 * 170 + 10, 3 * 160 + 10), (18, 18, 20))
    draw, boxes = ImageDraw.Draw(made), []
    for number, picture in enumerate(pictures(12)):
        x, y = 10 + number % 4 * 170, 10 + number // 4 * 160
        made.paste(picture.resize((160, 120)), (x, y))
        draw.text((x + 8, y + 124), f"holiday {number} 00:{number:02}:17", fill=(225, 225, 225), font_size=15)
        boxes.append((x, y, 160, 120))
    found = found_boxes(np.asarray(made))
    assert sum(box in found for box in boxes) >= 10
    assert len(found) <= 12


def test_unequal_pictures_on_one_ground_are_found_to_the_pixel():
    boxes = [(8, 8, 300, 200), (316, 8, 120, 96), (316, 112, 120, 96), (444, 8, 180, 200), (8, 216, 200, 150)]
    boxes += [(216, 216, 408, 150), (8, 374, 616, 90)]
    made = Image.new("RGB", (632, 472), "white")
    for (x, y, width, height), picture in zip(boxes, pictures(20)[5:], strict=False):
        made.paste(picture.resize((width, height)), (x, y))
    found = separate(np.asarray(made))
    assert found.layout == "mosaic"
    assert sum(box in found_boxes(np.asarray(made)) for box in boxes) >= 6


def test_edges_are_put_where_the_ground_ends():
    pixels, boxes = sheet(4, 3, 160, 120, 12, background=(40, 90, 60))
    grey = np.ascontiguousarray(pixels[:, :, 1])
    off = np.array([(x - 3, y + 2, w + 5, h - 2) for x, y, w, h in boxes], np.int32)
    assert _kernel.trimmed(grey, off).reshape(-1, 4).tolist() == [list(box) for box in boxes]


@pytest.mark.parametrize("box", [(-1, 0, 5, 5), (0, 0, 0, 5), (0, 0, 51, 5), (2**31 - 1, 0, 5, 5)])
def test_a_cell_beyond_the_picture_is_refused(box):
    with pytest.raises(ValueError, match="beyond the picture"):
        _kernel.trimmed(np.zeros((50, 50), np.uint8), np.array([box], np.int32))
