import sqlite3

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from store.opening import context, open_at_once
from tutela.model.errors import StoreBusy, StoreNewer
from tutela.store import Store, migrate


def test_head_is_the_newest_revision():
    config = Config()
    config.set_main_option("script_location", "tutela.store:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


@pytest.mark.usefixtures("store")
def test_a_store_of_this_release_is_left_alone(home, monkeypatch):
    monkeypatch.setattr("alembic.command.upgrade", lambda *_: pytest.fail("it ran again"))
    Store.open(home).close()


@pytest.mark.sqlite
@pytest.mark.usefixtures("store")
def test_a_store_of_a_newer_release_is_refused(home):
    raw = sqlite3.connect(home / "store.sqlite")
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    with pytest.raises(StoreNewer, match="newer release"):
        Store.open(home)


@pytest.mark.sqlite
def test_a_migration_that_fails_leaves_nothing_behind(home, monkeypatch):
    from sqlalchemy import text

    def half(_config, _revision):
        connection = _config.attributes["connection"]
        connection.execute(text("CREATE TABLE lists (id)"))
        raise RuntimeError("the light went out")

    with monkeypatch.context() as patched:
        patched.setattr("alembic.command.upgrade", half)
        with pytest.raises(RuntimeError):
            Store.open(home)
    with Store.open(home) as store:
        assert store.lists() == ()


@pytest.mark.sqlite
def test_a_migration_waits_for_the_lock_and_no_longer_than_told(home):
    home.mkdir()
    blocker = sqlite3.connect(home / "store.sqlite", isolation_level=None)
    blocker.execute("PRAGMA journal_mode = WAL")
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        Store.open(home, patience=0.1)
    blocker.execute("ROLLBACK")
    blocker.close()
    Store.open(home).close()


def test_processes_that_start_at_once_make_one_store(home):
    barrier = context.Barrier(3)
    starting = [context.Process(target=open_at_once, args=(home, barrier)) for _ in range(3)]
    for process in starting:
        process.start()
    for process in starting:
        process.join(60)
    assert [process.exitcode for process in starting] == [0, 0, 0]
    with Store.open(home) as store:
        assert store.lists() == ()
