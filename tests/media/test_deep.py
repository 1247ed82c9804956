import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from media.formats import deep, picture, png_16, png_chunk, saved, tiff
from tutela.media import frames
from tutela.media.deep import deep_mode, deep_samples
from tutela.model import Limits

RGB = picture(30, 40)
SAMPLES = np.random.default_rng(5).integers(0, 65536, (30, 40, 4), dtype=np.uint16)


def shown(data):
    problems = []
    (frame,) = frames(data, Limits(), problems.append)
    assert problems == []
    return frame.pixels


def exact(samples):
    return np.floor(samples.astype(float) * 255 / 65535 + 0.5)


def over_white(values):
    colours, alpha = values[..., :-1], values[..., -1:]
    return np.floor((colours * alpha + 255 * (255 - alpha)) / 255 + 0.5)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_png_samples_come_back_whole(channels):
    data = png_16(SAMPLES[..., :channels])
    upper, again = PngImageFile(io.BytesIO(data)), PngImageFile(io.BytesIO(data))
    mode = deep_mode(upper)
    upper.load()
    assert np.array_equal(deep_samples(upper, again, mode), SAMPLES[..., :channels])


def test_colours_are_scaled_not_cut():
    assert np.array_equal(shown(png_16(SAMPLES[..., :3])), exact(SAMPLES[..., :3]))
    assert np.array_equal(shown(tiff(SAMPLES[..., :3], 2)), exact(SAMPLES[..., :3]))
    assert np.array_equal(shown(tiff(SAMPLES[..., :3], 2, big_endian=True)), exact(SAMPLES[..., :3]))


def test_alpha_is_laid_over_white_after_scaling():
    assert np.array_equal(shown(png_16(SAMPLES)), over_white(exact(SAMPLES)))
    assert np.array_equal(shown(png_16(SAMPLES[..., 2:])), over_white(exact(SAMPLES[..., 2:]))[..., 0])
    assert np.array_equal(shown(tiff(SAMPLES, 2, tags=[(338, 3, (2,))])), over_white(exact(SAMPLES)))


def test_ink():
    inks = exact(SAMPLES)
    expected = np.floor((255 - inks[..., :3]) * (255 - inks[..., 3:]) / 255 + 0.5)
    assert np.array_equal(shown(tiff(SAMPLES, 5)), expected)


def test_a_colour_key_is_met_at_full_depth():
    samples = deep(RGB)
    samples[0, 0], samples[0, 1] = (1000, 2000, 3000), (1000, 2000, 3001)
    key = png_chunk(b"tRNS", samples[0, 0].astype(">u2").tobytes())
    pixels = shown(png_16(samples, key))
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[0, 1].tolist() == [4, 8, 12]


def test_eight_bits_are_not_deep():
    image = PngImageFile(io.BytesIO(saved(Image.fromarray(RGB), "PNG")))
    assert deep_mode(image) is None
