import io
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from media.formats import exif, picture, saved
from tutela.media import frames
from tutela.media.exif import orientation
from tutela.model import Limits

RGB = picture(40, 56)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>'


def options(kind, by_exif, by_xmp):
    """Options of Pillow's ``save`` that write these orientations."""
    chosen = {}
    if by_exif is not None:
        chosen["exif"] = exif(by_exif)
    if by_xmp is not None:
        if kind == "PNG":
            chosen["pnginfo"] = PngInfo()
            chosen["pnginfo"].add_itxt("XML:com.adobe.xmp", (XMP % by_xmp).decode())
        else:
            chosen["xmp"] = XMP % by_xmp
    return chosen


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("by_exif", [None, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("by_xmp", [None, 3, 6])
def test_upright_is_what_pillow_says(kind, by_exif, by_xmp):
    if kind == "AVIF" and by_exif in (0, 9):
        pytest.skip("Pillow's AVIF writer turns the orientation into a box and knows 1 to 8 only")
    data = saved(Image.fromarray(RGB), kind, **options(kind, by_exif, None if kind == "TIFF" else by_xmp))
    problems = []
    (frame,) = frames(data, Limits(), problems.append)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert problems == []
    assert (frame.height, frame.width) == expected.shape[:2]
    assert frame.upright().shape == expected.shape
    assert np.abs(frame.upright().astype(int) - expected).max() <= 2  # two JPEG decoders


def by_pillow(block):
    known = Image.Exif()
    known.load(b"Exif\x00\x00" + block)
    value = known.get(0x0112, 1)
    return value if value in range(1, 9) else 1


def outcome(read):
    try:
        return read()
    except Exception as error:  # noqa: BLE001 -- both must fail, or neither
        return type(error)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", range(1, 9))
def test_both_byte_orders(order, value):
    block = Image.Exif()
    block.endian = order
    block[0x010F], block[0x0112], block[0x0131] = "maker", value, "software"
    data = block.tobytes()[6:]
    assert data[:2] == (b"II" if order == "<" else b"MM")
    assert orientation(data, None) == value


@settings(derandomize=True, max_examples=400, deadline=None)
@given(
    st.sampled_from([exif(6)[6:], exif(3)[6:]]),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 255)), max_size=3),
    st.integers(0, 60),
)
def test_odd_blocks_are_read_as_pillow_reads_them(block, changes, keep):
    block = bytearray(block)
    for at, value in changes:
        block[at % len(block)] = value
    block = bytes(block[: keep or None])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert outcome(lambda: orientation(block, None)) == outcome(lambda: by_pillow(block))


def test_the_exif_block_rules_over_xmp():
    assert orientation(exif(6)[6:], XMP % 3) == 6
    assert orientation(exif(1)[6:], XMP % 3) == 1
    assert orientation(None, XMP % 3) == 3
    assert orientation(None, b"<tiff:Orientation>8</tiff:Orientation>") == 8
    assert orientation(None, XMP % 9) == 1
    assert orientation(None, None) == 1


def test_a_damaged_block_is_a_problem_and_the_picture_stays():
    data = bytearray(saved(Image.fromarray(RGB), "JPEG", exif=exif(6)))
    at = data.index(b"Exif\x00\x00") + 6
    data[at + 8 : at + 10] = b"\xff\xff"  # 65,535 entries
    problems = []
    (frame,) = frames(bytes(data), Limits(), problems.append)
    assert frame.pixels.shape[:2] in (RGB.shape[:2], RGB.shape[1::-1])
    assert [problem.place for problem in problems] == ["file"]
