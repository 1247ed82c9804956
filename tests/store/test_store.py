import shutil
import sqlite3

import numpy as np
import pytest

from store.made_up_entries import entry, listed_in_snapshot, listed_in_store, plain, signal
from tutela.engine.snapshot import ListSnapshot
from tutela.model import Entry, ListInfo, Purpose, Threshold
from tutela.model.errors import ListExists, ListUnknown, SignalInvalid, StoreDamaged, UsageError
from tutela.store import Store


def test_a_new_list_is_empty_published_and_as_asked_for(store):
    limits = {"pdq": Threshold(20, 60)}
    made = store.create_list("team.one", owner="us", purpose=Purpose.BENIGN, thresholds=limits)
    assert made == ListInfo("team.one", "us", Purpose.BENIGN, limits, 0)
    assert store.lists() == (made,)
    assert ListSnapshot.open(store.snapshot_path("team.one")).info == made
    assert list(store.entries("team.one")) == []


def test_lists_come_by_name_and_stay(store, home):
    for name in ("b", "a", "c"):
        store.create_list(name)
    with Store.open(home) as again:
        assert [info.name for info in again.lists()] == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["", ".a", "A", "a b", "a/b", "ä", "a" * 65, "a\n", "../x"])
def test_a_name_that_cannot_be_is_refused_with_the_rule(store, name):
    with pytest.raises(UsageError, match="1 to 64 of the characters"):
        store.create_list(name)
    assert store.lists() == ()


@pytest.mark.parametrize("name", ["a", "a.b-c_9", "9", "-", "a" * 64])
def test_other_names_are_taken(store, name):
    assert store.create_list(name).name == name


@pytest.mark.parametrize("limit", [Threshold(-1), Threshold(31, 101), Threshold(31, -1)])
def test_a_threshold_that_cannot_be_is_refused(store, limit):
    with pytest.raises(UsageError, match="threshold of pdq"):
        store.create_list("a", thresholds={"pdq": limit})


def test_a_threshold_of_an_unknown_kind_is_refused(store):
    with pytest.raises(SignalInvalid):
        store.create_list("a", thresholds={"phash": Threshold(3)})


def test_a_second_list_of_a_name_is_refused(store):
    store.create_list("a")
    with pytest.raises(ListExists):
        store.create_list("a")


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.info("no"),
        lambda store: store.show("no"),
        lambda store: store.remove_list("no"),
        lambda store: store.import_entries("no", ()),
        lambda store: list(store.entries("no")),
        lambda store: store.publish("no"),
        lambda store: store.snapshot_path("no"),
        lambda store: store.remove_entries("no", ["a"]),
    ],
)
def test_an_unknown_list_is_named(store, use):
    with pytest.raises(ListUnknown, match="'no'"):
        use(store)


def test_import_publishes_what_the_store_holds(store):
    store.create_list("a")
    store.import_entries("a", [entry(1), entry(2, "sha256", "photodna"), entry(3, "pdq")])
    assert listed_in_snapshot(store.snapshot_path("a")) == listed_in_store(store, "a")
    assert ListSnapshot.open(store.snapshot_path("a")).info == store.info("a")
    assert store.info("a").version == 1


def test_entries_come_back_as_they_went_in(store):
    store.create_list("a")
    given = [entry(1, grade="A", labels=("x", "y"), source="S"), entry(2, "sha1"), entry(3, "photodna", "md5")]
    store.import_entries("a", given)
    back = list(store.entries("a"))
    assert plain(back) == plain(given)
    assert all(one.added is not None and one.added == one.updated for one in back)


def test_lists_do_not_mix(store):
    store.create_list("a")
    store.create_list("b")
    store.import_entries("a", [entry(1)])
    store.import_entries("b", [entry(1, "sha1"), entry(2)])
    store.remove_entries("b", ["entry-2"])
    assert plain(store.entries("a")) == plain([entry(1)])
    assert plain(store.entries("b")) == plain([entry(1, "sha1")])
    for name in "ab":
        assert listed_in_snapshot(store.snapshot_path(name)) == listed_in_store(store, name)


def test_a_list_can_be_copied_while_it_is_read(store):
    store.create_list("a")
    store.create_list("b")
    store.import_entries("a", (entry(number) for number in range(50)))
    store.import_entries("b", store.entries("a"))
    assert plain(store.entries("b")) == plain(store.entries("a"))


def test_show_counts(store):
    store.create_list("a", owner="us")
    store.import_entries("a", [entry(1), entry(2, "md5"), entry(3, "pdq")])
    store.remove_entries("a", ["entry-3", "nobody"])
    shown = store.show("a")
    assert (shown.info, shown.entries, shown.removed, shown.published) == (store.info("a"), 2, 1, 2)
    assert shown.signals == {"md5": 2, "pdq": 1}
    assert shown.created <= shown.changed


def test_show_without_a_whole_snapshot(store):
    store.create_list("a")
    shutil.rmtree(store.snapshot_path("a"))
    assert store.show("a").published is None


def test_remove_entries_tells_how_many_there_were(store):
    store.create_list("a")
    store.import_entries("a", [entry(1), entry(2)])
    assert store.remove_entries("a", ["entry-1", "entry-1", "nobody"]) == 1
    assert store.remove_entries("a", ["entry-1"]) == 0
    assert store.info("a").version == 2
    assert set(listed_in_snapshot(store.snapshot_path("a"))) == {"entry-2"}


@pytest.mark.sqlite
def test_remove_list_leaves_nothing_of_it(store, home):
    store.create_list("a")
    store.create_list("b")
    store.import_entries("a", [entry(1)])
    path = store.snapshot_path("a")
    store.remove_list("a")
    assert [info.name for info in store.lists()] == ["b"]
    assert not path.exists()
    with sqlite3.connect(home / "store.sqlite") as raw:
        for table in ("entries", "signals"):
            assert raw.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,)
    raw.close()


def test_a_list_made_after_a_removed_one_gets_another_folder(store):
    store.create_list("a")
    before = store.snapshot_path("a")
    store.remove_list("a")
    store.create_list("a")
    assert store.snapshot_path("a") != before


def test_low_quality_is_listed_but_not_searched(store):
    store.create_list("a", thresholds={"pdq": Threshold(31, 50)})
    store.import_entries("a", [Entry(f"q{q}", (signal("pdq", 1, q),)) for q in (49, 50)])
    view = ListSnapshot.open(store.snapshot_path("a")).view()
    (ids,) = [ids for _, ids in view.index.hamming("pdq").live()]
    assert [view.entry(int(number)).key for number in np.sort(ids)] == ["q50"]
    assert set(plain(store.entries("a"))) == {"q49", "q50"}


# --------------------------------------------------------------------------------------------------------- damage
@pytest.mark.sqlite
def test_a_file_that_is_no_database(home):
    home.mkdir()
    (home / "store.sqlite").write_bytes(b"this was a store once" * 500)
    with pytest.raises(StoreDamaged, match=r"store\.sqlite.*Restore it from a back-up"):
        Store.open(home)


@pytest.mark.sqlite
def test_a_database_of_something_else(home):
    home.mkdir()
    raw = sqlite3.connect(home / "store.sqlite")
    raw.execute("CREATE TABLE letters (text)")
    raw.close()
    with pytest.raises(StoreDamaged, match="not one of tutela"):
        Store.open(home)


@pytest.mark.sqlite
@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_lost_store_is_not_taken_for_a_new_one(store, home, how):
    store.create_list("a")
    store.close()
    for path in home.glob("store.sqlite*"):
        path.unlink()
    if how == "empty":
        (home / "store.sqlite").touch()
    with pytest.raises(StoreDamaged, match="gone or empty"):
        Store.open(home)
    assert (home / "snapshots" / "1").exists()


@pytest.mark.sqlite
def test_damage_in_the_middle_is_told_and_not_answered_from(store, home):
    store.create_list("a")
    store.import_entries("a", (entry(number) for number in range(3000)))
    store.close()
    data = bytearray((home / "store.sqlite").read_bytes())
    for start in range(len(data) // 8192 * 4096, len(data), 4096):
        data[start : start + 64] = b"\xff" * 64
    (home / "store.sqlite").write_bytes(data)
    with Store.open(home) as opened, pytest.raises(StoreDamaged):
        list(opened.entries("a"))
