import os
import sqlite3
import threading

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from store.made_up_entries import entry
from tutela.model.errors import StoreBusy, StoreUnwritable
from tutela.store import Store
from tutela.store.database import Database

pytestmark = pytest.mark.sqlite


@pytest.fixture
def database(store):
    opened = Database(store.home / "store.sqlite", patience=0.1)
    yield opened
    opened.close()


@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 2)])
def test_every_connection_is_safe(database, pragma, value):
    for use in (database.reading, database.writing):
        with use() as connection:
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_one_writes_and_others_read_on(database, home):
    other = Database(home / "store.sqlite", patience=0.1)
    with database.writing() as connection:
        connection.execute(text("DELETE FROM lists"))
        with other.reading() as reader:
            assert reader.execute(text("SELECT COUNT(*) FROM lists")).scalar() == 0
        with pytest.raises(StoreBusy, match="Another process"), other.writing():
            pytest.fail("two writers at once")
    with other.writing():
        pass
    other.close()


def test_a_writer_waits_its_turn(store, home):
    store.create_list("a")
    held, free = threading.Event(), threading.Event()

    def slow():
        held.set()
        free.wait(5)
        yield entry(1)

    worker = threading.Thread(target=store.import_entries, args=("a", slow()))
    worker.start()
    held.wait(5)
    with Store.open(home, patience=0.05) as hasty, pytest.raises(StoreBusy):
        hasty.import_entries("a", [entry(2)])
    threading.Timer(0.1, free.set).start()
    with Store.open(home, patience=30) as patient:
        patient.import_entries("a", [entry(2)])
        worker.join()
        assert {one.key for one in patient.entries("a")} == {"entry-1", "entry-2"}


def test_a_reader_sees_one_state_for_as_long_as_it_reads(store):
    store.create_list("a")
    store.import_entries("a", (entry(number) for number in range(100)))
    reading = store.entries("a")
    next(reading)
    store.import_entries("a", [entry(200)])
    assert len(list(reading)) == 99


def test_what_is_raised_inside_rolls_back(database):
    insert = text("INSERT INTO lists VALUES (9, 'x', '', 'known', '{}', 0, 0)")
    with pytest.raises(KeyError), database.writing() as connection:
        connection.execute(insert)
        raise KeyError
    with database.reading() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM lists")).scalar() == 0


def test_errors_that_are_ours_stay_what_they_are(database):
    with pytest.raises(OperationalError, match="no such table"), database.reading() as connection:
        connection.execute(text("SELECT * FROM absent"))
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(text("INSERT INTO entries (list, key) VALUES (99, 'x')"))


def test_errors_hold_no_list_content(database):
    with pytest.raises(OperationalError) as caught, database.writing() as connection:
        connection.execute(text("INSERT INTO absent VALUES (:value)"), {"value": "confidential"})
    assert "confidential" not in str(caught.value)


def test_a_full_disk_is_told_and_nothing_changes(store):
    store.create_list("a")
    engine = store._database.engine
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        # The bound belongs to the connection, which the pool gives back to the import.
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(StoreUnwritable, match="full"):
        store.import_entries("a", (entry(number) for number in range(5000)))
    assert list(store.entries("a")) == []


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnwritable, match="TUTELA_HOME"):
        Store.open(tmp_path / "file" / "home")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnwritable):
        Store.open(tmp_path)


def test_a_database_that_is_read_only(store):
    store.create_list("a")
    event.listen(store._database.engine, "checkout", lambda raw, _record, _proxy: raw.execute("PRAGMA query_only = ON"))
    with pytest.raises(StoreUnwritable, match="readonly"):
        store.import_entries("a", [entry(1)])


def test_switching_to_wal_waits_for_others(tmp_path):
    path = tmp_path / "new.sqlite"
    blocker = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    blocker.execute("CREATE TABLE t (x)")
    blocker.execute("BEGIN EXCLUSIVE")
    database = Database(path, patience=0.1)
    with pytest.raises(StoreBusy):
        database.use_wal()
    database.patience = 10
    threading.Timer(0.1, lambda: blocker.execute("COMMIT")).start()
    database.use_wal()
    blocker.close()
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    database.close()
