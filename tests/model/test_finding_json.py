import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.model import (
    Box,
    Finding,
    FrameInfo,
    Grade,
    Hit,
    Known,
    ListedBenign,
    MediaType,
    Near,
    NothingFound,
    Orientation,
    Problem,
    ProblemKind,
    Purpose,
    Signal,
    Unhashable,
    Unreadable,
)
from tutela.model.errors import FindingInvalid
from tutela.model.finding_json import SCHEMA_VERSION, finding_from_json, finding_to_json
from tutela.model.verdict import VERDICT_NAMES

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "reference" / "finding.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

text = st.text(max_size=8)
texts = st.lists(text, max_size=3).map(tuple)
number = st.integers(0, 300)
frame_number = st.none() | number
moment = st.none() | st.datetimes(timezones=st.just(UTC))
file_name = st.binary(max_size=12).map(lambda name: name.decode("utf-8", "surrogateescape"))

hits = st.builds(
    Hit,
    list_name=text,
    list_version=number,
    purpose=st.sampled_from(Purpose),
    entry_key=text,
    kind=text,
    distance=number,
    orientation=st.sampled_from(Orientation),
    frame=frame_number,
    grades=st.lists(st.builds(Grade, text, text), max_size=2).map(tuple),
    labels=texts,
    source=text,
    added=moment,
)
verdicts = (
    st.builds(Known, hits, texts)
    | st.builds(Near, hits, texts)
    | st.builds(ListedBenign, hits, texts)
    | st.builds(NothingFound, texts)
    | st.builds(Unreadable, texts)
)
signals = st.builds(
    Signal,
    kind=text,
    value=st.binary(min_size=1, max_size=32),
    quality=st.none() | st.integers(0, 100),
    frame=frame_number,
    orientation=st.sampled_from(Orientation),
    unfit=st.none() | st.just("sheet"),
)
sizes = st.integers(1, 9)
cells = st.builds(
    lambda box, first, parent: FrameInfo(first, box.width, box.height, None, None, parent, box, 0.5),
    st.builds(Box, number, number, sizes, sizes, st.sampled_from([0.0, -12.5, 3.25])),
    number,
    number,
)
layouts = st.none() | st.sampled_from(["grid", "mosaic", "embedded"])
findings = st.builds(
    Finding,
    name=file_name,
    size=st.none() | st.integers(0, 1 << 40),
    media_type=st.none() | st.sampled_from(MediaType),
    frames=st.lists(
        st.builds(FrameInfo, number, sizes, sizes, st.none() | st.floats(0, 9), layouts) | cells, max_size=2
    ).map(tuple),
    signals=st.lists(signals, max_size=3).map(tuple),
    unhashable=st.lists(st.builds(Unhashable, text, text, frame_number), max_size=2).map(tuple),
    hits=st.lists(hits, max_size=2).map(tuple),
    verdict=verdicts,
    problems=st.lists(st.builds(Problem, st.sampled_from(ProblemKind), text, text), max_size=2).map(tuple),
)

PLAIN = Finding("a.jpg", 3, MediaType.JPEG, (), (), (), (), NothingFound(), ())


@given(findings)
def test_what_is_written_is_read_back_and_fits_the_schema(finding):
    line = json.dumps(finding_to_json(finding), ensure_ascii=False)
    line.encode("utf-8")  # whatever the name, the line is valid UTF-8
    assert finding_from_json(json.loads(line)) == finding
    VALIDATOR.validate(json.loads(line))


def test_the_schema_is_itself_a_schema():
    VALIDATOR.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("definition", "field", "names"),
    [
        ("finding", "media_type", {*MediaType, None}),
        ("verdict", "name", set(VERDICT_NAMES.values())),
        ("verdict", "rule", {verdict.rule for verdict in VERDICT_NAMES}),
        ("hit", "purpose", set(Purpose)),
        ("problem", "kind", set(ProblemKind)),
    ],
)
def test_the_schema_names_every_value_there_is(definition, field, names):
    assert set(SCHEMA["$defs"][definition]["properties"][field]["enum"]) == names


def test_the_schema_names_every_orientation_and_the_version():
    assert set(SCHEMA["$defs"]["orientation"]["enum"]) == set(Orientation)
    assert SCHEMA["$defs"]["finding"]["properties"]["schema"]["const"] == SCHEMA_VERSION


def test_an_undecodable_name_is_shown_and_kept():
    record = finding_to_json(replace(PLAIN, name="caf\udce9.jpg"))
    assert record["name"] == "caf\ufffd.jpg"
    assert record["name_bytes"] == "Y2Fm6S5qcGc="


def test_an_ordinary_name_has_no_second_form():
    assert "name_bytes" not in finding_to_json(replace(PLAIN, name="café.jpg"))


def test_half_a_surrogate_pair_leaves_valid_text():
    assert finding_to_json(replace(PLAIN, name="a\ud800b"))["name"] == "a\ufffdb"


@pytest.mark.parametrize(
    ("given_time", "written"),
    [
        (datetime(2026, 3, 1, 12, 30, tzinfo=UTC), "2026-03-01T12:30:00Z"),
        (datetime(2026, 3, 1, 14, 30, tzinfo=timezone(timedelta(hours=2))), "2026-03-01T12:30:00Z"),
        (datetime(2026, 3, 1, 12, 30), "2026-03-01T12:30:00Z"),  # noqa: DTZ001 - a naive one is what is tried
    ],
)
def test_times_are_written_in_utc(given_time, written):
    hit = Hit("l", 1, Purpose.KNOWN, "k", "pdq", 4, Orientation.ORIGINAL, 0, added=given_time)
    assert finding_to_json(replace(PLAIN, hits=(hit,)))["hits"][0]["added"] == written


def test_a_joint_hit_says_so_and_others_do_not():
    hit = Hit("l", 1, Purpose.KNOWN, "k", "pdq", 40, Orientation.ORIGINAL, 3, joint=True)
    record = finding_to_json(replace(PLAIN, hits=(hit, replace(hit, joint=False))))
    assert [one.get("joint") for one in record["hits"]] == [True, None]
    assert [one.joint for one in finding_from_json(record).hits] == [True, False]


def test_trivial_frame_and_orientation_are_left_out_of_a_signal():
    record = finding_to_json(replace(PLAIN, signals=(Signal("md5", b"\xab" * 16),)))
    assert record["signals"] == [{"kind": "md5", "value": "ab" * 16, "quality": None}]


def test_the_thumbnail_stays_out():
    assert finding_to_json(replace(PLAIN, thumbnail=b"pixels")) == finding_to_json(PLAIN)


def test_unknown_fields_are_passed_over():
    assert finding_from_json({**finding_to_json(PLAIN), "news": 1}) == PLAIN


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": 2}, "its schema is 2"),
        ({"size": 1, "media_type": "image/none"}, "wrong type or value"),
        ({"verdict": {"name": "maybe", "reasons": []}}, "its verdict is none of known, near"),
        ({"verdict": {"name": "known", "reasons": []}}, "field 'hit' is missing"),
        ({"frames": 3}, "wrong type or value"),
        ({"name": None}, "wrong type or value"),
    ],
)
def test_what_is_no_finding_is_refused(change, told):
    with pytest.raises(FindingInvalid, match=told):
        finding_from_json({**finding_to_json(PLAIN), **change})


def test_a_wrong_value_is_never_quoted():
    record = {**finding_to_json(PLAIN), "signals": [{"kind": "md5", "value": "secret-ish"}]}
    with pytest.raises(FindingInvalid) as refused:
        finding_from_json(record)
    assert "secret" not in str(refused.value)
