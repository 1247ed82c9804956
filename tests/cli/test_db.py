import pytest

from cli.running import invoke
from tutela.access.trail import AuditTrail
from tutela.model import read_settings
from tutela.model.errors import BackupFailed
from tutela.store import Store
from tutela.store.migrate import HEAD


def test_the_tables_are_made_and_brought_to_this_release(home):
    ended = invoke("db", "upgrade")
    assert ended.exit_code == 0
    assert "as this release needs it" in ended.stderr
    with Store.of(read_settings()) as store, store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == HEAD


@pytest.mark.sqlite
def test_a_store_goes_into_a_back_up_and_comes_out_of_it(known_list, pictures, tmp_path, monkeypatch):
    target = tmp_path / "copies" / "monday"
    assert invoke("audit", "checkpoint").exit_code == 0
    assert invoke("db", "back-up", target).exit_code == 0
    assert target.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("TUTELA_HOME", str(tmp_path / "other"))
    assert invoke("db", "restore", target).exit_code == 0
    found = invoke("match", "--in-process", "-q", pictures / "known.png")
    assert '"known"' in found.stdout
    settings = read_settings()
    with Store.of(settings) as store:
        report = AuditTrail(store.database, settings.home).verify()
    assert report.sound
    assert report.checkpoints == 1


@pytest.mark.sqlite
def test_nothing_is_overwritten(known_list, tmp_path):
    target = tmp_path / "monday"
    assert invoke("db", "back-up", target).exit_code == 0
    again = invoke("db", "back-up", target)
    assert again.exit_code != 0
    assert "is there already" in again.stderr
    onto = invoke("db", "restore", target)
    assert onto.exit_code != 0
    assert "holds a store already" in onto.stderr
    assert invoke("db", "restore", tmp_path / "nowhere").exit_code != 0


@pytest.mark.sqlite
def test_a_damaged_back_up_is_refused_and_nothing_is_left(known_list, tmp_path, monkeypatch):
    target = tmp_path / "monday"
    assert invoke("db", "back-up", target).exit_code == 0
    (target / "store.sqlite").write_bytes(b"no database at all" * 1000)
    monkeypatch.setenv("TUTELA_HOME", str(tmp_path / "other"))
    ended = invoke("db", "restore", target)
    assert ended.exit_code == BackupFailed(reason="").exit_code
    assert "Traceback" not in ended.stderr
    assert list((tmp_path / "other").iterdir()) == []
