import numpy as np
import pytest
from PIL import Image, ImageDraw

from grids.sheets import pictures
from tutela import _kernel
from tutela.grids import separate
from tutela.grids.outlines import outlines, overlap
from tutela.grids.separation import luma


def page(box, *, picture=3, ground=(250, 250, 248), border=0):
    """A page of text with one picture; `box` is the picture's."""
    x, y, width, height = box
    made = Image.new("RGB", (1000, 800), ground)
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, 0, 1000, 40), fill=(60, 90, 140))
    for row in range(60, 780, 24):
        # Above, below and beside the picture.
        for start, end in ((20, 980),) if row + 24 < y - border or row > y + height + border + 4 else ((720, 980),):
            draw.text((start, row), ("a page of some words that mean nothing " * 6)[: (end - start) // 7], fill="black")
    draw.rectangle((x - border, y - border, x + width + border - 1, y + height + border - 1), fill=(40, 40, 40))
    shown = pictures(picture + 1)[picture].resize((width, height), Image.Resampling.BICUBIC)
    made.paste(shown, (x, y))
    return np.asarray(made)


@pytest.mark.parametrize("picture", [0, 3, 5, 9])
@pytest.mark.parametrize("border", [0, 1, 5])
def test_a_picture_in_a_page_is_found(picture, border):
    box = (40, 150, 480, 360)
    found = separate(page(box, picture=picture, border=border))
    assert found.is_grid
    # A border may be taken for a part of the picture; cells are cut without it, too (see grids/cutting.py).
    most = 2 * border if border > 1 else 2
    boxes = [(cell.x, cell.y, cell.width, cell.height) for cell in found.cells]
    assert min(max(abs(a - b) for a, b in zip(one, box, strict=True)) for one in boxes) <= most


def test_a_page_is_embedded_and_so_is_a_dark_one():
    for ground in ((250, 250, 248), (24, 24, 28)):
        assert separate(page((40, 150, 480, 360), ground=ground)).layout == "embedded"


def test_a_page_without_pictures_holds_none():
    pixels = page((40, 150, 480, 360)).copy()
    pixels[145:515, 35:525] = pixels[60, 10]
    assert not outlines(_kernel.Evidence(luma(pixels)))


def test_photographs_are_not_even_looked_at():
    for picture in pictures(12):
        boxes, rows = _kernel.outlines(_kernel.Evidence(luma(np.asarray(picture))))
        assert rows.size == boxes.size // 4 * 49
        assert not separate(np.asarray(picture)).is_grid


def test_a_framed_picture_keeps_its_own_hash():
    pixels = np.asarray(pictures(4)[3].resize((600, 450)))
    framed = np.pad(pixels, ((30, 30), (30, 30), (0, 0)), constant_values=255)
    assert separate(framed).confidence < 0.9


def test_outlines_do_not_lie_on_each_other():
    found = outlines(_kernel.Evidence(luma(page((40, 150, 480, 360), border=5))))
    boxes = [np.array(one[:4]) for one in found]
    assert all(overlap(a, b) <= 0.3 for k, a in enumerate(boxes) for b in boxes[:k])
    assert [one[4] for one in found] == sorted((one[4] for one in found), reverse=True)


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [((0, 0, 10, 10), (5, 0, 10, 10), 0.5), ((0, 0, 10, 10), (2, 2, 4, 4), 1), ((0, 0, 4, 4), (4, 0, 4, 4), 0)],
)
def test_overlap(one, other, share):
    assert overlap(np.array(one), np.array(other)) == share


def test_every_path_finds_the_same():
    grey = luma(page((40, 150, 480, 360)))
    before, answers = _kernel.path(), []
    try:
        for path in _kernel.paths():
            _kernel.use_path(path)
            answers.append([part.tolist() for part in _kernel.outlines(_kernel.Evidence(grey))])
    finally:
        _kernel.use_path(before)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0]


@pytest.mark.parametrize("shape", [(1, 1), (127, 4000), (128, 128), (3000, 130)])
@pytest.mark.parametrize("tile", [1, 8, 40])
def test_anything_is_answered_with_boxes_inside(shape, tile):
    height, width = shape
    noise = np.random.default_rng(tile).integers(0, 256, (height // tile + 1, width // tile + 1), np.uint8)
    pixels = np.ascontiguousarray(np.kron(noise, np.ones((tile, tile), np.uint8))[:height, :width])
    for x, y, wide, high in _kernel.outlines(_kernel.Evidence(pixels))[0].reshape(-1, 4):
        assert 0 <= x < x + wide <= width
        assert 0 <= y < y + high <= height
