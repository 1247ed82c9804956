import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from media.formats import VARIANTS, picture, png_chunk, saved
from tutela.media import frames
from tutela.media.mend import ends_early, mended
from tutela.model import Limits, MediaType, ProblemKind

RGB = picture(60, 80)
PNG = VARIANTS["png"](RGB)


def decoded(data):
    problems = []
    return [frame.pixels for frame in frames(data, Limits(), problems.append)], [problem.kind for problem in problems]


def with_chunk(chunk, *, behind=False):
    at = len(PNG) - 12 if behind else 33
    return PNG[:at] + chunk + PNG[at:]


BOMB = zlib.compress(bytes(50_000_000), 9)


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"zTXt", b"Comment\x00\x00" + BOMB),
        png_chunk(b"iTXt", b"Comment\x00\x01\x00\x00\x00" + BOMB),
        b"".join(png_chunk(b"zTXt", b"C\x00\x00" + zlib.compress(bytes(1_000_000))) for _ in range(70)),
        png_chunk(b"tEXt", b"Comment\x00words")[:-4] + b"oops",
        png_chunk(b"gAMA", b""),
    ],
)
def test_what_stands_beside_the_pixels_does_not_take_them_away(chunk, behind):
    found, kinds = decoded(with_chunk(chunk, behind=behind))
    assert len(found) == 1
    assert np.array_equal(found[0], RGB)
    assert set(kinds) <= {ProblemKind.DAMAGED, ProblemKind.TRUNCATED}


def test_a_colour_profile_that_is_a_bomb():
    found, kinds = decoded(with_chunk(png_chunk(b"iCCP", b"profile\x00\x00" + BOMB)))
    assert np.array_equal(found[0], RGB)
    assert kinds == [ProblemKind.DAMAGED]


def test_a_wrong_check_sum_of_the_header():
    data = bytearray(PNG)
    data[29] ^= 1
    found, kinds = decoded(bytes(data))
    assert np.array_equal(found[0], RGB)
    assert kinds == [ProblemKind.DAMAGED]


def test_a_missing_end_is_told_and_costs_nothing():
    found, kinds = decoded(PNG[:-12])
    assert np.array_equal(found[0], RGB)
    assert kinds == [ProblemKind.TRUNCATED]
    assert not ends_early(PNG, MediaType.PNG)


def test_a_mended_png_keeps_transparency_and_turn():
    data = VARIANTS["png-turned"](RGB)
    assert b"eXIf" in mended(data, MediaType.PNG)
    data = VARIANTS["png-palette-alpha"](RGB)
    assert np.array_equal(decoded(mended(data, MediaType.PNG))[0][0], decoded(data)[0][0])


def test_a_cut_webp_animation_keeps_its_whole_frames():
    pictures = [Image.fromarray(picture(60, 60, seed)) for seed in range(4)]
    data = saved(pictures[0], "WEBP", save_all=True, append_images=pictures[1:], duration=100, lossless=True)
    cut = data[: len(data) - 100]
    found, kinds = decoded(cut)
    assert len(found) == 3
    assert kinds == [ProblemKind.TRUNCATED]


def test_a_webp_that_claims_to_be_longer():
    data = bytearray(VARIANTS["webp-lossless"](RGB))
    data[4:8] = b"\xff\xff\xff\x00"
    found, kinds = decoded(bytes(data))
    assert np.array_equal(found[0], RGB)
    assert kinds == [ProblemKind.TRUNCATED]


@pytest.mark.parametrize("name", ["heic", "avif"])
def test_boxes_tell_the_end(name):
    data = VARIANTS[name](RGB)
    media_type = VARIANTS[name].media_type
    assert not ends_early(data, media_type)
    assert ends_early(data[:-1], media_type)
    assert ends_early(data[: len(data) // 2], media_type)


@given(st.binary(max_size=80), st.sampled_from(list(MediaType)))
def test_any_bytes(data, media_type):
    mended(data, media_type)
    ends_early(data, media_type)
