import pytest
from starlette.exceptions import HTTPException

from tutela.model import Signal
from tutela.signals import digests
from tutela.web.hma.signal_types import (
    content_type,
    content_type_of,
    distance,
    is_fit,
    parse,
    signal_type,
    told,
    wanted,
)

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


def names(types):
    return [one.name for one in types]


def test_unasked_a_photo_has_its_pdq_and_a_video_its_md5():
    assert names(wanted("photo", None)) == ["pdq"]
    assert names(wanted("video", None)) == ["video_md5"]


def test_other_types_are_had_by_asking():
    assert names(wanted("photo", "sha256, pdq,,pdq")) == ["sha256", "pdq"]


@pytest.mark.parametrize(
    ("types", "message"), [("video_md5", "video_md5"), ("nope", "nope"), (",", "empty"), ("", "empty")]
)
def test_types_that_cannot_be_computed_are_refused(types, message):
    with pytest.raises(HTTPException, match=message) as refused:
        wanted("photo", types)
    assert refused.value.status_code == 400


def test_content_types_are_those_of_hma():
    assert content_type("photo") == "photo"
    assert content_type_of("Image/PNG") == "photo"
    assert content_type_of("video/mp4; codecs=x") == "video"
    for refused in (lambda: content_type("file"), lambda: content_type_of("text/html"), lambda: signal_type("nope")):
        with pytest.raises(HTTPException):
            refused()


def test_a_value_is_taken_in_either_case():
    assert parse("pdq", PDQ.upper()) == Signal("pdq", bytes.fromhex(PDQ))
    assert parse("video_md5", " CAB08B36195EDB1A1231D2D09FA450E0 ").kind == "md5"


def test_the_refusal_of_a_value_does_not_repeat_it():
    with pytest.raises(HTTPException) as refused:
        parse("pdq", "0123456789")
    assert "0123456789" not in refused.value.detail
    assert "invalid signal" in refused.value.detail


def test_a_value_of_too_little_quality_is_told_as_none():
    good, poor = Signal("pdq", bytes.fromhex(PDQ), 90), Signal("pdq", bytes.fromhex(PDQ), 20)
    types = wanted("photo", None)
    assert told(types, [good]) == {"pdq": PDQ}
    assert told(types, [poor]) == {"pdq": ""}
    assert told(types, []) == {"pdq": ""}
    assert is_fit(good)
    assert not is_fit(poor)


def test_of_several_frames_the_first_speaks():
    frames = [Signal("pdq", bytes.fromhex(PDQ), 90, frame=0), Signal("pdq", bytes(range(32)), 90, frame=1)]
    assert told(wanted("photo", "pdq,md5"), [*digests(b"x"), *frames]) == {
        "pdq": PDQ,
        "md5": "9dd4e461268c8034f5c8564e155c67a6",
    }


def test_the_digests_of_nothing_are_never_told():
    assert told(wanted("video", None), digests(b"")) == {"video_md5": ""}


def test_distances_are_texts():
    assert distance("pdq", 9) == "9"
    assert distance("md5", 0) == "-"
