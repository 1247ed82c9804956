import io

import numpy as np
import pytest
from PIL import Image

import tutela
from kernel.reference import distance, picture
from tutela import _kernel
from tutela.model import Frame, Orientation, Unhashable
from tutela.signals import ORIENTATIONS, PDQ, frame_signals


def file_of(pixels, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, **({"format": "PNG"} | options))
    return buffer.getvalue()


def test_of_bytes():
    pixels = picture(1, 300, 400)
    signal = tutela.pdq(file_of(pixels))
    assert (signal.value, signal.quality) == _kernel.pdq_rgb(pixels)[:2]
    assert len(signal.value) == 32
    assert 0 <= signal.quality <= 100


@pytest.mark.parametrize("shape", [(960, 1280), (1100, 1300), (2048, 2100), (480, 4000)])
def test_jpeg_decoded_reduced_and_in_grey_stays_within_the_published_rule(shape):
    """At most 10 bits from the hash of the full picture in colour (the PDQ README's rule for quality 80 and above)."""
    for seed in range(3):
        # Colours as muted as a photograph's: where JPEG's colour space is left, brightness itself depends on the
        # decoder.
        pixels = (picture(seed, *shape) * 0.3 + picture(seed + 50, *shape, 1)[:, :, None] * 0.6 + 12).astype(np.uint8)
        data = file_of(np.ascontiguousarray(pixels), format="JPEG", quality=85)
        full = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        assert distance(tutela.pdq(data).value, _kernel.pdq_rgb(full)[0]) <= 10


@pytest.mark.parametrize("size", [700, 1400])
def test_a_regular_pattern_hashes_as_decoded_exactly(size):
    """Most coefficients of a pattern are equal: a rounding in a grey or reduced decode would turn dozens of bits."""
    row, column = np.mgrid[0:size, 0:size]
    squares = ((row * 8 // size + column * 8 // size) % 2 * 200 + 20).astype(np.uint8)
    data = file_of(np.stack([squares, squares // 2 + 60, squares // 3], axis=2), format="JPEG", quality=90)
    full = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert tutela.pdq(data).value == _kernel.pdq_rgb(full)[0]


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\xff\xd8\xff\xe0 nor this"])
def test_bytes_without_a_picture_give_a_reason(data):
    answer = tutela.pdq(data)
    assert isinstance(answer, Unhashable)
    assert answer.reason


def test_a_tiny_picture_gives_a_reason():
    answer = tutela.pdq(file_of(np.zeros((4, 100), np.uint8)))
    assert isinstance(answer, Unhashable)
    assert "5 pixels" in answer.reason


def test_eight_orientations_from_one_frame():
    frame = Frame(3, picture(2, 200, 300), 300, 200)
    signals = frame_signals(frame, orientations=True)
    assert [signal.orientation for signal in signals] == list(ORIENTATIONS) == list(Orientation)
    assert signals[0] == frame_signals(frame)[0]
    assert len({signal.value for signal in signals}) == 8
    assert {signal.frame for signal in signals} == {3}


def test_a_frame_is_hashed_as_laid_upright():
    pixels = picture(3, 120, 80)
    turned = Frame(0, np.ascontiguousarray(np.rot90(pixels)), 80, 120, exif_orientation=6)
    assert frame_signals(turned)[0].value == _kernel.pdq_rgb(pixels)[0]


@pytest.mark.parametrize("grey", range(0, 256, 5))
def test_hashes_of_blank_pictures_are_unfit(grey):
    value, quality, _ = _kernel.pdq_grey(np.full((64, 64), grey, np.uint8))
    assert quality == 0
    assert PDQ.unfit(value) is not None


@pytest.mark.parametrize("name", ["00" * 32, "ff" * 32, "00" * 28 + "ffffffff"])
def test_hashes_that_no_picture_can_have_are_unfit(name):
    assert PDQ.unfit(bytes.fromhex(name)) is not None


def test_hashes_of_pictures_are_fit():
    assert all(PDQ.unfit(_kernel.pdq_grey(picture(seed, 300, 300, 1))[0]) is None for seed in range(50))
