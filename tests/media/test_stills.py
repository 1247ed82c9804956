"""What only shows when Pillow reads frame by frame; `test_decoding` has every format's pixels."""

import struct
import threading

import numpy as np
import pytest
from PIL import Image, ImageFile

from media.formats import VARIANTS, picture, saved
from tutela.media import frames
from tutela.model import Limits, ProblemKind

RGB = picture(60, 80)


def decoded(data, limits=None):
    problems = []
    return list(frames(data, limits or Limits(), problems.append)), problems


@pytest.mark.parametrize("tail", [b"\x00", b"rubbish", b"rubbish;"])
def test_bytes_behind_a_gif_are_no_problem(tail):
    for name in ("gif", "gif-animated"):
        found, problems = decoded(VARIANTS[name](RGB) + tail)
        assert (len(found), problems) == (VARIANTS[name].frames, [])


@pytest.mark.parametrize("name", ["gif", "gif-animated"])
def test_a_gif_without_its_end_mark(name):
    found, problems = decoded(VARIANTS[name](RGB)[:-1])
    assert len(found) == VARIANTS[name].frames
    assert [problem.kind for problem in problems] == [ProblemKind.TRUNCATED]


def test_a_gif_that_grows_beyond_the_limit():
    data = bytearray(VARIANTS["gif-animated"](RGB))
    second = data.index(b"\x2c", data.index(b"\x2c") + 2000)
    data[second + 1 : second + 9] = struct.pack("<HHHH", 0, 0, 60_000, 60_000)
    found, problems = decoded(bytes(data))
    assert found
    assert problems


def test_a_damaged_page_does_not_take_the_next_away():
    pages = [Image.fromarray(picture(60, 80, seed)) for seed in range(3)]
    data = bytearray(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw"))
    whole, _ = decoded(bytes(data))
    table = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[table : table + 2], "little")
    rows = range(table + 2, table + 2 + 12 * count, 12)
    row = next(row for row in rows if int.from_bytes(data[row : row + 2], "little") == 273)
    strip = int.from_bytes(data[row + 8 : row + 12], "little")
    data[strip : strip + 200] = b"\xff" * 200
    found, problems = decoded(bytes(data))
    assert problems
    assert np.array_equal(found[-1].pixels, whole[-1].pixels)
    assert len(found) >= 2


def test_a_bmp_whose_alpha_is_nought_is_opaque():
    height, width = RGB.shape[:2]
    header = struct.pack("<IiiHHIIiiII", 108, width, height, 1, 32, 3, 4 * width * height, 0, 0, 0, 0)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + bytes(52)
    pixels = np.dstack([RGB[::-1, :, ::-1], np.zeros((height, width), np.uint8)]).tobytes()
    data = b"BM" + struct.pack("<IHHI", 122 + len(pixels), 0, 0, 122) + header + masks + pixels
    (frame,), problems = decoded(data)
    assert problems == []
    assert np.array_equal(frame.pixels, RGB)


def test_other_decoders_of_pillow_are_never_asked():
    for kind in ("PPM", "TGA", "ICO", "PCX", "SGI", "PDF"):
        found, problems = decoded(saved(Image.fromarray(RGB), kind))
        assert found == []
        assert [problem.kind for problem in problems] == [ProblemKind.UNSUPPORTED]


def test_the_process_s_switches_stay_as_they_are():
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    seen = []

    def report(_problem):
        seen.append((Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES))

    for name in ("png", "gif", "tiff", "jpeg", "bmp"):
        data = VARIANTS[name](RGB)
        list(frames(data[: len(data) // 2], Limits(), report))
    assert set(seen) == {before}


def test_threads_get_the_same_frames():
    files = [VARIANTS[name](RGB) for name in ("png", "gif-animated", "webp", "tiff-pages", "avif", "heic", "jpeg")]
    files += [data[: len(data) * 2 // 3] for data in files]
    expected = [[frame.pixels.tobytes() for frame in decoded(data)[0]] for data in files]
    results = {}

    def work(name):
        results[name] = [[frame.pixels.tobytes() for frame in decoded(data)[0]] for data in files]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(results.values()) == [expected] * 4
