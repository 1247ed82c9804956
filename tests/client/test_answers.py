from datetime import UTC, datetime

import pytest

from tutela.client.answers import EntryState, JobState, ListState, Looked, VersionState, moment
from tutela.model import Entry, Grade, NothingFound, Purpose, Threshold

LIST = {"name": "a", "owner": "x", "purpose": "known", "version": 3}
ENTRY = {
    "key": "k",
    "id": 7,
    "state": "disabled",
    "version": 2,
    "grades": [{"scheme": "s", "code": "A"}],
    "labels": ["l"],
    "source": "desk",
    "added": "2026-01-02T03:04:05+00:00",
    "updated": None,
    "disabled_until": "2027-01-01T00:00:00+00:00",
    "kinds": ["md5"],
    "reason": "because",
}
JOB = {
    "id": 5,
    "kind": "import",
    "state": "running",
    "done": 1,
    "total": None,
    "message": "",
    "result": None,
    "error": None,
    "who": "x",
}


def test_a_list_without_counts_and_with_them():
    assert ListState.of(LIST) == ListState("a", "x", Purpose.KNOWN, 3)
    full = ListState.of(LIST | {"thresholds": {"pdq": {"distance": 31, "quality": 50}}, "entries": 2, "removed": 1})
    assert full.thresholds == {"pdq": Threshold(31, 50)}
    assert (full.entries, full.removed) == (2, 1)


def test_an_entry_with_and_without_its_values():
    state = EntryState.of(ENTRY)
    added = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert state.entry == Entry("k", (), (Grade("s", "A"),), ("l",), "desk", added, None)
    assert (state.state, state.reason, state.kinds) == ("disabled", "because", ("md5",))
    assert state.disabled_until == datetime(2027, 1, 1, tzinfo=UTC)
    told = EntryState.of(ENTRY | {"signals": [{"kind": "md5", "value": "ff" * 16, "quality": None}]})
    assert told.entry.signals[0].value == b"\xff" * 16


@pytest.mark.parametrize(
    ("state", "ended"), [("waiting", False), ("running", False), ("done", True), ("failed", True), ("cancelled", True)]
)
def test_a_job_ends(state, ended):
    assert JobState.of(JOB | {"state": state}).ended is ended
    assert JobState.of(JOB).id == "5"


def test_a_version_and_a_time():
    assert VersionState.of({"version": 1, "made": "2026-01-01T00:00:00+00:00"}).made.year == 2026
    assert moment(None) is None


def test_what_a_later_release_adds_is_passed_over():
    record = {
        "verdict": {"name": "nothing-found", "rule": "nothing", "reasons": ["No."], "news": 1},
        "hits": [],
        "problems": [],
        "more": True,
    }
    assert Looked.of(record) == Looked(NothingFound(("No.",)), ())
    assert ListState.of(LIST | {"more": 1}).name == "a"
