import base64

import pytest

from tutela.model.errors import SignalInvalid
from tutela.signals import PHOTODNA

VALUE = bytes(range(144))


def test_base64_and_hexadecimal_are_read():
    assert PHOTODNA.parse(base64.b64encode(VALUE).decode()) == PHOTODNA.parse(VALUE.hex()) == VALUE


def test_broken_base64_is_refused():
    with pytest.raises(SignalInvalid, match="base64"):
        PHOTODNA.parse("*" * 192)


def test_distance_is_the_sum_of_squares():
    assert PHOTODNA.distance(VALUE, bytes([3, *VALUE[1:-1], 140])) == 9 + 9


def test_a_value_without_gradient_is_unfit():
    assert PHOTODNA.unfit(bytes(144)) is not None
    assert PHOTODNA.unfit(VALUE) is None
