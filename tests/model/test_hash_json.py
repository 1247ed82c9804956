import json

import pytest

from tutela.model import (
    Finding,
    FrameInfo,
    MediaType,
    NothingFound,
    Orientation,
    Problem,
    ProblemKind,
    Signal,
    Unhashable,
)
from tutela.model.errors import FindingInvalid
from tutela.model.hash_json import hash_from_json, hash_to_json

FINDING = Finding(
    name="caf\udce9.gif",
    size=9,
    media_type=MediaType.GIF,
    frames=(FrameInfo(0, 4, 3, 0.0),),
    signals=(Signal("md5", b"\x01" * 16), Signal("pdq", b"\xfe" * 32, 77, 0, Orientation.FLIP_X)),
    unhashable=(Unhashable("pdq", "too small", 1),),
    hits=(),
    verdict=NothingFound(),
    problems=(Problem(ProblemKind.TRUNCATED, "file", "It ends early."),),
)


def test_a_line_is_read_back():
    assert hash_from_json(json.loads(json.dumps(hash_to_json(FINDING)))) == FINDING


def test_the_promised_fields():
    line = hash_to_json(FINDING)
    assert line["path"] == "caf\ufffd.gif"
    assert line["signals"] == [
        {"kind": "md5", "value": "01" * 16, "quality": None},
        {"kind": "pdq", "value": "fe" * 32, "quality": 77, "frame": 0, "orientation": "flip-x"},
    ]
    assert line["problems"] == [{"kind": "truncated", "place": "file", "message": "It ends early."}]
    assert "verdict" not in line
    assert "hits" not in line


def test_a_line_of_another_program_may_be_short():
    finding = hash_from_json({"path": "x", "signals": [{"kind": "pdq", "value": "AB" * 32}]})
    assert finding.name == "x"
    assert finding.signals == (Signal("pdq", b"\xab" * 32),)


@pytest.mark.parametrize("record", [{}, {"path": "x"}, [], {"path": "x", "signals": [{}]}, {"path": 3, "signals": []}])
def test_what_is_no_line_is_refused(record):
    with pytest.raises(FindingInvalid):
        hash_from_json(record)
