import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.model.errors import SignalInvalid
from tutela.signals import kind, kinds
from tutela.signals.conformance import SignalKindConformance


@pytest.mark.parametrize("name", [known.name for known in kinds()])
class TestEveryKind(SignalKindConformance):
    @pytest.fixture
    def subject(self, name):
        return kind(name)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_hamming_distance_counts_bits(left, right):
    bits = sum((a >> i & 1) != (b >> i & 1) for a, b in zip(left, right, strict=True) for i in range(8))
    assert kind("pdq").distance(left, right) == bits


def test_an_error_never_repeats_the_text():
    secret = "ab" * 31 + "zz"
    with pytest.raises(SignalInvalid) as raised:
        kind("pdq").parse(secret)
    assert secret not in str(raised.value)
    assert "hexadecimal" in str(raised.value)
