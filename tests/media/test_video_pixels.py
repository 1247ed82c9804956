import struct

import av
import numpy as np
import pytest

from media.videos import scene
from tutela.media.video_pixels import orientation_of, picture_box, pixels_of
from tutela.model import Box

GREY = np.tile(np.arange(16, 236, dtype=np.uint8), (8, 1))


def framed(pixels, pixel_format):
    return av.VideoFrame.from_ndarray(np.repeat(pixels[:, :, None], 3, axis=2), format="rgb24").reformat(
        format=pixel_format
    )


@pytest.mark.parametrize(
    "pixel_format",
    [
        "yuv420p",
        "yuv422p",
        "yuv444p",
        "yuvj420p",
        "nv12",
        "gray",
        "yuv420p10le",
        "yuv444p12le",
        "rgb24",
        "bgr0",
        "pal8",
    ],
)
def test_brightness_has_the_full_range_in_every_format(pixel_format):
    grey = np.ascontiguousarray(np.tile(np.arange(0, 256, 2, dtype=np.uint8), (16, 1)))
    if pixel_format == "pal8":
        pytest.skip("the converter writes no palettes")
    found = pixels_of(framed(grey, pixel_format), luma=True)
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    found = found if found.ndim == 2 else found[:, :, 1]
    assert np.abs(found.astype(int) - grey).max() <= 2


def test_colour_is_rgb():
    assert pixels_of(framed(GREY, "yuv420p"), luma=False).shape == (8, 220, 3)


class _Turned:
    def __init__(self, *matrix):
        self.side_data = {"DISPLAYMATRIX": struct.pack("=9i", *matrix)} if matrix else {}


@pytest.mark.parametrize(
    ("matrix", "orientation"),
    [
        ((65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30), 1),
        ((-65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30), 2),
        ((-65536, 0, 0, 0, -65536, 0, 0, 0, 1 << 30), 3),
        ((65536, 0, 0, 0, -65536, 0, 0, 0, 1 << 30), 4),
        ((0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30), 6),  # phones held upright
        ((0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30), 8),
        ((46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30), 1),  # by 45 degrees
        ((0, 0, 0, 0, 0, 0, 0, 0, 0), 1),
        ((), 1),
    ],
)
def test_the_display_matrix_as_an_orientation(matrix, orientation):
    assert orientation_of(_Turned(*matrix)) == orientation


def barred(top=0, bottom=0, left=0, right=0, size=(180, 240)):
    picture = np.zeros(size, np.uint8)
    height, width = size[0] - top - bottom, size[1] - left - right
    picture[top : top + height, left : left + width] = np.maximum(scene(1, width, height)[:, :, 0], 60)
    return picture


def test_bars_are_found_on_any_side():
    assert picture_box(barred(20, 20)) == Box(0, 20, 240, 140)
    assert picture_box(barred(left=30, right=30)) == Box(30, 0, 180, 180)
    assert picture_box(barred(20, 30, 10, 40)) == Box(10, 20, 190, 130)
    assert picture_box(np.repeat(barred(20, 20)[:, :, None], 3, axis=2)) == Box(0, 20, 240, 140)


def test_noise_in_the_bars_does_not_matter():
    picture = barred(20, 20)
    picture += np.random.default_rng(1).integers(0, 12, picture.shape, np.uint8)
    assert picture_box(picture) == Box(0, 20, 240, 140)


@pytest.mark.parametrize("picture", [barred(), barred(1, 1), np.zeros((90, 120), np.uint8), barred(80, 80)])
def test_other_pictures_stay_whole(picture):
    assert picture_box(picture) is None
