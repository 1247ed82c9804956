"""The kernel's own JPEG reader against libjpeg-turbo: equal pixels, or none."""

import io

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tutela import _kernel

REDUCTIONS = (1, 2, 4, 8)


def made(seed, height, width, *, grey=False, noise=20.0, **options):
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 120 * np.sin(x / (2 + 3 * i) + y / (9 - 2 * i)) for i in range(3)]
    pixels = np.clip(np.stack(waves, 2) + random.normal(0, noise, (height, width, 3)), 0, 255).astype(np.uint8)
    picture = Image.fromarray(pixels).convert("L") if grey else Image.fromarray(pixels)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def turbo(data, height, width, by):
    sides = {} if by == 1 else {"min_height": -(-height // by), "min_width": -(-width // by)}
    return simplejpeg.decode_jpeg(data, "GRAY", **sides)[:, :, 0]


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 1000),
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    grey=st.booleans(),
    noise=st.sampled_from([0.0, 5.0, 40.0]),
    quality=st.integers(1, 95),
    subsampling=st.sampled_from([0, 1, 2]),
    optimize=st.booleans(),
    restart_marker_blocks=st.sampled_from([0, 1, 2, 7]),
)
def test_pixels_equal_libjpeg_turbo_s(seed, height, width, grey, noise, **options):
    data = made(seed, height, width, grey=grey, noise=noise, **options)
    for by in REDUCTIONS:
        plane = _kernel.jpeg_luma(data, (height, width), by)
        assert plane is not None
        expected = turbo(data, height, width, by)
        if expected.shape == plane.shape:  # of a tiny picture libjpeg-turbo may take another scale
            assert np.array_equal(plane, expected)


@pytest.mark.parametrize("path", _kernel.paths())
def test_every_path_gives_the_same_pixels(path):
    data = made(1, 333, 517, quality=80)
    try:
        _kernel.use_path(path)
        for by in REDUCTIONS:
            assert np.array_equal(_kernel.jpeg_luma(data, (333, 517), by), turbo(data, 333, 517, by))
    finally:
        _kernel.use_path("auto")


def test_tables_of_one_file_are_not_another_s():
    """The kernel keeps the tables it made last in a thread."""
    files = [made(seed, 50, 70, noise=30.0 * seed, quality=60 + 10 * seed, optimize=True) for seed in range(3)]
    files += [made(8, 50, 70), made(9, 50, 70, grey=True, optimize=True)]
    for number in (0, 1, 3, 0, 4, 2, 2, 3, 1, 4, 0):
        for by in (2, 8, 1):
            assert np.array_equal(_kernel.jpeg_luma(files[number], (50, 70), by), turbo(files[number], 50, 70, by))


def test_extreme_coefficients_are_refused_or_equal():
    """Tables of 255 behind a fine picture blow its coefficients up, beyond what fixed-point decoders agree on."""
    data = bytearray(made(2, 64, 64, quality=95, noise=60.0))
    at = data.index(b"\xff\xdb")
    for scale in (3, 10, 30, 255):
        data[at + 5 : at + 69] = bytes([scale]) * 64
        for by in REDUCTIONS:
            plane = _kernel.jpeg_luma(bytes(data), (64, 64), by)
            assert plane is None or np.array_equal(plane, turbo(bytes(data), 64, 64, by))


def codes_of(data, head):
    """The Huffman codes of a table of the file by symbol, as strings of bits (T.81, annex C)."""
    at = data.index(b"\xff\xc4\x00" + bytes([19 + {0x00: 12, 0x10: 162}[head], head])) + 5
    symbols = iter(data[at + 16 :])
    codes, code = {}, 0
    for length, count in enumerate(data[at : at + 16], start=1):
        for _ in range(count):
            codes[next(symbols)] = f"{code:0{length}b}"
            code += 1
        code <<= 1
    return codes


def with_block(column):
    """A grey JPEG of one block; its second column has these eight coefficients and quantisers, all else is 0 and 1."""
    data = made(9, 8, 8, grey=True)
    zigzag = sorted((x + y, y if (x + y) % 2 else x, y, x) for x in range(8) for y in range(8))
    pairs = [column[y] if x == 1 else (0, 1) for _, _, y, x in zigzag]
    quant = bytes(quantiser for _, quantiser in pairs)
    zeros, codes = 0, codes_of(data, 0x10)
    bits = codes_of(data, 0x00)[0]
    for value, _ in pairs[1:]:
        if value == 0:
            zeros += 1
            continue
        bits += codes[0xF0] * (zeros // 16)
        size = abs(value).bit_length()
        bits += codes[zeros % 16 << 4 | size] + f"{value if value > 0 else value + (1 << size) - 1:0{size}b}"
        zeros = 0
    bits += codes[0]
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\x00")
    tables, scan = data.index(b"\xff\xdb"), data.index(b"\xff\xda")
    return data[: tables + 5] + quant + data[tables + 69 : scan + 10] + coded + b"\xff\xd9"


@pytest.mark.parametrize("path", _kernel.paths())
def test_a_coefficient_without_a_negative_is_refused(path):
    """-32768 is its own negative in 16 bits: a sum of magnitudes would not notice it beside one that cancels it."""
    fine = with_block([(0, 1), (9, 1), (0, 1), (0, 1), (0, 1), (-3, 4), (0, 1), (2, 8)])
    hostile = with_block([(0, 1)] * 5 + [(-434, 64), (0, 1), (-256, 128)])
    try:
        _kernel.use_path(path)
        for by in (1, 2, 4):
            expected = simplejpeg.decode_jpeg(fine, "GRAY", min_height=8 // by, min_width=8 // by)[:, :, 0]
            assert np.array_equal(_kernel.jpeg_luma(fine, (8, 8), by), expected)
            assert _kernel.jpeg_luma(hostile, (8, 8), by) is None
    finally:
        _kernel.use_path("auto")


@pytest.mark.parametrize("options", [{"progressive": True}, {"keep_rgb": True}])
def test_another_process_is_refused(options):
    assert _kernel.jpeg_luma(made(3, 40, 50, **options), (40, 50)) is None


def test_another_size_or_a_promise_of_more_is_refused():
    data = made(4, 40, 50)
    assert _kernel.jpeg_luma(data, (40, 50)) is not None
    assert _kernel.jpeg_luma(data, (50, 40)) is None
    at = data.index(b"\xff\xc0")
    promised = data[: at + 5] + b"\xff\xff\xff\xff" + data[at + 9 :]
    assert _kernel.jpeg_luma(promised, (65535, 65535)) is None


def test_whatever_is_irregular_is_refused():
    data = made(5, 64, 64, quality=90)
    scan = data.index(b"\xff\xda")
    for worse in (
        data[:-2],  # no end marker
        data[:-3] + data[-2:],  # a byte of the coded data is missing
        data[:-2] + b"\x55\x55" + data[-2:],  # more coded data than blocks
        data[: scan + 400] + b"\xff\xd0" + data[scan + 400 :],  # a restart marker that nobody announced
        data[:2] + b"\x00" + data[2:],
        data[:scan] + b"\xff" + data[scan:],
        data.replace(b"JFIF\x00\x01", b"JFIF\x00\x03"),
    ):
        assert _kernel.jpeg_luma(worse, (64, 64)) is None


def test_bytes_behind_the_end_are_nobody_s():
    data = made(6, 64, 64)
    assert np.array_equal(_kernel.jpeg_luma(data + b"more", (64, 64)), turbo(data, 64, 64, 1))


def test_a_file_that_is_read_though_damaged_reads_as_libjpeg_turbo_reads_it():
    """Where a turned bit leaves a file without fault, both read the same; elsewhere the kernel refuses."""
    data = made(7, 48, 64, quality=75, restart_marker_blocks=3)
    random = np.random.default_rng(1)
    taken = 0
    for _ in range(1500):
        turned = bytearray(data)
        turned[int(random.integers(2, len(data)))] ^= 1 << int(random.integers(8))
        plane = _kernel.jpeg_luma(bytes(turned), (48, 64), 2)
        if plane is not None:
            taken += 1
            assert np.array_equal(plane, turbo(bytes(turned), 48, 64, 2))  # strict: it must not warn, either
    assert 20 < taken < 1400
