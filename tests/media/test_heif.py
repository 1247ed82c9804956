import io

import numpy as np
import pillow_heif
import pytest

from media.formats import VARIANTS, deep, grey, picture
from tutela.media import frames
from tutela.model import Limits, ProblemKind

RGB = picture()


def decoded(data):
    problems = []
    return list(frames(data, Limits(), problems.append)), problems


def written(mode, samples):
    target = io.BytesIO()
    size = samples.shape[1], samples.shape[0]
    pillow_heif.from_bytes(mode, size, samples.tobytes()).save(target, quality=95, chroma=444)
    return target.getvalue()


def test_ten_bits_become_eight():
    (frame,), problems = decoded(written("RGB;16", deep(RGB)))
    assert problems == []
    assert np.abs(frame.pixels.astype(int) - RGB).mean() < 1
    (frame,), problems = decoded(written("I;16", deep(grey(RGB))))
    assert problems == []
    assert frame.pixels.shape == RGB.shape[:2]
    assert np.abs(frame.pixels.astype(int) - grey(RGB)).mean() < 1


def test_the_primary_picture_comes_first():
    other = np.ascontiguousarray(RGB[::-1])
    target = io.BytesIO()
    size = RGB.shape[1], RGB.shape[0]
    file = pillow_heif.from_bytes("RGB", size, other.tobytes())
    file.add_frombytes("RGB", size, RGB.tobytes())
    file.save(target, quality=95, chroma=444, primary_index=1)
    found, problems = decoded(target.getvalue())
    assert problems == []
    assert [frame.number for frame in found] == [0, 1]
    assert np.abs(found[0].pixels.astype(int) - RGB).mean() < 2
    assert np.abs(found[1].pixels.astype(int) - other).mean() < 2


@pytest.mark.parametrize("turn", range(2, 9))
def test_the_container_s_turn_is_applied_once_and_exif_not_again(turn):
    data = VARIANTS[f"heic-turned-{turn}"](RGB)
    assert b"irot" in data or b"imir" in data
    assert b"Exif" in data
    (frame,), _ = decoded(data)
    assert frame.exif_orientation == 1
    assert frame.pixels.shape == RGB.shape


def test_a_cut_file_is_called_truncated():
    data = VARIANTS["heic"](RGB)
    found, problems = decoded(data[:-50])
    assert found == []
    assert {problem.kind for problem in problems} == {ProblemKind.TRUNCATED}


@pytest.mark.parametrize("name", ["heic", "heic-grey", "heic-alpha", "heic-10-bit", "heic-10-bit-grey"])
@pytest.mark.parametrize("width", [57])
def test_a_header_that_lies_about_the_depth(name, width):
    """The decoder's packing of rows once wrote past their end here, so every other depth is tried."""
    data = bytearray(VARIANTS[name](picture(40, width)))
    at = data.index(b"hvcC") + 4
    for luma in range(8):
        for chroma in range(8):
            data[at + 17], data[at + 18] = 0xF8 | luma, 0xF8 | chroma
            found, problems = decoded(bytes(data))
            assert found or problems


def test_a_lie_about_the_depth_does_not_hide_a_grey_picture():
    data = bytearray(VARIANTS["heic-grey"](RGB))
    at = data.index(b"hvcC") + 4
    data[at + 17] = 0xF8 | 4
    (frame,), _ = decoded(bytes(data))
    assert np.abs(frame.pixels.astype(int) - grey(RGB)).mean() < 1


def test_a_damaged_list_of_metadata_costs_nothing():
    data = VARIANTS["heic-turned-6"](RGB)
    for at in range(data.index(b"iinf"), data.index(b"iinf") + 80):
        found, problems = decoded(data[:at] + b"\xff" + data[at + 1 :])
        assert found or problems
