import numpy as np

from grids.test_separation import sheet
from tutela.grids import cells_of, separate, variants
from tutela.grids.cutting import scaled
from tutela.model import Box, Frame


def test_cells_are_frames_that_know_where_they_were_cut():
    pixels, boxes = sheet(4, 3, 160, 120, 5)
    frame = Frame(2, pixels, pixels.shape[1], pixels.shape[0], time=1.5)
    cells = cells_of(frame, separate(pixels), 7)
    assert [cell.number for cell in cells] == list(range(7, 19))
    assert [cell.cell for cell in cells] == [Box(*box) for box in boxes]
    assert {(cell.parent, cell.time, cell.width, cell.height) for cell in cells} == {(2, 1.5, 160, 120)}
    x, y, width, height = boxes[5]
    assert np.array_equal(cells[5].pixels, pixels[y : y + height, x : x + width])


def test_a_cell_is_cut_a_pixel_smaller_and_without_its_bars_too():
    pixels = np.zeros((120, 160), np.uint8)
    pixels[15:105] = np.random.default_rng(1).integers(0, 256, (90, 160), np.uint8)
    smaller, inner = variants(Frame(0, pixels, 160, 120))
    assert np.array_equal(smaller.pixels, pixels[1:-1, 1:-1])
    assert np.array_equal(inner.pixels, pixels[15:105])


def test_a_picture_without_bars_is_cut_only_smaller():
    pixels = np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8)
    assert [part.pixels.shape for part in variants(Frame(0, pixels, 160, 120))] == [(118, 158, 3)]


def test_a_cell_of_one_tone_keeps_its_pixels():
    assert [part.width for part in variants(Frame(0, np.full((60, 60), 9, np.uint8), 60, 60))] == [58]


def test_boxes_are_scaled_up():
    pixels, boxes = sheet(4, 3, 160, 120, 5)
    doubled = scaled(separate(pixels), 2)
    assert [(cell.x, cell.y, cell.width, cell.height) for cell in doubled.cells] == [
        tuple(2 * value for value in box) for box in boxes
    ]
