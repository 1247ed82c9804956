import numpy as np
import pytest
from PIL import Image

from tutela.demo.formats import Format, formats
from tutela.demo.originals import opened
from tutela.media import frames, sniff
from tutela.model import Limits, MediaType

PICTURE = opened("bison").resize((120, 90))
OTHERS = [opened("coffee").resize((120, 80)), opened("panda").resize((100, 90))]
HERE = [one for one in formats() if one.available]


def decoded(one: Format) -> list[np.ndarray]:
    problems: list[object] = []
    found = [frame.upright() for frame in frames(one.save(PICTURE, OTHERS), Limits(), problems.append)]
    assert not problems
    return found


def test_every_type_that_is_read_is_written():
    assert {one.media_type for one in formats()} == {kind for kind in MediaType if not kind.is_video}


def test_names_are_different():
    names = [one.name for one in formats()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("one", HERE, ids=lambda one: one.name)
def test_a_file_is_of_its_type(one):
    assert sniff(one.save(PICTURE, OTHERS)) is one.media_type


@pytest.mark.parametrize("one", HERE, ids=lambda one: one.name)
def test_the_named_frame_shows_the_picture(one):
    found = decoded(one)
    shown = np.asarray(one.shown(PICTURE)).astype(float)
    pixels = found[one.frame].astype(float)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    assert pixels.shape == shown.shape
    assert np.abs(pixels - shown).mean() < 12


@pytest.mark.parametrize(
    "name", ["png-rgb", "png-16-bit-rgb", "tiff-lzw", "tiff-16-bit-rgb", "tiff-cmyk", "bmp", "gif"]
)
def test_lossless_formats_lose_nothing(name):
    (one,) = (each for each in formats() if each.name == name)
    assert np.array_equal(decoded(one)[one.frame], np.asarray(one.shown(PICTURE)))


@pytest.mark.parametrize("name", ["gif-animated", "webp-animated", "tiff-pages"])
def test_the_picture_is_in_the_middle(name):
    (one,) = (each for each in formats() if each.name == name)
    assert one.frame == 1
    assert len(decoded(one)) == 3


def test_exif_orientation_is_in_the_file_and_the_pixels_lie_otherwise():
    for one in formats():
        if one.name.startswith("jpeg-exif-"):
            assert one.kind == "jpeg-exif-turned"
            (frame,) = frames(one.save(PICTURE, OTHERS), Limits(), [].append)
            assert frame.exif_orientation == int(one.name[-1])


def test_a_format_whose_encoder_is_missing_is_not_available():
    one = Format("x", ".x", MediaType.HEIC, lambda *_: b"", needs="no_such_module_anywhere")
    assert not one.available


def test_transparency_shows_white():
    (one,) = (each for each in formats() if each.name == "png-alpha")
    black = Image.new("RGB", (160, 160))
    assert one.shown(black).getpixel((0, 0)) == (255, 255, 255)
    assert one.shown(black).getpixel((80, 80)) == (0, 0, 0)
