import shutil

import pytest

from store.made_up_entries import entry, listed_in_snapshot, listed_in_store
from tutela.engine.snapshot import ListSnapshot, locked, snapshot_state
from tutela.model import Removed
from tutela.model.errors import IndexBusy
from tutela.store import Store, publishing


def behind(store, monkeypatch, items):
    """Import without publishing, as if killed between the two."""
    with monkeypatch.context() as patched:
        patched.setattr(Store, "publish", lambda _self, _name: None)
        store.import_entries("a", items)


def test_a_snapshot_that_is_behind_is_completed(store, monkeypatch):
    store.create_list("a")
    store.import_entries("a", [entry(1), entry(2), entry(3)])
    behind(store, monkeypatch, [entry(4), entry(2, "sha1"), Removed("entry-3")])
    assert snapshot_state(store.snapshot_path("a"))[0].version == 1
    assert store.snapshots() == (("a", store.snapshot_path("a")),)
    assert listed_in_snapshot(store.snapshot_path("a")) == listed_in_store(store, "a")
    assert set(listed_in_snapshot(store.snapshot_path("a"))) == {"entry-1", "entry-2", "entry-4"}


def test_a_small_change_is_added_to_the_snapshot_and_not_written_anew(store, monkeypatch):
    store.create_list("a")
    store.import_entries("a", (entry(number) for number in range(500)))
    asked = []
    write = publishing.write_snapshot
    monkeypatch.setattr(
        publishing,
        "write_snapshot",
        lambda path, info, added, removed=None, **more: (
            asked.append((len(pairs := list(added)), more.get("rebuild", False)))
            or write(path, info, pairs, removed, **more)
        ),
    )
    store.import_entries("a", [entry(501), entry(7, "sha1")])
    assert asked == [(2, False)]
    monkeypatch.setattr(publishing, "REBUILD_ABOVE", 2)
    store.import_entries("a", (entry(number) for number in range(600, 603)))
    assert asked[1:] == [(504, True)]
    assert listed_in_snapshot(store.snapshot_path("a")) == listed_in_store(store, "a")


def test_publishing_what_is_up_to_date_writes_nothing(store):
    store.create_list("a")
    store.import_entries("a", [entry(1)])
    folder = store.snapshot_path("a")
    before = sorted((path.name, path.stat().st_mtime_ns) for path in folder.iterdir())
    store.publish("a")
    assert sorted((path.name, path.stat().st_mtime_ns) for path in folder.iterdir()) == before


def gone(folder):
    shutil.rmtree(folder)


def torn(folder):
    (folder / "manifest.json").write_bytes((folder / "manifest.json").read_bytes()[:-20])


def unfinished(folder):
    folder.rename(folder.with_name(folder.name + ".old"))
    folder.with_name(folder.name + ".new").mkdir()


@pytest.mark.parametrize("harm", [gone, torn, unfinished])
def test_a_missing_or_damaged_snapshot_is_made_anew(store, harm):
    store.create_list("a")
    store.import_entries("a", [entry(1), entry(2)])
    harm(store.snapshot_path("a"))
    ((_, path),) = store.snapshots()
    assert listed_in_snapshot(path) == listed_in_store(store, "a")
    assert sorted(p.name for p in path.parent.iterdir()) == ["1", "1.lock"]


@pytest.mark.sqlite
def test_a_snapshot_ahead_of_a_restored_store_is_made_anew(store, home, tmp_path):
    store.create_list("a")
    store.import_entries("a", [entry(1)])
    store.close()
    shutil.copy(home / "store.sqlite", tmp_path / "backup")
    with Store.open(home) as later:
        later.import_entries("a", [entry(2)])
    shutil.copy(tmp_path / "backup", home / "store.sqlite")
    with Store.open(home) as restored:
        ((_, path),) = restored.snapshots()
        assert set(listed_in_snapshot(path)) == {"entry-1"}


@pytest.mark.sqlite
def test_a_snapshot_of_another_past_is_not_carried_forward(store, home, tmp_path):
    """Both pasts have a version 2; only the stamps tell them apart."""
    store.create_list("a")
    store.import_entries("a", [entry(1)])
    store.close()
    shutil.copy(home / "store.sqlite", tmp_path / "backup")
    with Store.open(home) as later:
        later.import_entries("a", [entry(2)])
    shutil.copy(tmp_path / "backup", home / "store.sqlite")
    with Store.open(home) as restored:
        restored.import_entries("a", [entry(3)])
        assert set(listed_in_snapshot(restored.snapshot_path("a"))) == {"entry-1", "entry-3"}


def test_the_snapshot_of_a_list_that_is_gone_is_dropped(store, home):
    store.create_list("a")
    orphan = home / "snapshots" / "77"
    shutil.copytree(store.snapshot_path("a"), orphan)
    store.snapshots()
    assert not orphan.exists()
    assert store.snapshot_path("a").exists()


def test_a_reader_keeps_its_state_and_sees_the_new_one(store):
    store.create_list("a")
    store.import_entries("a", [entry(1)])
    snapshot = ListSnapshot.open(store.snapshot_path("a"))
    held = snapshot.view()
    store.import_entries("a", [entry(2)])
    assert held.info.version == 1
    snapshot._folder._looked = 0.0
    assert snapshot.view().info.version == 2
    assert snapshot.problem is None


def test_a_writer_that_stays_is_waited_for_and_then_named(store, monkeypatch):
    store.create_list("a")
    behind(store, monkeypatch, [entry(1)])
    store._database.patience = 0.05
    with locked(store.snapshot_path("a")), pytest.raises(IndexBusy):
        store.publish("a")
    store.publish("a")
    assert set(listed_in_snapshot(store.snapshot_path("a"))) == {"entry-1"}
