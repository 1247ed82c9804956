from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.made_up_lists import exact, near, opened, pdq, written
from tutela.engine import snapshot as snapshot_module
from tutela.engine.snapshot import (
    ListSnapshot,
    UnaskedList,
    locked,
    open_snapshots,
    remove_snapshot,
    snapshot_state,
    threshold,
    write_snapshot,
)
from tutela.index import IndexFolder
from tutela.model import Entry, Grade, ListInfo, ProblemKind, Purpose, Signal, Threshold
from tutela.model.errors import IndexBusy, IndexDamaged
from tutela.signals import kind

INFO = ListInfo("demo", "us", Purpose.BENIGN, {"pdq": Threshold(20, 60)}, 7)


def codes(*values):
    return np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)


def look_now(snapshot):
    """A view looks for a newer state only every so often; a test does not wait."""
    snapshot._folder._looked = 0.0
    return snapshot.view()


def ids_met(view, name, value, radius=0):
    return view.search(kind(name), codes(value), radius)[1].tolist()


def test_particulars_survive(tmp_path):
    write_snapshot(tmp_path / "s", INFO, (), stamp="x")
    assert ListSnapshot.open(tmp_path / "s").info == INFO
    assert snapshot_state(tmp_path / "s") == (INFO, "x")


texts = st.text(max_size=8)


@given(
    st.builds(
        Entry,
        key=st.text(min_size=1, max_size=8),
        signals=st.just(()),
        grades=st.lists(st.builds(Grade, texts, texts), max_size=2).map(tuple),
        labels=st.lists(texts, max_size=2).map(tuple),
        source=texts,
        added=st.none() | st.datetimes(datetime(1970, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001
    )
)
def test_what_a_hit_tells_of_an_entry_survives_in_a_record(entry):
    assert snapshot_module._entry_of(snapshot_module._record_of(entry)) == entry


def test_a_list_has_its_own_threshold_or_the_kinds():
    assert threshold(INFO, kind("pdq")) == Threshold(20, 60)
    assert threshold(INFO, kind("photodna")) == kind("photodna").default


def test_every_kind_is_found_by_its_measure(tmp_path):
    photo = bytes(range(144))
    other = bytes([photo[0] + 3, photo[1] + 4, *photo[2:]])
    entries = [near("n", 1, 2), exact("e", b"m" * 16), exact("s", b"s" * 32, "sha256")]
    entries += [exact("p", photo, "photodna"), exact("q", other, "photodna")]
    view = opened(tmp_path / "s", entries).view()
    assert ids_met(view, "pdq", pdq(1), 1) == [1]
    assert ids_met(view, "pdq", pdq(9), 2) == []
    assert ids_met(view, "md5", b"m" * 16) == [2]
    assert ids_met(view, "sha1", b"m" * 20) == []
    assert ids_met(view, "sha256", b"s" * 32) == [3]
    assert ids_met(view, "photodna", photo) == [4]
    assert ids_met(view, "photodna", photo, 24) == [4]
    assert ids_met(view, "photodna", photo, 25) == [4, 5]
    assert view.entry(5).key == "q"


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 40),
    st.integers(1, 5),
    st.integers(1, 300),
    st.sampled_from([0, 1, 500, 3_000_000, 10_000_000]),
    st.integers(0, 2**32 - 1),
)
def test_the_scan_by_squares_is_exact(rows, queries, pairs, radius, seed):
    random = np.random.default_rng(seed)
    values = random.choice(np.array([0, 1, 255], np.uint8), (rows, 144))
    wanted = random.choice(np.array([0, 254, 255], np.uint8), (queries, 144))
    ids = random.permutation(rows).astype(np.uint64)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(snapshot_module, "SCAN_PAIRS", pairs)
        offsets, found, distances = snapshot_module._within([(values, ids)], wanted, radius)
    for query in range(queries):
        apart = [kind("photodna").distance(wanted[query].tobytes(), value.tobytes()) for value in values]
        expected = sorted((d, int(number)) for d, number in zip(apart, ids, strict=True) if d <= radius)
        part = slice(offsets[query], offsets[query + 1])
        assert list(zip(distances[part].tolist(), found[part].tolist(), strict=True)) == expected


def test_codes_of_known_low_quality_are_not_searched(tmp_path):
    entries = [near("low", 1, quality=49), near("enough", 2, quality=50), near("unknown", 3)]
    view = opened(tmp_path / "s", entries).view()
    assert ids_met(view, "pdq", pdq(), 31) == [2, 3]
    assert view.entry(1).key == "low"
    own = opened(tmp_path / "own", entries, pdq=Threshold(31, 0)).view()
    assert ids_met(own, "pdq", pdq(), 31) == [1, 2, 3]


def test_a_change_replaces_adds_and_removes_in_one_step(tmp_path):
    path = written(tmp_path / "s", [near("a", 1), near("b", 2), exact("c", b"c" * 16)])
    reader = ListSnapshot.open(path)
    held = reader.view()
    changed = [(2, exact("b", b"b" * 16)), (9, near("d", 4))]
    write_snapshot(path, INFO, changed, np.array([2, 3], np.uint64), stamp="y")
    view = look_now(reader)
    assert view.info == INFO
    assert ids_met(view, "pdq", pdq(), 8) == [1, 9]
    assert ids_met(view, "md5", b"b" * 16) == [2]
    assert ids_met(view, "md5", b"c" * 16) == []
    with pytest.raises(IndexDamaged, match="no record"):
        view.entry(3)
    assert ids_met(held, "pdq", pdq(), 8) == [1, 2]  # who holds a state keeps it
    assert ids_met(held, "md5", b"c" * 16) == [3]


def test_a_rebuild_puts_a_new_folder_in_place(tmp_path):
    path = written(tmp_path / "s", [near("a", 1), near("b", 2)])
    reader = ListSnapshot.open(path)
    write_snapshot(path, INFO, [(5, near("c", 3))], rebuild=True)
    assert ids_met(look_now(reader), "pdq", pdq(), 8) == [5]
    assert reader.problem is None
    assert [one.name for one in tmp_path.iterdir()] == ["s"]


def test_a_large_rebuild_hands_its_records_over_in_steps(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot_module, "RECORD_STEP", 7)
    monkeypatch.setattr(snapshot_module, "STEP", 5)
    view = opened(tmp_path / "s", [near(f"k{n}", n % 256, n % 255) for n in range(60)]).view()
    assert view.index.generation > 5
    assert [view.entry(number).key for number in range(1, 61)] == [f"k{n}" for n in range(60)]
    assert ids_met(view, "pdq", pdq(), 2) == list(range(1, 61)) or len(ids_met(view, "pdq", pdq(), 2)) == 60


def test_an_exception_while_writing_leaves_the_old_state(tmp_path):
    path = written(tmp_path / "s", [near("a", 1)])

    def broken():
        yield 2, near("b", 2)
        raise KeyboardInterrupt

    for rebuild in (False, True):
        with pytest.raises(KeyboardInterrupt):
            write_snapshot(path, INFO, broken(), rebuild=rebuild)
        assert ids_met(ListSnapshot.open(path).view(), "pdq", pdq(), 8) == [1]


def test_an_unfinished_rebuild_is_cleared_away(tmp_path):
    path = tmp_path / "s"
    IndexFolder.create(tmp_path / "s.new")
    written(tmp_path / "s.old", [near("a", 1)])
    written(path, [near("b", 2)])
    assert [one.name for one in tmp_path.iterdir()] == ["s"]
    IndexFolder.create(tmp_path / "s.new")
    remove_snapshot(path)
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------------------------------------- damage
def test_a_damaged_newer_state_leaves_the_last_good_one_and_a_problem(tmp_path):
    path = written(tmp_path / "s", [near("a", 1)])
    reader = ListSnapshot.open(path)
    write_snapshot(path, INFO, [(2, near("b", 2))])
    whole = (path / "manifest.json").read_bytes()
    (path / "manifest.json").write_bytes(whole.replace(b'"version":7', b'"version":8'))
    assert ids_met(look_now(reader), "pdq", pdq(), 8) == [1]
    assert reader.problem.kind is ProblemKind.INDEX
    assert reader.problem.place == "list demo"
    assert "version 1 was asked" in reader.problem.message
    (path / "manifest.json").write_bytes(whole + b"")
    assert ids_met(look_now(reader), "pdq", pdq(), 8) == [1, 2]
    assert reader.problem is None


def test_a_newer_state_that_is_no_snapshot_leaves_the_last_good_one_too(tmp_path):
    path = written(tmp_path / "s", [near("a", 1)])
    reader = ListSnapshot.open(path)
    with IndexFolder.open(path).writing() as change:
        change.clear()
        change.meta = {"format": 99}
    assert ids_met(look_now(reader), "pdq", pdq(), 8) == [1]
    assert "of this format" in reader.problem.message


@pytest.mark.parametrize("damage", ["missing", "empty folder", "manifest", "foreign"])
def test_what_cannot_be_opened_is_an_unasked_list(tmp_path, damage):
    path = tmp_path / "s"
    if damage == "empty folder":
        path.mkdir()
    elif damage == "manifest":
        written(path, [near("a", 1)])
        (path / "manifest.json").write_bytes(b"{}")
    elif damage == "foreign":
        IndexFolder.create(path)
    assert snapshot_state(path) is None
    with pytest.raises(IndexDamaged):
        ListSnapshot.open(path)
    good = written(tmp_path / "good", [near("a", 1)], name="good")
    unasked, asked = open_snapshots([("demo", path), ("good", good)])
    assert asked.name == "good"
    assert isinstance(unasked, UnaskedList)
    assert unasked.problem.kind is ProblemKind.INDEX
    assert unasked.problem.message.startswith("List 'demo' was not asked: ")


def test_a_snapshot_is_looked_for_twice(tmp_path, monkeypatch):
    path, aside = tmp_path / "s", tmp_path / "aside"
    written(aside, [near("a", 1)])
    monkeypatch.setattr(snapshot_module.time, "sleep", lambda _: aside.rename(path))
    assert ListSnapshot.open(path).name == "demo"


def test_one_writes_at_a_time(tmp_path):
    with locked(tmp_path / "s"):
        with pytest.raises(IndexBusy), locked(tmp_path / "s", patience=0):
            pytest.fail("two writers at once")
        with locked(tmp_path / "other", patience=0):
            pass
    with locked(tmp_path / "s", patience=0):
        pass


def test_signals_of_a_kind_that_nobody_lists_meet_nothing(tmp_path):
    view = opened(tmp_path / "s", []).view()
    for one in ("pdq", "md5", "photodna"):
        offsets, ids, distances = view.search(kind(one), np.zeros((3, kind(one).size), np.uint8), 5)
        assert offsets.tolist() == [0, 0, 0, 0]
        assert len(ids) == len(distances) == 0


def test_a_list_knows_whether_it_may_hold_videos(tmp_path):
    picture = Entry("p", (Signal("pdq", pdq(), 90),))
    video = Entry("v", (Signal("pdq", pdq(1), 90, time=0.0),))
    path = tmp_path / "s"
    write_snapshot(path, INFO, [(1, picture)])
    assert not ListSnapshot.open(path).view().tracked
    write_snapshot(path, INFO, [(2, video)])
    assert ListSnapshot.open(path).view().tracked
    write_snapshot(path, INFO, [(3, picture)])
    assert ListSnapshot.open(path).view().tracked
    write_snapshot(path, INFO, [(1, picture)], rebuild=True)
    assert not ListSnapshot.open(path).view().tracked
    with IndexFolder.open(path).writing() as change:
        change.meta = {name: value for name, value in change.meta.items() if name != "tracks"}
    assert ListSnapshot.open(path).view().tracked  # an earlier release did not say


def test_a_signal_in_two_entries_meets_both(tmp_path):
    one = Signal("pdq", pdq(1))
    view = opened(tmp_path / "s", [Entry("a", (one, Signal("pdq", pdq(2)))), Entry("b", (one,))]).view()
    offsets, ids, distances = view.search(kind("pdq"), codes(pdq(1), pdq()), 2)
    assert offsets.tolist() == [0, 3, 6]
    assert ids.tolist() == [1, 2, 1, 1, 1, 2]
    assert distances.tolist() == [0, 0, 2, 1, 1, 1]
