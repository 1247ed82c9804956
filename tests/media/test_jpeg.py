import numpy as np
import pytest
import simplejpeg
from PIL import Image

from media.formats import VARIANTS, exif, picture, saved
from tutela.media import frames
from tutela.media.jpeg import SHORTER_SIDE, reduction, segments
from tutela.model import Limits, ProblemKind


def decoded(data, *, luma=False):
    problems = []
    return list(frames(data, Limits(), problems.append, luma=luma)), problems


@pytest.mark.parametrize(
    ("height", "width", "factor"),
    [
        (319, 4000, 1),
        (638, 1600, 1),
        (639, 1600, 2),  # 319.5 is decoded to 320
        (1024, 1024, 2),
        (1276, 3000, 2),
        (1277, 3000, 4),
        (3000, 4000, 8),
        (2552, 4100, 4),
        (2553, 4100, 8),
        (40_000, 40_000, 8),
        (1, 1, 1),
    ],
)
def test_reduction_leaves_the_shorter_side(height, width, factor):
    assert reduction(height, width) == factor
    assert factor == 1 or -(-min(height, width) // factor) >= SHORTER_SIDE


@pytest.mark.parametrize(("height", "width"), [(1023, 1601), (1300, 1777), (2049, 2050), (2061, 4099), (4089, 4090)])
def test_the_decoder_gives_exactly_the_reduction_that_was_asked_for(height, width):
    data = saved(Image.fromarray(picture(height, width)), "JPEG", quality=90)
    factor = reduction(height, width)
    found, problems = decoded(data, luma=True)
    assert problems == []
    assert found[0].pixels.shape == (-(-height // factor), -(-width // factor))
    assert (found[0].height, found[0].width) == (height, width)
    full, _ = decoded(data)
    assert full[0].pixels.shape == (height, width, 3)


@pytest.mark.parametrize("name", ["jpeg", "jpeg-progressive", "jpeg-cmyk", "jpeg-ycck", "jpeg-rgb", "jpeg-grey"])
def test_a_reduced_picture_is_the_mean_of_its_blocks(name):
    rgb = np.ascontiguousarray(picture(1024, 1280))
    (frame,), problems = decoded(VARIANTS[name](rgb), luma=True)
    assert problems == []
    assert frame.pixels.shape == (512, 640)
    luma = rgb @ np.array([0.299, 0.587, 0.114])
    blocks = luma.reshape(512, 2, 640, 2).mean(axis=(1, 3))
    assert np.abs(frame.pixels - blocks).mean() < 1


def test_sides_are_of_the_upright_picture_at_full_size():
    data = saved(Image.fromarray(picture(1024, 2048)), "JPEG", exif=exif(8))
    (frame,), _ = decoded(data, luma=True)
    assert (frame.width, frame.height, frame.exif_orientation) == (1024, 2048, 8)
    assert frame.pixels.shape == (512, 1024)


def test_luma_is_what_the_bare_decoder_gives():
    data = VARIANTS["jpeg"](picture(300, 400))
    (frame,), _ = decoded(data, luma=True)
    assert np.array_equal(frame.pixels, simplejpeg.decode_jpeg(data, "GRAY")[:, :, 0])


def test_a_cmyk_file_without_adobe_marker_is_read_as_pillow_reads_it():
    rgb = picture()
    data = VARIANTS["jpeg-cmyk"](rgb)
    at = data.index(b"\xff\xee")
    bare = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    (frame,), problems = decoded(bare)
    assert problems == []
    assert np.abs(frame.pixels.astype(int) - rgb).mean() < 2


@pytest.mark.parametrize("tail", [b"\x00", b"PK\x03\x04" * 100, b"\xff\xd8\xff\xe0"])
def test_bytes_behind_the_picture_are_no_problem(tail):
    data = VARIANTS["jpeg"](picture())
    found, problems = decoded(data + tail)
    assert (len(found), problems) == (1, [])


def test_damage_within_the_scan_keeps_the_picture():
    data = bytearray(VARIANTS["jpeg"](picture(200, 300)))
    at = data.index(b"\xff\xda") + 14 + 1500
    data[at : at + 4] = b"\xff\xd9\x00\x00"
    found, problems = decoded(bytes(data))
    assert len(found) == 1
    assert len(problems) == 1
    assert problems[0].kind in (ProblemKind.DAMAGED, ProblemKind.TRUNCATED)


def test_nothing_behind_the_header_gives_no_frame():
    data = VARIANTS["jpeg"](picture())
    found, problems = decoded(data[: data.index(b"\xff\xda")])
    assert found == []
    assert problems


# ------------------------------------------------------------------------------------------------- markers


def segment(marker, body):
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def test_segments_are_found_behind_fill_bytes_and_rubbish():
    block = exif(6)
    data = b"\xff\xd8" + b"\xff\xff\xff" + segment(0xE0, b"JFIF\x00") + b"rubbish" + segment(0xE1, block) + b"\xff\xda"
    assert segments(data).exif == block[6:]


def test_a_second_exif_segment_goes_on_where_the_first_ended():
    data = b"\xff\xd8" + segment(0xE1, b"Exif\x00\x00one") + segment(0xE1, b"Exif\x00\x00two") + b"\xff\xda"
    assert segments(data).exif == b"onetwo"


def test_nothing_is_read_behind_the_first_scan():
    data = b"\xff\xd8" + segment(0xDA, b"\x00" * 10) + segment(0xE1, exif(6))
    assert segments(data).exif is None


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe1",
        b"\xff\xd8\xff\xe1\x00",
        b"\xff\xd8\xff\xe1\x00\x00" * 50,
        b"\xff\xd8\xff\xe1\xff\xff" + exif(6),
        b"\xff\xd8" + b"\xff" * 1_000_000,
        b"\xff\xd8" + b"\xff\xd0" * 1_000_000,
        b"\xff\xd8" + b"\x00" * 1_000_000,
    ],
)
def test_lying_lengths_and_endless_markers_end(data):
    segments(data)
