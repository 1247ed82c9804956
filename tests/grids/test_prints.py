import numpy as np
import pytest
from PIL import Image

from grids.sheets import pictures
from tutela import _kernel
from tutela.grids import cells_of, separate
from tutela.grids.prints import straightened, tilted_prints
from tutela.model import Box, Frame
from tutela.signals import frame_signals

ANGLES = (-9.0, 6.0, 11.5, -4.0)


def album(border=0, ground=150, angles=ANGLES):
    """Prints of demo pictures thrown on a grey table, and the boxes of the pictures before they were turned."""
    made = Image.new("RGB", (1000, 800), (ground,) * 3)
    boxes = []
    for number, (picture, angle) in enumerate(zip(pictures(len(angles)), angles, strict=True)):
        x, y = 120 + number % 2 * 440, 110 + number // 2 * 360
        one = Image.new("RGB", (300 + 2 * border, 200 + 2 * border), "white")
        one.paste(picture.resize((300, 200)), (border, border))
        mask = Image.new("L", one.size, 255).rotate(angle, Image.Resampling.BICUBIC, expand=True)
        turned = one.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        made.paste(turned, (x + 150 - turned.width // 2, y + 100 - turned.height // 2), mask)
        boxes.append((x, y, 300, 200, angle))
    return np.asarray(made), boxes


@pytest.mark.parametrize("border", [0, 14])
def test_tilted_prints_are_found_without_their_borders(border):
    pixels, boxes = album(border)
    found = separate(pixels)
    assert (found.is_grid, found.layout) == (True, "mosaic")
    # Without a border a bright edge may run into the ground: that print is lost, and no other one.
    assert len(found.cells) == 4 if border else len(found.cells) >= 3
    for cell in found.cells:
        x, y, width, height, angle = min(boxes, key=lambda box: abs(box[0] - cell.x) + abs(box[1] - cell.y))
        assert abs(cell.angle - angle) < 0.5
        apart = (cell.x - x, cell.y - y, cell.width - width, cell.height - height)
        assert max(abs(side) for side in apart) <= 4


def test_a_print_laid_straight_meets_its_picture():
    pixels, _ = album(14)
    frames = cells_of(Frame(0, pixels, 1000, 800), separate(pixels), 1)
    for frame, picture in zip(frames, pictures(4), strict=True):
        own = np.asarray(picture.resize((300, 200)))
        (mine,) = frame_signals(frame)
        (wanted,) = frame_signals(Frame(0, own, 300, 200))
        assert (int.from_bytes(mine.value) ^ int.from_bytes(wanted.value)).bit_count() <= 31


def test_what_lies_straight_or_all_one_way_is_no_album():
    assert not tilted_prints(np.asarray(Image.fromarray(album(angles=(0, 0, 0, 0))[0]).convert("L")))
    assert not tilted_prints(np.asarray(Image.fromarray(album(angles=(9, 9, 9, 9))[0]).convert("L")))


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (60, 60), (20000, 50)])
def test_odd_shapes_have_no_prints(shape):
    assert not tilted_prints(np.full(shape, 90, np.uint8))


def test_an_untilted_box_is_cut_as_it_is():
    pixels = np.random.default_rng(1).integers(0, 256, (60, 80), np.uint8)
    assert np.array_equal(straightened(pixels, Box(10, 20, 30, 25)), pixels[20:45, 10:40])
    assert Box(10, 20, 30, 25).corners() == [(10, 20), (40, 20), (40, 45), (10, 45)]


def test_a_box_turned_by_a_right_angle_is_the_picture_turned_back():
    pixels = np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)
    turned = np.ascontiguousarray(np.rot90(pixels))  # anticlockwise
    straight = straightened(turned, Box(0, 0, 40, 40, 90.0))
    assert np.abs(straight.astype(int) - pixels).max() <= 1


@pytest.mark.parametrize("by", [1, 2, 3, 4, 5, 17])
def test_a_picture_is_reduced_to_the_rounded_means_of_its_squares(by):
    pixels = np.random.default_rng(by).integers(0, 256, (70, 101), np.uint8)
    height, width = 70 // by, 101 // by
    squares = pixels[: height * by, : width * by].reshape(height, by, width, by).astype(np.int64)
    means = (squares.sum(axis=(1, 3)) + by * by // 2) // (by * by)
    assert np.array_equal(_kernel.reduced(pixels, by), means)
