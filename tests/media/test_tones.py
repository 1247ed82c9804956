import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from tutela.media.tones import eight_bit, scale, stretch


def test_every_16_bit_value_is_scaled_and_rounded():
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    exact = np.floor(values.astype(np.float64) * 255 / 65535 + 0.5)
    assert np.array_equal(scale(values), exact)
    for order in ("<u2", ">u2"):
        image = Image.fromarray(values.astype(order))
        assert image.mode.startswith("I;16")
        assert np.array_equal(eight_bit(image), exact)


def test_12_bit_values_fill_the_range():
    values = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    assert np.array_equal(scale(values, 12), np.floor(values.astype(float) * 255 / 4095 + 0.5))
    assert scale(np.array([[65535]], np.uint16), 12)[0, 0] == 255


def test_16_bit_where_white_is_zero():
    image = Image.fromarray(np.array([[0, 257 * 100, 65535]], np.uint16))
    assert eight_bit(image, inverted=True).tolist() == [[255, 155, 0]]


def test_a_16_bit_colour_key_is_white():
    image = Image.fromarray(np.array([[1000, 1001]], np.uint16))
    image.info["transparency"] = 1000
    assert eight_bit(image).tolist() == [[255, 4]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 0.25], [0, 64]),
        ([0.0, 100.4, 254.6], [0, 100, 255]),
        ([0.0, 65535.0, 32896.0], [0, 255, 128]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.0, 1e9], [0, 255]),
        ([float("nan"), 1.0, float("inf")], [0, 255, 0]),
        ([-5.0, -5.0], [0, 0]),
    ],
)
def test_floats_by_their_range(values, expected):
    assert stretch(np.array([values], np.float32)).tolist() == [expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 1], [0, 1]), ([0, 255], [0, 255]), ([0, 65535], [0, 255]), ([0, 2**31 - 1], [0, 255]), ([-10, 10], [0, 255])],
)
def test_whole_numbers_by_their_range(values, expected):
    assert stretch(np.array([values], np.int32)).tolist() == [expected]


def test_32_bit_without_sign():
    image = Image.fromarray(np.array([[0, 2**32 - 1, 2**31]], np.uint32).view(np.int32))
    assert eight_bit(image, unsigned=True).tolist() == [[0, 255, 128]]


@settings(derandomize=True)
@given(hnp.arrays(np.float32, (3, 3), elements=st.floats(width=32)))
def test_any_floats_give_pixels_and_no_warning(values):
    assert stretch(values).dtype == np.uint8


def test_straight_alpha_lies_over_white_rounded():
    colours, alphas = np.mgrid[0:256, 0:256].astype(np.uint8)
    exact = np.floor((colours.astype(float) * alphas + 255.0 * (255 - alphas.astype(float))) / 255 + 0.5)
    rgba = Image.fromarray(np.dstack([colours, colours, colours, alphas]))
    assert np.array_equal(eight_bit(rgba), np.dstack([exact] * 3))
    grey = Image.fromarray(np.dstack([colours, alphas]), "LA")
    assert np.array_equal(eight_bit(grey), exact)


def test_a_picture_that_is_transparent_everywhere_is_taken_as_opaque():
    colours = np.full((4, 4, 3), 77, np.uint8)
    rgba = Image.fromarray(np.dstack([colours, np.zeros((4, 4), np.uint8)]))
    assert (eight_bit(rgba) == 77).all()


@pytest.mark.parametrize("mode", ["La", "RGBa"])
def test_premultiplied_alpha_is_undone(mode):
    straight = Image.new(mode.upper(), (2, 2), (100, 128) if mode == "La" else (100, 100, 100, 128))
    straight.putpixel((0, 0), (100, 255) if mode == "La" else (100, 100, 100, 255))
    difference = eight_bit(straight.convert(mode)).astype(int) - eight_bit(straight)
    assert np.abs(difference).max() <= 1


def test_palettes():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 210, 220])
    image.putpixel((1, 0), 1)
    assert eight_bit(image).tolist() == [[[10, 20, 30], [200, 210, 220]]]
    image.info["transparency"] = 0
    assert eight_bit(image).tolist() == [[[255, 255, 255], [200, 210, 220]]]
    image.info["transparency"] = b"\xff\x80"
    assert eight_bit(image).tolist() == [[[10, 20, 30], [227, 232, 237]]]


def test_colour_models():
    assert eight_bit(Image.new("CMYK", (1, 1), (255, 0, 0, 0))).tolist() == [[[0, 255, 255]]]
    assert eight_bit(Image.new("CMYK", (1, 1), (51, 0, 0, 51))).tolist() == [[[163, 204, 204]]]
    assert eight_bit(Image.new("YCbCr", (1, 1), (76, 85, 255))).tolist() == [[[254, 0, 0]]]
    assert eight_bit(Image.new("1", (2, 1), 1)).tolist() == [[255, 255]]
    assert eight_bit(Image.new("L", (1, 1), 9)).tolist() == [[9]]
    assert (np.abs(eight_bit(Image.new("LAB", (1, 1), (255, 128, 128))).astype(int) - 255) <= 1).all()
    assert (np.abs(eight_bit(Image.new("LAB", (1, 1), (0, 128, 128))).astype(int)) <= 1).all()


def test_a_colour_key_is_white():
    image = Image.new("RGB", (2, 1), (1, 2, 3))
    image.putpixel((1, 0), (4, 5, 6))
    image.info["transparency"] = (1, 2, 3)
    assert eight_bit(image).tolist() == [[[255, 255, 255], [4, 5, 6]]]
