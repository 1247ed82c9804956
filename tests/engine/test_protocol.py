"""The protocol: what is said arrives, and nothing that a worker can say does more than raise `Breach`."""

from __future__ import annotations

import contextlib
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.small_pictures import gif, jpeg
from tutela.engine.examining import Examined, Wanted, examine
from tutela.engine.protocol import (
    HEAD,
    Breach,
    Inbox,
    Message,
    Type,
    limits_to_json,
    pack,
    pack_found,
    pack_job,
    read_found,
    read_measures,
    reading_seconds,
    unpack_wanted,
)
from tutela.model import FrameInfo, Limits, Problem, ProblemKind, Signal, Unhashable

EMPTY = {"size": None, "type": None, "frames": [], "signals": [], "unhashable": [], "problems": []}


def message(record, body=b""):
    return Message(Type.FOUND, 1, json.dumps(record).encode(), body)


@pytest.mark.parametrize("data", [jpeg(1), gif([1, 2, 3]), b"", b"text", jpeg(2)[:500]])
def test_what_was_found_arrives_as_it_was(data):
    found = examine(data, Limits(), Wanted(orientations=True, thumbnail=True))
    packed = pack_found(Type.FOUND, 7, found)
    for step in (1, 19, 4096):
        inbox, came = Inbox(256), []
        for at in range(0, len(packed), step):
            came += inbox.feed(packed[at : at + step])
        assert [(each.type, each.job) for each in came] == [(Type.FOUND, 7)]
        assert read_found(came[0], 256) == found


def test_several_messages_in_one_piece():
    packed = b"".join(pack_found(Type.FOUND, number, examine(jpeg(number), Limits())) for number in range(5))
    assert [each.job for each in Inbox(256).feed(packed)] == list(range(5))


def test_what_is_wanted_arrives_as_it_was():
    wanted = Wanted(frozenset({"pdq", "md5"}), orientations=True, thumbnail=True)
    _, number, length, body = HEAD.unpack(pack_job(3, 1, wanted, 100, 50)[: HEAD.size])
    assert (number, body) == (3, 50)
    record = json.loads(pack_job(3, 1, wanted, 100, 50)[HEAD.size :])
    assert len(json.dumps(record, separators=(",", ":"))) == length
    assert unpack_wanted(record) == wanted


def test_limits_survive():
    limits = Limits(1, 2, 3, 4.5, 6)
    assert Limits(**json.loads(json.dumps(limits_to_json(limits)))) == limits


def test_a_larger_file_gets_more_time_but_not_without_end():
    assert reading_seconds(0) == 0
    assert reading_seconds(20 << 20) == 1
    assert reading_seconds(1 << 60) == 3600


@given(st.binary(max_size=200))
def test_any_bytes_raise_nothing_else(data):
    inbox = Inbox(4)
    try:
        for each in inbox.feed(data):
            read_found(each, 4)
    except Breach:
        pass


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["pdq", "md5"])
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner))


@given(st.fixed_dictionaries(dict.fromkeys(EMPTY, VALUES)))
def test_any_json_raises_nothing_else(record):
    try:
        found = read_found(message(record), 4)
    except Breach:
        return
    assert isinstance(found, Examined)
    json.dumps([problem.message for problem in found.problems])


ROWS = {
    "frames": [0, 10, 10, None, None, None, None, None, None, None],
    "signals": ["md5", "00" * 16, None, None, "original", None],
    "unhashable": ["pdq", "because", None],
    "problems": ["crash", "file", "because"],
}


@pytest.mark.parametrize("name", ROWS)
@given(data=st.data())
def test_one_wrong_value_among_right_ones(name, data):
    row = list(ROWS[name])
    row[data.draw(st.integers(0, len(row) - 1))] = data.draw(VALUES)
    with contextlib.suppress(Breach):
        read_found(message(EMPTY | {name: [row]}), 4)


@pytest.mark.parametrize(
    "change",
    [
        {"size": -1},
        {"size": True},
        {"size": 1.5},
        {"size": 1 << 70},
        {"type": "text/html"},
        {"frames": None},
        {"frames": [ROWS["frames"]] * 5},
        {"frames": [[0, 1, 1, float("nan"), None, None, None, None, None, None]]},
        {"frames": [[0, 1, 1, float("inf"), None, None, None, None, None, None]]},
        {"frames": [[0, 1, 1, 10**400, None, None, None, None, None, None]]},
        {"frames": [[0, -1, 1, None, None, None, None, None, None, None]]},
        {"signals": [ROWS["signals"]] * 105},
        {"signals": [["md5", "00" * 15, None, None, "original", None]]},
        {"signals": [["md5", "00" * 15 + "  ", None, None, "original", None]]},
        {"frames": [[0, 1, 1, None, "circus", None, None, None, None, None]]},
        {"frames": [[0, 1, 1, None, None, 0, None, None, 0.0, None]]},
        {"frames": [[0, 1, 1, None, None, 0, -1, 0, 0.0, None]]},
        {"frames": [[0, 1, 1, None, None, 0, 0, 0, 46, None]]},
        {"frames": [[0, 1, 1, None, None, 0, 0, 0, float("nan"), None]]},
        {"frames": [[0, 1, 1, None, None, 0, 0, 0, "askew", None]]},
        {"frames": [[0, 1, 1, None, None, None, None, None, None, 2]]},
        {"frames": [[0, 1, 1, None, None, None, None, None, None, "sure"]]},
        {"signals": [["md5", "00" * 16, None, None, "original", "mood"]]},
        {"signals": [["md5", "00" * 16, None, None, "original", []]]},
        {"signals": [["md5", "zz" * 16, None, None, "original", None]]},
        {"signals": [["md5", "00" * 16, 101, None, "original", None]]},
        {"signals": [["md5", "00" * 16, None, None, "sideways", None]]},
        {"signals": [["md6", "00" * 16, None, None, "original", None]]},
        {"signals": [[["md5"], "00" * 16, None, None, "original", None]]},
        {"problems": [["crash", "file"]]},
        {"problems": [["boredom", "file", "because"]]},
        {"problems": [["crash", "file", {}]]},
        {"problems": [ROWS["problems"]] * 257},
    ],
    ids=str,
)
def test_wrong_values_are_refused(change):
    with pytest.raises(Breach):
        read_found(message(EMPTY | change), 4)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"size":' + b"1" * 5000 + b"}"])
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(Breach):
        read_found(Message(Type.FOUND, 1, text, b""), 4)


def test_a_pickle_is_only_noise():
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was opened",))

    with pytest.raises(Breach):
        list(Inbox(4).feed(pickle.dumps(Trap()) * 10))
    with pytest.raises(Breach):
        read_found(Message(Type.FOUND, 1, pickle.dumps(Trap()), b""), 4)


def test_lengths_are_refused_before_anything_is_kept():
    for head in (HEAD.pack(Type.FOUND, 1, 1 << 31, 0), HEAD.pack(Type.FOUND, 1, 2, 1 << 63), HEAD.pack(99, 1, 2, 0)):
        with pytest.raises(Breach):
            list(Inbox(4).feed(head))


def test_text_is_made_printable_and_short():
    nasty = "\x1b]0;title\x07\u202edrow\ud800" + "x" * 1000
    found = read_found(message(EMPTY | {"problems": [["crash", nasty, nasty]], "unhashable": [["pdq", nasty, 0]]}), 4)
    for text in (found.problems[0].place, found.problems[0].message, found.unhashable[0].reason):
        assert text.isprintable()
        assert len(text) == 400
        text.encode()


def test_a_thumbnail_is_webp_or_nothing():
    with pytest.raises(Breach):
        read_found(message(EMPTY, b"<svg onload=alert(1)>"), 4)
    assert read_found(message(EMPTY, b"RIFF____WEBPVP8 "), 4).thumbnail is not None


def test_everything_lawful_passes():
    record = EMPTY | {name: [row] for name, row in ROWS.items()} | {"size": 5, "type": "image/png"}
    found = read_found(message(record), 4)
    assert found.frames == (FrameInfo(0, 10, 10),)
    assert found.signals == (Signal("md5", bytes(16)),)
    assert found.unhashable == (Unhashable("pdq", "because"),)
    assert found.problems == (Problem(ProblemKind.CRASH, "file", "because"),)


def test_measures():
    good = Message(Type.READY, 0, b'{"measures":{"a":true,"b":false,"c":1}}', b"")
    assert read_measures(good) == {"a": True, "b": False, "c": False}
    for text in (b"{}", b'{"measures":[]}', json.dumps({"measures": dict.fromkeys(map(str, range(99)), 1)}).encode()):
        with pytest.raises(Breach):
            read_measures(Message(Type.READY, 0, text, b""))


def test_pack_gives_the_lengths():
    kind, job, json_length, body_length = HEAD.unpack(pack(Type.GO, 9, {"pixels": True}, 5)[: HEAD.size])
    assert (kind, job, body_length) == (Type.GO, 9, 5)
    assert json_length == len(b'{"pixels":true}')
