import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tutela.demo.deep_samples import png_16, tiff_16
from tutela.media import frames
from tutela.model import Limits


def some(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 65536, shape).astype(np.uint16)


@pytest.mark.parametrize("write", [png_16, tiff_16])
@given(st.integers(1, 20), st.integers(1, 20))
def test_pillow_reads_grey_back_exactly(write, height, width):
    samples = some((height, width))
    with Image.open(io.BytesIO(write(samples))) as read:
        assert read.mode == "I;16"
        assert np.array_equal(np.asarray(read), samples)


@pytest.mark.parametrize("write", [png_16, tiff_16])
def test_colour_has_the_size_and_scales_to_the_very_bytes_it_came_from(write):
    eight = np.random.default_rng(2).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    problems: list[object] = []
    (frame,) = frames(write(eight.astype(np.uint16) * np.uint16(257)), Limits(), problems.append)
    assert not problems
    assert np.array_equal(frame.pixels, eight)
