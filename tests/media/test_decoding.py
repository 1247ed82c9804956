"""The door to the decoders: right pixels for every variant, limits, and no exception whatever the bytes are."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from media.formats import VARIANTS, Loss, deep, grey, later_frames, picture, png_chunk, saved
from tutela.media import frames, thumbnail
from tutela.model import Limits, ProblemKind

RGB = picture()
#: Mean difference, in levels, that a lossy format may make here (chroma subsampling of hard edges makes the most).
LOSSY_MEAN = 2.6


def decoded(data, limits=None, *, luma=False):
    problems = []
    return list(frames(data, limits or Limits(), problems.append, luma=luma)), problems


def brightness(pixels):
    return pixels.astype(float) if pixels.ndim == 2 else pixels @ np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_shows_its_picture(name):
    variant = VARIANTS[name]
    found, problems = decoded(variant(RGB))
    shows = variant.shows(RGB)

    assert problems == []
    assert [frame.pixels.dtype for frame in found] == [np.uint8] * variant.frames
    upright = found[0].upright()
    assert upright.shape == shows.shape
    assert (found[0].width, found[0].height) == (RGB.shape[1], RGB.shape[0])
    assert found[0].pixels.flags.c_contiguous
    difference = np.abs(upright.astype(int) - shows.astype(int))
    if variant.loss is Loss.LOSSY:
        assert difference.mean() < LOSSY_MEAN
    else:
        assert difference.max() == 0


@pytest.mark.parametrize("name", VARIANTS)
def test_luma_is_the_same_brightness(name):
    variant = VARIANTS[name]
    found, problems = decoded(variant(RGB), luma=True)
    assert problems == []
    assert len(found) == variant.frames
    assert np.abs(brightness(found[0].upright()) - brightness(variant.shows(RGB))).mean() < 1


@pytest.mark.parametrize("name", [name for name, variant in VARIANTS.items() if variant.frames == 2])
def test_a_frame_that_was_there_already_is_left_out(name):
    found, _ = decoded(VARIANTS[name](RGB))
    assert [frame.number for frame in found] == ([0, 1] if name == "jpeg-multi-picture" else [0, found[1].number])
    assert np.abs(found[1].pixels[::-1, ::-1].astype(int) - found[0].pixels).mean() < LOSSY_MEAN


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_moments_of_an_animation(kind):
    pictures = [Image.fromarray(picture(40, 50, seed)) for seed in range(3)]
    data = saved(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=[100, 250, 50])
    found, problems = decoded(data)
    assert problems == []
    assert [(frame.number, frame.time) for frame in found] == [(0, 0.0), (1, 0.1), (2, 0.35)]


def test_a_still_has_no_moment_and_neither_has_a_page():
    assert decoded(VARIANTS["png"](RGB))[0][0].time is None
    assert decoded(VARIANTS["tiff-pages"](RGB))[0][1].time is None


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF", "BMP", "WEBP", "JPEG"])
def test_one_pixel(mode, kind):
    if kind == "JPEG" and mode == "P":
        mode = "RGB"
    found, problems = decoded(saved(Image.new(mode, (1, 1)), kind))
    assert problems == []
    assert found[0].pixels.shape[:2] == (1, 1)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF"])
def test_no_pixels_at_all(kind):
    data = bytearray(VARIANTS[kind.lower()](RGB))
    if kind == "PNG":
        data[16:24] = bytes(8)
    elif kind == "BMP":
        data[18:26] = bytes(8)
    elif kind == "GIF":
        data[6:10] = bytes(4)
    else:
        at = data.index(struct.pack("<HHI", 256, 4, 1))
        data[at + 8 : at + 12] = bytes(4)
    found, problems = decoded(bytes(data))
    assert (found == []) == (problems != []) or kind == "GIF"


def test_another_type_of_file():
    found, problems = decoded(b"%PDF-1.7 ...")
    assert found == []
    assert [(p.kind, p.place, p.message) for p in problems] == [
        (ProblemKind.UNSUPPORTED, "file", "not a picture or video of a type read here")
    ]


def test_too_many_bytes():
    found, problems = decoded(VARIANTS["png"](RGB), Limits(max_bytes=100))
    assert found == []
    assert [p.kind for p in problems] == [ProblemKind.LIMIT]


@pytest.mark.parametrize("name", VARIANTS)
def test_too_many_pixels(name):
    found, problems = decoded(VARIANTS[name](RGB), Limits(max_pixels=RGB.shape[0] * RGB.shape[1] - 1))
    assert found == []
    assert {p.kind for p in problems} == {ProblemKind.LIMIT}
    found, problems = decoded(VARIANTS[name](RGB), Limits(max_pixels=RGB.shape[0] * RGB.shape[1]))
    assert found
    assert problems == []


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_too_many_frames(kind):
    pictures = [Image.fromarray(picture(16, 16, seed)) for seed in range(5)]
    data = saved(pictures[0], kind, save_all=True, append_images=pictures[1:])
    found, problems = decoded(data, Limits(max_frames=3))
    assert len(found) == 3
    assert [(p.kind, p.place) for p in problems] == [(ProblemKind.LIMIT, "frame 3")]
    found, problems = decoded(data, Limits(max_pixels=256))
    assert len(found) == 4  # four times the pixels of one
    assert [p.kind for p in problems] == [ProblemKind.LIMIT]
    found, problems = decoded(data, Limits(max_seconds=0))
    assert len(found) == 1
    assert [p.kind for p in problems] == [ProblemKind.TIMEOUT]


def test_as_many_frames_as_the_limit_are_no_problem():
    pictures = [Image.fromarray(picture(16, 16, seed)) for seed in range(3)]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = saved(pictures[0], kind, save_all=True, append_images=pictures[1:])
        found, problems = decoded(data, Limits(max_frames=3))
        assert (len(found), problems) == (3, [])


def test_a_bomb_is_met_in_its_header():
    row = zlib.compress(bytes(6_251), 9)
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", row) + png_chunk(b"IEND", b"")
    found, problems = decoded(data)
    assert found == []
    assert [p.kind for p in problems] == [ProblemKind.LIMIT]


@pytest.mark.parametrize("name", ["gif", "bmp", "tiff", "webp-lossless", "jpeg"])
def test_a_header_that_lies_about_the_size(name):
    data = bytearray(VARIANTS[name](RGB))
    if name == "gif":
        data[6:10] = b"\xff\xff\xff\xff"
    elif name == "bmp":
        data[18:26] = struct.pack("<ii", 40_000, 40_000)
    elif name == "tiff":
        for tag in (256, 257):
            at = data.index(struct.pack("<H", tag))
            data[at + 8 : at + 12] = struct.pack("<I", 60_000)
    elif name == "webp-lossless":
        data[21:25] = b"\xff\xff\xff\x0f"
    else:
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = b"\xff\xdc\xff\xdc"
    found, problems = decoded(bytes(data))
    assert found == []
    assert ProblemKind.LIMIT in {p.kind for p in problems}


def test_warnings_of_large_pictures_do_not_leak(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2000)
    for name in ("png", "gif-animated", "tiff", "bmp", "avif"):
        found, problems = decoded(VARIANTS[name](picture(50, 50)))
        assert found, name
        assert problems == [], name


# ---------------------------------------------------------------------------------------------------- damage

SMALL = picture(40, 56, seed=3)
SEEDS = {name: variant(SMALL) for name, variant in VARIANTS.items()}
KEEP_THEIR_ROWS = ["jpeg", "jpeg-progressive", "jpeg-cmyk", "png", "png-16-bit-grey", "gif", "bmp", "tiff"]


@pytest.mark.parametrize("name", KEEP_THEIR_ROWS)
def test_a_cut_file_gives_what_it_has(name):
    data = VARIANTS[name](RGB)
    found, problems = decoded(data[: len(data) * 3 // 4])
    assert {p.kind for p in problems} == {ProblemKind.TRUNCATED}
    shows = VARIANTS[name].shows(RGB).astype(int)
    rows = slice(None, 40) if name != "bmp" else slice(-40, None)  # a BMP starts at the bottom
    assert np.abs(found[0].pixels[rows].astype(int) - shows[rows]).mean() < 6


@pytest.mark.parametrize("name", VARIANTS)
def test_every_cut_file_has_a_problem_or_its_frames(name):
    data = SEEDS[name]
    whole, _ = decoded(data)
    for part in range(1, 20):
        found, problems = decoded(data[: len(data) * part // 20])
        # An index of pictures that are not there is left by editors of whole files, and no damage of the first one.
        assert problems or len(found) == len(whole) or name == "jpeg-multi-picture"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_cut_animation_gives_its_whole_frames(kind):
    pictures = [Image.fromarray(picture(60, 60, seed)) for seed in range(4)]
    data = saved(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=100)
    found, problems = decoded(data[: len(data) * 7 // 10])
    assert len(found) >= 2
    assert problems
    assert {p.kind for p in problems} == {ProblemKind.TRUNCATED}


@pytest.mark.parametrize("name", sorted(SEEDS))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None, derandomize=True)
@given(changes=st.data())
def test_mutated_files_never_raise_nor_warn(name, changes):
    data = bytearray(SEEDS[name])
    size = len(data)
    spots = st.one_of(st.integers(0, min(size, 300) - 1), st.integers(0, size - 1))
    for at, value in changes.draw(st.lists(st.tuples(spots, st.integers(0, 255)), max_size=6)):
        data[at] = value
    if changes.draw(st.booleans()):
        at, length = changes.draw(st.tuples(spots, st.integers(0, 40)))
        data[at : at + length] = changes.draw(st.binary(max_size=40))
    if changes.draw(st.booleans()):
        del data[changes.draw(st.integers(0, size)) :]
    luma = changes.draw(st.booleans())
    limits = Limits(max_pixels=200_000, max_frames=8, max_seconds=5.0)
    found, problems = decoded(bytes(data), limits, luma=luma)
    assert found or problems
    for frame in found:
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.ndim == 2 or frame.pixels.shape[2] == 3
        assert frame.pixels.flags.c_contiguous
        assert frame.upright().size == frame.pixels.size
        assert thumbnail(frame)
    for problem in problems:
        assert problem.message.isprintable()
        assert len(problem.message) < 250


@settings(max_examples=200, deadline=None, derandomize=True)
@given(start=st.sampled_from(sorted({data[:16] for data in SEEDS.values()})), rest=st.binary(max_size=200))
def test_nonsense_behind_a_good_start(start, rest):
    found, problems = decoded(start + rest, Limits(max_pixels=100_000))
    assert found or problems


def test_deep_samples_are_really_deep():
    samples = deep(grey(SMALL))
    assert (samples % 257 != 0).mean() > 0.9  # else the 16-bit variants would prove nothing


def test_the_second_animation_frame_is_the_same():
    assert np.array_equal(np.asarray(later_frames(RGB)[0]), RGB)
