import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela import _kernel


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_published_answers(data, answer):
    """RFC 3720, appendix B.4."""
    array = np.frombuffer(data, np.uint8)
    assert _kernel.crc32c(array) == answer
    assert _kernel.crc32c_portable(array) == answer


@given(st.binary(max_size=300))
def test_both_forms_agree(data):
    array = np.frombuffer(data, np.uint8)
    assert _kernel.crc32c(array) == _kernel.crc32c_portable(array)


def test_sums_of_blocks():
    data = np.random.default_rng(1).integers(0, 256, _kernel.BLOCK * 2 + 5, np.uint8)
    parts = [data[: _kernel.BLOCK], data[_kernel.BLOCK : 2 * _kernel.BLOCK], data[2 * _kernel.BLOCK :]]
    assert np.asarray(_kernel.block_sums(data)).tolist() == [_kernel.crc32c(part) for part in parts]


def test_every_flipped_bit_is_found():
    data = np.random.default_rng(2).integers(0, 256, 100, np.uint8)
    right = _kernel.crc32c(data)
    for bit in range(800):
        data[bit // 8] ^= 1 << (bit % 8)
        assert _kernel.crc32c(data) != right
        data[bit // 8] ^= 1 << (bit % 8)
