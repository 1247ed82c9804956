import json
import os
import signal
import subprocess
import sys
import threading

import pytest

import postgresql
from store.made_up_entries import entry, listed_in_snapshot, plain
from tutela.access.people import People
from tutela.access.permissions import Role
from tutela.access.trail import AuditTrail
from tutela.model import read_settings
from tutela.model.errors import BackupFailed
from tutela.store import Store, backup
from tutela.store.audit import By
from tutela.store.backup import NOTE, SQLITE, back_up, restore

ME = By("a test")


@pytest.fixture
def settings(home):
    return read_settings({"TUTELA_HOME": str(home)})


@pytest.fixture
def full(store, settings):
    store.create_list("a")
    store.import_entries("a", [entry(number) for number in range(50)])
    store.withdraw("a", ["entry-3"], by=By("a test", "a doubt"))
    People(store.database, settings).invite("anna", {Role.CURATOR}, ME)
    AuditTrail(store.database, settings.home).checkpoint()
    return store


def other(tmp_path, **more):
    return read_settings({"TUTELA_HOME": str(tmp_path / "other"), **more})


@pytest.mark.sqlite
def test_what_was_backed_up_is_there_again(full, settings, tmp_path):
    back_up(settings, tmp_path / "copy")
    full.import_entries("a", [entry(99)])  # it came later
    again = other(tmp_path)
    restore(again, tmp_path / "copy")
    with Store.of(again) as store:
        listed = plain(store.entries("a"))
        assert listed.keys() == {f"entry-{number}" for number in range(50)} - {"entry-3"}
        assert listed["entry-7"] == plain([entry(7)])["entry-7"]
        assert store.entry("a", "entry-3").reason == "a doubt"
        assert [account.name for account in People(store.database, again).accounts()] == ["anna"]
        report = AuditTrail(store.database, again.home).verify()
    assert report.sound
    assert report.checkpoints == 1
    assert (again.home / "keys" / "audit.key").stat().st_mode & 0o077 == 0


@pytest.mark.sqlite
def test_it_is_taken_while_others_write(full, settings, tmp_path):
    with full.database.writing() as connection:
        connection.exec_driver_sql("UPDATE lists SET owner = 'nobody yet'")
        back_up(settings, tmp_path / "copy")
    again = other(tmp_path)
    restore(again, tmp_path / "copy")
    with Store.of(again) as store:
        assert store.info("a").owner != "nobody yet"


@pytest.mark.sqlite
def test_taken_in_the_midst_of_imports_it_holds_whole_ones(full, settings, tmp_path):
    ended = threading.Event()

    def deliver():
        number = 1
        while not ended.is_set():
            full.import_entries("a", [entry(at, key=f"delivery {number}/{at}") for at in range(20)])
            number += 1

    writer = threading.Thread(target=deliver)
    writer.start()
    try:
        copies = [back_up(settings, tmp_path / f"copy {number}") for number in range(3)]
    finally:
        ended.set()
        writer.join()
    for copy in copies:
        again = read_settings({"TUTELA_HOME": str(tmp_path / f"home of {copy.name}")})
        restore(again, copy)
        with Store.of(again) as store:
            keys = [one.key for one in store.entries("a")]
            version = store.info("a").version
            assert AuditTrail(store.database, again.home).verify().sound
        assert len(keys) == 49 + 20 * (version - 2)  # fifty, one withdrawn, and then deliveries
        listed = listed_in_snapshot(again.home / "snapshots" / "1")
        assert listed.keys() == set(keys)


KILLED = """
import sys
from pathlib import Path
from tutela.model import read_settings
from tutela.store import backup
at, left = sys.argv[1], int(sys.argv[2])
def killed(event, given):
    global left
    if event == at and "other" in str(given[0]):
        left -= 1
        if left == 0:
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(killed)
backup.restore(read_settings({"TUTELA_HOME": sys.argv[3]}), Path(sys.argv[4]))
"""


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("event", "times"), [("os.mkdir", 1), ("os.rename", 1), ("os.rename", 2), ("os.rename", 3), ("os.rename", 4)]
)
def test_a_restore_that_was_killed_can_be_run_again(full, settings, tmp_path, event, times):
    copy = back_up(settings, tmp_path / "copy")
    again = other(tmp_path)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, event, str(times), str(again.home), str(copy)], check=False, capture_output=True
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert not (again.home / SQLITE).exists()
    restore(again, copy)
    with Store.of(again) as store:
        assert len(list(store.entries("a"))) == 49
        assert AuditTrail(store.database, again.home).verify().sound


@pytest.mark.sqlite
def test_another_stores_keys_are_not_written_over(full, settings, tmp_path):
    copy = back_up(settings, tmp_path / "copy")
    again = other(tmp_path)
    (again.home / "keys").mkdir(parents=True)
    (again.home / "keys" / "audit.key").write_bytes(b"another")
    with pytest.raises(BackupFailed, match="another store's; restore into an empty home"):
        restore(again, copy)
    assert (again.home / "keys" / "audit.key").read_bytes() == b"another"
    assert not (again.home / SQLITE).exists()


def signed_while_copying(settings, store, monkeypatch, copier):
    """A checkpoint before the database is copied, and one after."""
    real = getattr(backup, copier)
    trail = AuditTrail(store.database, settings.home)

    def copy(*given):
        trail.checkpoint()
        result = real(*given)
        store.change_list("a", owner="somebody", by=ME)
        trail.checkpoint()
        return result

    monkeypatch.setattr(backup, copier, copy)


@pytest.mark.sqlite
def test_what_is_signed_meanwhile_leaves_a_sound_trail(full, settings, tmp_path, monkeypatch):
    full.change_list("a", owner="us", by=ME)
    with monkeypatch.context() as patched:
        signed_while_copying(settings, full, patched, "_copy_sqlite")
        copy = back_up(settings, tmp_path / "copy")
    again = other(tmp_path)
    restore(again, copy)
    with Store.of(again) as store:
        report = AuditTrail(store.database, again.home).verify()
    assert report.faults == ()
    assert report.checkpoints == 2
    assert AuditTrail(full.database, settings.home).verify().checkpoints == 3


@pytest.mark.sqlite
def test_signs_in_a_path_mean_nothing(tmp_path):
    ours = read_settings({"TUTELA_HOME": str(tmp_path / "50%23 #1?mode=rw")})
    with Store.of(ours) as store:
        store.create_list("a")
    copy = back_up(ours, tmp_path / "#2?")
    restore(other(tmp_path), copy)
    assert sorted(path.name for path in copy.iterdir()) == [NOTE, SQLITE]


@pytest.mark.sqlite
def test_a_damaged_copy_is_refused_and_leaves_nothing(full, settings, tmp_path):
    copy = back_up(settings, tmp_path / "copy")
    with (copy / SQLITE).open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(8192))
    again = other(tmp_path)
    with pytest.raises(BackupFailed):
        restore(again, copy)
    assert list(again.home.iterdir()) == []


@pytest.mark.parametrize("note", ["", "[]", "{}", "1", '"postgresql"', '{"made": 1}'])
def test_a_note_that_is_none_of_ours_is_refused(tmp_path, note):
    (tmp_path / NOTE).write_text(note)
    with pytest.raises(BackupFailed, match="is no back-up"):
        restore(other(tmp_path), tmp_path)


@pytest.mark.sqlite
def test_nothing_is_overwritten_and_a_back_up_appears_whole(full, settings, tmp_path):
    back_up(settings, tmp_path / "copy")
    with pytest.raises(BackupFailed, match="is there already"):
        back_up(settings, tmp_path / "copy")
    with pytest.raises(BackupFailed, match="holds a store already"):
        restore(settings, tmp_path / "copy")
    with pytest.raises(BackupFailed, match="is no back-up"):
        restore(other(tmp_path), tmp_path)
    with pytest.raises(BackupFailed):
        back_up(other(tmp_path), tmp_path / "of-nothing")
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name or "nothing" in path.name] == ["copy"]


@pytest.mark.sqlite
def test_the_kinds_of_database_are_not_mixed_up(full, settings, tmp_path):
    copy = back_up(settings, tmp_path / "copy")
    note = json.loads((copy / NOTE).read_text())
    (copy / NOTE).write_text(json.dumps(note | {"postgresql": True}))
    with pytest.raises(BackupFailed, match="PostgreSQL"):
        restore(other(tmp_path), copy)


def test_postgresql_is_backed_up_by_its_own_programs(tmp_path, monkeypatch):
    with postgresql.fresh_database() as url, postgresql.fresh_database() as empty:
        ours = read_settings({"TUTELA_HOME": str(tmp_path / "ours"), "TUTELA_DATABASE": url})
        with Store.of(ours) as store:
            store.create_list("a")
            store.import_entries("a", [entry(1), entry(2)])
            with monkeypatch.context() as patched:
                signed_while_copying(ours, store, patched, "_dump")
                copy = back_up(ours, tmp_path / "copy")
        again = other(tmp_path, TUTELA_DATABASE=empty)
        restore(again, copy)
        with Store.of(again) as store:
            assert plain(store.entries("a")) == plain([entry(1), entry(2)])
            assert AuditTrail(store.database, again.home).verify().sound
            with pytest.raises(BackupFailed):
                restore(again, copy)
