"""The PDQ kernel against a plain numpy reference and against published values, on every CPU path."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import tutela
from kernel.reference import distance, pdq, picture
from tutela import _kernel
from tutela.model.frame import Frame

SIDES = st.one_of(st.integers(5, 200), st.sampled_from([63, 64, 65, 127, 128, 129, 255, 256, 257, 512, 640, 700]))


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), height=SIDES, width=SIDES, channels=st.sampled_from([1, 3]))
def test_equals_the_reference(seed, height, width, channels):
    pixels = picture(seed, height, width, channels)
    bits, quality, near = pdq(pixels)
    value, own_quality, _ = _kernel.pdq_rgb(pixels) if channels == 3 else _kernel.pdq_grey(pixels)
    assert abs(own_quality - quality) <= 1  # a step that lies on a whole percent may round either way
    # Single precision may move a coefficient across the median only where it lies on it.
    assert distance(value, bits) <= 2 * near


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), height=SIDES, width=SIDES)
def test_every_path_gives_the_same_bits(seed, height, width):
    grey, rgb = picture(seed, height, width, 1), picture(seed, height, width, 3)
    before = _kernel.path()
    answers = set()
    try:
        for path in _kernel.paths():
            _kernel.use_path(path)
            answers.add((_kernel.pdq_grey(grey), _kernel.pdq_rgb(rgb), tuple(_kernel.pdq_orientations_grey(grey))))
    finally:
        _kernel.use_path(before)
    assert len(answers) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_costs_no_bit(orientation):
    for seed, (height, width) in enumerate([(200, 300), (511, 130), (64, 64), (5, 900)]):
        pixels = picture(seed, height, width, 1)
        upright = Frame(0, pixels, width, height, orientation).upright()
        assert _kernel.pdq_grey(pixels, orientation) == _kernel.pdq_grey(upright)


def test_turned_hashes_lie_near_those_of_turned_pictures():
    turns = [
        lambda p: p,
        lambda p: np.rot90(p),
        lambda p: p[::-1, ::-1],
        lambda p: np.rot90(p, -1),
        lambda p: p[::-1],
        lambda p: p[:, ::-1],
        lambda p: p.T,
        lambda p: p[::-1, ::-1].T,
    ]
    apart = []
    for path in sorted((Path(tutela.__file__).parent / "demo" / "pictures").glob("*.jpg"))[:40]:
        pixels = np.ascontiguousarray(Image.open(path).convert("L"))
        eight = _kernel.pdq_orientations_grey(pixels)
        assert eight[0] == _kernel.pdq_grey(pixels)
        for (value, _, _), turn in zip(eight, turns, strict=True):
            real = _kernel.pdq_grey(np.ascontiguousarray(turn(pixels)))[0]
            apart.append(distance(value, real))
            assert all(distance(other, real) > 60 for other, _, _ in eight if other != value)
    assert max(apart) <= 24
    assert np.mean(apart) <= 5


KNOWN = (bytes.fromhex("78c4d1d58bd502a5fd2dfb4d8cc8e199fe18a87957f8fc0043c0fc00d7d1fd01"), 100)


def test_a_known_answer():
    """Computed once with the reference hasher of the pdqhash package on these very pixels."""
    row, column = np.mgrid[0:96, 0:128]
    pixels = ((row * 7 + column * 3 + (row * column) // 11) % 256).astype(np.uint8)
    assert _kernel.pdq_grey(pixels)[:2] == KNOWN


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 10), np.uint8),
        np.zeros((10, 4), np.uint8),
    ],
)
def test_a_side_too_short_is_refused(pixels):
    with pytest.raises(ValueError, match="5 pixels"):
        _kernel.pdq_grey(pixels)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((8, 8), np.int32),
        np.zeros((8, 8, 3), np.uint8),
        np.zeros((16, 16), np.uint8)[::2],
        np.zeros((8, 9), np.uint8).T,
    ],
)
def test_another_type_or_layout_is_never_converted_silently(wrong):
    with pytest.raises(TypeError):
        _kernel.pdq_grey(wrong)


def test_orientation_must_be_one_of_eight():
    with pytest.raises(ValueError, match="1 to 8"):
        _kernel.pdq_grey(np.zeros((8, 8), np.uint8), 9)
