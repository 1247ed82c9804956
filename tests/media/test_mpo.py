import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from media.formats import picture, saved
from tutela.media import frames
from tutela.media.jpeg import segments
from tutela.media.mpo import further_pictures
from tutela.model import Limits

RGB = picture(64, 96)


def multi(*others, **options):
    more = [Image.fromarray(other) for other in others]
    return saved(Image.fromarray(RGB), "MPO", save_all=True, append_images=more, quality=92, **options)


def decoded(data, limits=None):
    problems = []
    return list(frames(data, limits or Limits(), problems.append)), problems


def test_every_picture_of_the_same_size():
    others = [picture(64, 96, seed) for seed in (1, 2)]
    found, problems = decoded(multi(*others))
    assert problems == []
    assert [frame.number for frame in found] == [0, 1, 2]
    for frame, rgb in zip(found[1:], others, strict=True):
        assert np.abs(frame.pixels.astype(int) - rgb).mean() < 4


def test_the_same_picture_once_more_and_a_smaller_one_are_left_out():
    found, problems = decoded(multi(RGB, np.ascontiguousarray(RGB[::2, ::2])))
    assert (len(found), problems) == (1, [])


def test_a_thumbnail_by_its_type_is_left_out():
    data = bytearray(multi(picture(64, 96, 1)))
    index = data.index(b"MPF\x00") + 4
    order = "<" if data[index : index + 2] == b"II" else ">"
    entry = (
        data.index(struct.pack(order + "I", 0x030000), index + 46) + 16
    )  # the first picture's type, then the second's
    data[entry : entry + 4] = struct.pack(order + "I", 0x010001)
    assert len(decoded(bytes(data))[0]) == 1


def test_limits_hold():
    data = multi(*[picture(64, 96, seed) for seed in (1, 2)])
    found, problems = decoded(data, Limits(max_frames=2))
    assert len(found) == 2
    assert len(problems) == 1


@pytest.mark.parametrize("cut", [10, 100, 2000])
def test_an_index_of_what_is_not_there(cut):
    data = multi(picture(64, 96, 1))
    first = data[: data.index(b"\xff\xd9") + 2]
    assert decoded(first)[1] == []
    assert len(decoded(data[:-cut])[0]) >= 1


@given(st.binary(max_size=120), st.booleans())
def test_any_index(rest, good):
    index = (b"II*\x00\x08\x00\x00\x00" if good else b"") + rest
    assert list(further_pictures(b"\xff\xd8\xff\xd9", 0, index)) in ([], [b"\xff\xd8\xff\xd9"], [b""])


def test_the_index_is_found():
    place, index = segments(multi(RGB)).mpf
    assert index[:2] in (b"II", b"MM")
    assert place > 0
