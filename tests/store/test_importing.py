import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.made_up_entries import entry, listed_in_snapshot, listed_in_store, plain, signal
from tutela.model import Entry, Grade, Rejected, Removed, Signal
from tutela.model.errors import ImportTorn
from tutela.store import importing
from tutela.store import store as store_module


@pytest.fixture
def small_batches(monkeypatch):
    """Batches of three, and a second between any two imports."""
    seconds = itertools.count(1_700_000_000)
    monkeypatch.setattr(importing, "BATCH", 3)
    monkeypatch.setattr(store_module, "now", lambda: next(seconds) * 1_000_000)


def counts(summary):
    return summary.added, summary.updated, summary.unchanged, summary.removed, summary.rejected_count


def state(store):
    return list(store.entries("a")), store.info("a")


@pytest.fixture
def listed(store):
    store.create_list("a")
    return store


@pytest.mark.usefixtures("small_batches")
def test_importing_the_same_twice_changes_nothing(listed):
    items = [entry(number, grade="A") for number in range(10)]
    assert counts(listed.import_entries("a", items)) == (10, 0, 0, 0, 0)
    before = state(listed)
    again = listed.import_entries("a", items)
    assert counts(again) == (0, 0, 10, 0, 0)
    assert not again.changed
    assert again.version == 1
    assert state(listed) == before


def test_importing_its_own_export_changes_nothing(listed):
    listed.import_entries("a", [entry(1, grade="A", labels=("b", "a"), source="S"), entry(2)])
    before = state(listed)
    assert counts(listed.import_entries("a", list(listed.entries("a")))) == (0, 0, 2, 0, 0)
    assert state(listed) == before


def test_the_order_of_what_an_entry_says_does_not_matter(listed):
    one = Entry("k", (signal("md5", 1), signal("pdq", 1)), (Grade("s", "A"), Grade("s", "B")), ("x", "y"))
    other = Entry("k", one.signals[::-1], one.grades[::-1], one.labels[::-1])
    listed.import_entries("a", [one])
    assert counts(listed.import_entries("a", [other])) == (0, 0, 1, 0, 0)


@pytest.mark.parametrize(
    "other",
    [
        entry(1, "md5"),
        entry(1, "md5", "pdq", "sha1"),
        Entry("entry-1", (signal("md5", 1), signal("pdq", 1, 80))),
        entry(1, grade="B"),
        entry(1, labels=("x",)),
        entry(1, source="S"),
        entry(1, added=datetime(2020, 1, 1, tzinfo=UTC)),
        entry(1, updated=datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_whatever_is_said_otherwise_replaces(listed, other):
    listed.import_entries("a", [entry(1), entry(2)])
    assert counts(listed.import_entries("a", [other])) == (0, 1, 0, 0, 0)
    assert listed.info("a").version == 2
    assert plain(listed.entries("a")) == plain([other, entry(2)])
    assert listed_in_snapshot(listed.snapshot_path("a")) == listed_in_store(listed, "a")


def test_times_are_kept_as_told(listed):
    east = timezone(timedelta(hours=2))
    listed.import_entries(
        "a",
        [entry(1, added=datetime(2020, 1, 1, 2, 0, 0, 123456, east), updated=datetime(2021, 1, 1))],  # noqa: DTZ001
    )
    (back,) = listed.entries("a")
    assert back.added == datetime(2020, 1, 1, 0, 0, 0, 123456, UTC)
    assert back.updated == datetime(2021, 1, 1, tzinfo=UTC)


@pytest.mark.usefixtures("small_batches")
def test_pieces_of_one_entry_are_put_together_over_the_whole_file(listed):
    pieces = [
        Entry("k", (signal("md5", 1),), (Grade("s", "A"),), ("x",), "first"),
        *(entry(number) for number in range(10, 20)),
        Entry("k", (signal("pdq", 1, 40), signal("md5", 1)), (Grade("s", "B"),), ("y",), "second"),
        Entry("k", (signal("pdq", 1, 90),), (), (), ""),
    ]
    assert counts(listed.import_entries("a", pieces)) == (11, 0, 0, 0, 0)
    before = state(listed)
    assert (
        plain(before[0])["k"]
        == plain(
            [
                Entry(
                    "k",
                    (signal("md5", 1), signal("pdq", 1, 90)),
                    (Grade("s", "A"), Grade("s", "B")),
                    ("x", "y"),
                    "second",
                )
            ]
        )["k"]
    )
    again = listed.import_entries("a", pieces)
    assert counts(again) == (0, 0, 11, 0, 0)
    assert state(listed) == before


@pytest.mark.usefixtures("small_batches")
def test_removals(listed):
    listed.import_entries("a", [entry(number) for number in range(5)])
    summary = listed.import_entries("a", [Removed("entry-0"), Removed("entry-0"), Removed("nobody"), entry(1)])
    assert counts(summary) == (0, 0, 1, 1, 0)
    assert listed.show("a").removed == 1
    assert counts(listed.import_entries("a", [Removed("entry-0")])) == (0, 0, 0, 0, 0)
    assert listed.info("a").version == 2
    assert counts(listed.import_entries("a", [entry(0)])) == (1, 0, 0, 0, 0)
    assert plain(listed.entries("a")) == plain([entry(number) for number in range(5)])


@pytest.mark.usefixtures("small_batches")
def test_what_comes_and_goes_in_one_file_was_never_there(listed):
    stream = [entry(1), entry(2), entry(3), entry(4), Removed("entry-1"), entry(5)]
    assert counts(listed.import_entries("a", stream)) == (4, 0, 0, 0, 0)
    assert listed.show("a").removed == 0


def test_rejected_lines_are_counted_told_and_kept_up_to_a_limit(listed, monkeypatch):
    monkeypatch.setattr("tutela.store.store.MOST_REJECTED", 2)
    told = []
    stream = [Rejected(1, "one"), entry(1), Rejected(3, "three"), Rejected(4, "four")]
    summary = listed.import_entries("a", stream, rejected=told.append)
    assert counts(summary) == (1, 0, 0, 0, 3)
    assert [one.number for one in summary.rejected] == [1, 3]
    assert [one.number for one in told] == [1, 3, 4]


def test_unfit_signals_stop_here_too(listed):
    empty = Signal("md5", bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e"))
    blank = Signal("pdq", bytes(32))
    summary = listed.import_entries(
        "a", [Entry("e", (empty,)), Entry("b", (blank, signal("sha1", 1))), Entry("short", (Signal("md5", b"123"),))]
    )
    assert counts(summary) == (1, 0, 0, 0, 3)
    assert [one.number for one in summary.rejected] == [1, 2, 3]
    assert plain(listed.entries("a")) == plain([Entry("b", (signal("sha1", 1),))])


@pytest.mark.usefixtures("small_batches")
def test_a_torn_file_leaves_the_list_as_it_was(listed):
    listed.import_entries("a", [entry(1)])
    before = state(listed)
    stream = [entry(number) for number in range(2, 9)] + [Rejected(8, "it ends in the middle", fatal=True)]
    with pytest.raises(ImportTorn, match="record 8: it ends in the middle"):
        listed.import_entries("a", stream)
    assert state(listed) == before
    assert counts(listed.import_entries("a", stream, accept_torn=True)) == (7, 0, 0, 0, 1)


@pytest.mark.usefixtures("small_batches")
def test_whatever_the_reader_raises_leaves_the_list_as_it_was(listed):
    def stream():
        yield from (entry(number) for number in range(7))
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        listed.import_entries("a", stream())
    assert state(listed)[0] == []
    assert counts(listed.import_entries("a", [entry(1)])) == (1, 0, 0, 0, 0)


@pytest.mark.usefixtures("small_batches")
def test_progress_is_told_by_batch(listed):
    seen = []
    listed.import_entries("a", [entry(number) for number in range(7)], seen.append)
    assert seen == [3, 6, 7]


def test_a_file_of_nothing(listed):
    assert counts(listed.import_entries("a", [])) == (0, 0, 0, 0, 0)
    assert listed.info("a").version == 0


def test_what_was_withdrawn_and_comes_and_goes_again_stays_withdrawn(listed, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 1)
    listed.import_entries("a", [entry(1), entry(2)])
    listed.remove_entries("a", ["entry-1"])
    stream = [entry(1, "sha1"), Removed("entry-1")]
    for later in (1_000_000, 2_000_000):
        time = store_module.now() + later
        monkeypatch.setattr(store_module, "now", lambda time=time: time)
        assert counts(listed.import_entries("a", stream)) == (0, 0, 0, 0, 0)
    assert listed.info("a").version == 2


def test_the_clock_changes_nothing_when_a_file_comes_again(listed, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 1)
    stream = [entry(1), Removed("entry-1"), entry(1, "sha1"), entry(2), entry(1, grade="A")]
    listed.import_entries("a", stream)
    before = state(listed)
    time = store_module.now() + 5_000_000
    monkeypatch.setattr(store_module, "now", lambda: time)
    assert counts(listed.import_entries("a", stream)) == (0, 0, 2, 0, 0)
    assert state(listed) == before


# ------------------------------------------------------------------------------------- against the rules, written out
def expected(former, items):
    """What a list of {key: entry} should hold after an import, by the rules one at a time."""
    now, said = dict(former), set()
    for item in items:
        if isinstance(item, Removed):
            now.pop(item.key, None)
            said.discard(item.key)
        elif item.key in said and item.key in now:
            old = now[item.key]
            now[item.key] = Entry(
                item.key,
                tuple(set(old.signals) | set(item.signals)),
                tuple(set(old.grades) | set(item.grades)),
                (),
                item.source or old.source,
            )
        else:
            now[item.key] = item
            said.add(item.key)
    return now


pieces = st.builds(
    lambda key, numbers, grades, source: Entry(
        key, tuple(signal("md5", n) for n in numbers), tuple(Grade("s", g) for g in grades), (), source
    ),
    st.sampled_from("KLMN"),
    st.sets(st.integers(1, 3), min_size=1),
    st.sets(st.sampled_from("AB")),
    st.sampled_from(["", "S", "T"]),
)
streams = st.lists(pieces | st.builds(Removed, st.sampled_from("KLMN")), max_size=12)


NAMES = itertools.count()


@pytest.mark.usefixtures("small_batches")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(streams, min_size=1, max_size=3))
def test_any_files_leave_what_the_rules_say_and_their_repetition_nothing(store, files):
    name = f"list-{next(NAMES)}"
    store.create_list(name)
    held = {}
    for file in files:
        before, held = held, expected(held, file)
        summary = store.import_entries(name, file)
        assert plain(store.entries(name)) == plain(held.values())
        assert summary.added == len(held.keys() - before.keys())
        assert summary.removed == len(before.keys() - held.keys())
        version = store.info(name).version
        assert not store.import_entries(name, file).changed
        assert store.info(name).version == version
    assert listed_in_snapshot(store.snapshot_path(name)) == listed_in_store(store, name)
    store.remove_list(name)
