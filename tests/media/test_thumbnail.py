import io

import numpy as np
import pytest
from PIL import Image

from media.formats import grey, picture, stored
from tutela.media import sniff, thumbnail
from tutela.model import Frame, MediaType

RGB = picture(300, 400)


def opened(data):
    assert sniff(data) is MediaType.WEBP
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("turn", range(1, 9))
def test_upright_and_small(turn):
    small = opened(thumbnail(Frame(0, stored(RGB, turn), 400, 300, turn)))
    assert small.shape == (120, 160, 3)
    expected = np.asarray(Image.fromarray(RGB).resize((160, 120))).astype(int)
    assert np.abs(small - expected).mean() < 8


def test_grey_and_side():
    assert opened(thumbnail(Frame(0, grey(RGB), 400, 300), side=40)).shape == (30, 40, 3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 20_000), (20_000, 1), (3, 3, 3)])
def test_odd_shapes(shape):
    pixels = np.zeros(shape, np.uint8)
    assert max(opened(thumbnail(Frame(0, pixels, shape[1], shape[0]))).shape) <= 160


def test_a_small_picture_is_not_enlarged():
    assert opened(thumbnail(Frame(0, RGB[:20, :30].copy(), 30, 20))).shape == (20, 30, 3)
