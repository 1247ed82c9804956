import hashlib
import io

from hypothesis import given
from hypothesis import strategies as st

from tutela.signals import MD5, SHA1, SHA256, digests, digests_of_stream


@given(st.binary(max_size=200), st.integers(1, 4))
def test_one_pass_equals_three(data, times):
    data = data * (times * 300)
    expected = [hashlib.new(name, data).digest() for name in ("md5", "sha1", "sha256")]
    assert [signal.value for signal in digests(data)] == expected
    signals, size = digests_of_stream(io.BytesIO(data).read)
    assert ([signal.value for signal in signals], size) == (expected, len(data))


def test_the_empty_file_is_unfit():
    for kind in (MD5, SHA1, SHA256):
        assert "empty file" in kind.unfit(hashlib.new(kind.name, b"").digest())
        assert kind.unfit(hashlib.new(kind.name, b"x").digest()) is None
