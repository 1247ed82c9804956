import pytest
from starlette.requests import Request

from tutela.model.errors import RequestInvalid, SignalInvalid
from tutela.web.api.answers import flag, read_signal


def request(query):
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


@pytest.mark.parametrize(
    ("query", "on"), [("", True), ("x=1", True), ("x=0", False), ("x=True", True), ("x=false", False)]
)
def test_a_switch(query, on):
    assert flag(request(query), "x", default=True) is on


def test_a_switch_that_is_neither():
    with pytest.raises(RequestInvalid, match="x is 1 or 0"):
        flag(request("x=maybe"), "x", default=True)


def test_a_signal():
    told = read_signal({"kind": "pdq", "value": "AB" * 32, "quality": 70})
    assert (told.kind, told.value, told.quality) == ("pdq", b"\xab" * 32, 70)


def test_a_signal_of_the_wrong_length_is_told_without_its_value():
    with pytest.raises(SignalInvalid) as told:
        read_signal({"kind": "md5", "value": "abcdef"})
    assert "abcdef" not in str(told.value)
