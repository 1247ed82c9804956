import numpy as np
import pytest
from PIL import Image

from media.formats import deep, grey, picture, saved, stored, tiff
from tutela.media import frames
from tutela.model import Limits, ProblemKind

RGB = picture(50, 70)
GREY = grey(RGB)


def decoded(data):
    problems = []
    return [frame.upright() for frame in frames(data, Limits(), problems.append)], problems


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("tile", [0, 16])
@pytest.mark.parametrize(
    ("samples", "photometric", "shows"),
    [
        (RGB, 2, RGB),
        (deep(RGB), 2, RGB),
        (GREY, 1, GREY),
        (255 - GREY, 0, GREY),
        (deep(GREY), 1, GREY),
        (65535 - deep(GREY), 0, GREY),
        ((GREY / 255).astype(np.float32), 1, GREY),
        (1 - (GREY / 255).astype(np.float32), 0, GREY),
    ],
)
def test_every_depth_in_both_byte_orders(samples, photometric, shows, tile, big_endian):
    found, problems = decoded(tiff(samples, photometric, big_endian=big_endian, tile=tile))
    assert problems == []
    assert np.array_equal(found[0], shows)


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("tile", [0, 16])
def test_separate_planes(tile, big_endian):
    found, problems = decoded(tiff(RGB, 2, planes=True, tile=tile, big_endian=big_endian))
    assert problems == []
    assert np.array_equal(found[0], RGB)
    found, problems = decoded(tiff(deep(RGB), 2, planes=True, tile=tile, big_endian=big_endian))
    assert problems == []
    assert np.abs(found[0].astype(int) - RGB).max() <= 1


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "F", "1"])
def test_compressed(mode, compression):
    image = Image.fromarray(RGB).convert(mode)
    found, problems = decoded(saved(image, "TIFF", compression=compression))
    assert problems == []
    expected = image.convert("RGB" if mode in ("RGB", "CMYK") else "L")
    assert np.abs(found[0].astype(int) - np.asarray(expected)).max() <= (1 if mode == "F" else 0)


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_is_applied_once(turn):
    found, problems = decoded(tiff(stored(RGB, turn), 2, tags=[(274, 3, (turn,))]))
    assert problems == []
    assert np.array_equal(found[0], RGB)


@pytest.mark.parametrize("turn", [1, 6])
def test_a_cut_page_keeps_its_rows_and_its_turn(turn):
    data = tiff(RGB, 2, tags=[(274, 3, (turn,))])
    table = int.from_bytes(data[4:8], "little")
    strip = data[8:table]
    # The same file with the table in front of a strip that ends early.
    short = strip[: len(strip) // 2]
    moved = bytearray(data[:4] + (8).to_bytes(4, "little") + data[table:] + short)
    shift = 8 - table
    count = int.from_bytes(moved[8:10], "little")
    sizes = {3: 2, 4: 4}
    for row in range(10, 10 + 12 * count, 12):
        tag, kind = int.from_bytes(moved[row : row + 2], "little"), int.from_bytes(moved[row + 2 : row + 4], "little")
        number = int.from_bytes(moved[row + 4 : row + 8], "little")
        value = int.from_bytes(moved[row + 8 : row + 12], "little")
        if tag == 273:
            value = len(moved) - len(short)
        elif sizes[kind] * number > 4:
            value += shift
        moved[row + 8 : row + 12] = value.to_bytes(4, "little")
    found, problems = decoded(bytes(moved))
    assert {problem.kind for problem in problems} == {ProblemKind.TRUNCATED}
    assert found[0].shape == (RGB.shape if turn == 1 else (RGB.shape[1], RGB.shape[0], 3))
    laid_back = stored(found[0], turn)
    assert np.array_equal(laid_back[:20], RGB[:20])


def test_an_unknown_kind_is_unsupported():
    found, problems = decoded(tiff(GREY.astype(np.float64), 1))
    assert found == []
    assert [problem.kind for problem in problems] == [ProblemKind.UNSUPPORTED]


def test_a_ring_of_pages_ends():
    data = bytearray(saved(Image.fromarray(RGB), "TIFF"))
    table = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[table : table + 2], "little")
    data[table + 2 + 12 * count : table + 6 + 12 * count] = data[4:8]
    found, _ = decoded(bytes(data))
    assert len(found) == 1
