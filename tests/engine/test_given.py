import numpy as np
import pytest

from tutela.engine import given
from tutela.engine.given import STEP, match_given
from tutela.engine.snapshot import ListSnapshot, UnaskedList, write_snapshot
from tutela.model import (
    Entry,
    Finding,
    Known,
    ListInfo,
    Near,
    NothingFound,
    Problem,
    ProblemKind,
    Purpose,
    Signal,
    Unhashable,
    Unreadable,
)
from tutela.model.errors import SignalInvalid

CODE = np.random.default_rng(5).integers(0, 256, 32, np.uint8).tobytes()
NEAR = bytes([CODE[0] ^ 7]) + CODE[1:]
FAR = bytes(byte ^ 0x55 for byte in CODE)


@pytest.fixture
def snapshot(tmp_path):
    path = tmp_path / "list"
    entry = Entry("k1", (Signal("md5", b"m" * 16), Signal("pdq", CODE, 90)))
    write_snapshot(path, ListInfo("given", "", Purpose.KNOWN, {}, 1), [(1, entry)], rebuild=True)
    return ListSnapshot.open(path)


def finding(*signals, name="x", problems=(), unhashable=()):
    return Finding(name, None, None, (), signals, unhashable, (), NothingFound(), problems)


def test_given_signals_meet_lists(snapshot):
    findings = [
        finding(Signal("md5", b"m" * 16), name="same"),
        finding(Signal("pdq", NEAR, 80, 0), name="near"),
        finding(Signal("pdq", FAR, 80, 0), name="far"),
    ]
    same, near, far = match_given(findings, [snapshot])
    assert isinstance(same.verdict, Known)
    assert isinstance(near.verdict, Near)
    assert near.hits[0].distance == 3
    assert isinstance(far.verdict, NothingFound)
    assert [one.name for one in (same, near, far)] == ["same", "near", "far"]


def test_what_could_not_be_read_is_not_called_clean(snapshot):
    problem = Problem(ProblemKind.DAMAGED, "file", "It is damaged.")
    digest = Signal("md5", b"n" * 16)
    broken, hopeless, plain = match_given(
        [
            finding(digest, problems=(problem,)),
            finding(digest, unhashable=(Unhashable("pdq", "no pixels"),)),
            finding(digest),
        ],
        [snapshot],
    )
    assert isinstance(broken.verdict, Unreadable)
    assert broken.problems == (problem,)
    assert isinstance(hopeless.verdict, Unreadable)
    assert isinstance(plain.verdict, NothingFound)


def test_a_list_that_cannot_be_asked_is_told(snapshot):
    (one,) = match_given([finding(Signal("md5", b"n" * 16))], [snapshot, UnaskedList("other", "it is gone")])
    assert [problem.kind for problem in one.problems] == [ProblemKind.INDEX]


def test_more_than_one_step_keeps_the_order(snapshot):
    findings = (finding(Signal("pdq", FAR, 80, 0), name=str(number)) for number in range(STEP + 3))
    assert [one.name for one in match_given(findings, [snapshot])] == [str(number) for number in range(STEP + 3)]


def test_a_value_of_the_wrong_length_is_refused(snapshot):
    with pytest.raises(SignalInvalid):
        list(match_given([finding(Signal("pdq", b"short", 90, 0))], [snapshot]))


def test_what_has_come_is_handed_on_while_nothing_comes(snapshot):
    asked = []

    def slow():
        for name in ("a", "b", None, None, "c"):
            asked.append(name)
            yield None if name is None else finding(Signal("pdq", FAR, 80, 0), name=name)

    found = match_given(slow(), [snapshot])
    assert [next(found).name, next(found).name] == ["a", "b"]
    assert asked == ["a", "b", None]
    assert [one.name for one in found] == ["c"]


def test_what_has_come_does_not_wait_for_long(snapshot, monkeypatch):
    monkeypatch.setattr(given, "PATIENCE", -1.0)
    endless = (finding(Signal("pdq", FAR, 80, 0), name=str(number)) for number in iter(int, 1))
    assert next(match_given(endless, [snapshot])).name == "0"
