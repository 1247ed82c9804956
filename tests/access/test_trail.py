"""Whatever is done to the trail behind its back is found and named."""

import pytest
from sqlalchemy import text

from tutela.access.trail import FILE, AuditTrail
from tutela.model.errors import AuditKeyLost
from tutela.store.audit import AuditRow, By, record, record_many

ME = By("somebody", "because", "a request")
COLUMNS = ("time", "who", "action", "target", "why", "before", "after", "request", "previous", "hash")


@pytest.fixture
def trail(store, settings):
    return AuditTrail(store.database, settings.home)


@pytest.fixture
def filled(trail, store):
    """Twenty rows, signed at the tenth and the last."""
    with store.database.writing() as connection:
        for number in range(10):
            record(connection, ME, "list.change", f"list:{number}", before={"a": number}, after={"a": number + 1})
    trail.checkpoint()
    with store.database.writing() as connection:
        record_many(connection, [AuditRow(ME, "match.hit", "list:x", after={"n": n}) for n in range(10)])
    trail.checkpoint()
    assert trail.verify().sound
    return trail


def alter(store, statement, **values):
    with store.database.writing() as connection:
        assert connection.execute(text(statement), values).rowcount


def faults(trail):
    report = trail.verify()
    assert not report.sound
    return {fault.row: fault.what for fault in report.faults}


def test_a_sound_trail_is_sound(filled):
    report = filled.verify()
    assert (report.rows, report.first, report.last, report.checkpoints) == (20, 1, 20, 2)
    assert report.public_key == filled.public_key()


def test_an_empty_one_too(trail):
    assert trail.checkpoint() is None
    assert trail.verify().sound


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("number", [1, 7, 20])
def test_one_bit_in_any_column_of_any_row(filled, store, column, number):
    with store.database.reading() as connection:
        value = connection.execute(text(f"SELECT {column} FROM audit WHERE number = :n"), {"n": number}).scalar()
    if value is None:
        other = "{}"
    elif isinstance(value, int):
        other = value ^ 1
    elif isinstance(value, str):
        other = (value[:-1] + chr(ord(value[-1]) ^ 1)) if value else "x"
    else:
        other = bytes(value)[:-1] + bytes([bytes(value)[-1] ^ 1])
    alter(store, f"UPDATE audit SET {column} = :v WHERE number = :n", v=other, n=number)
    assert number in faults(filled)


def test_a_row_that_is_gone(filled, store):
    alter(store, "DELETE FROM audit WHERE number = 5")
    assert faults(filled)[5] == "rows are gone: 5"


def test_the_end_cut_off(filled, store):
    alter(store, "DELETE FROM audit WHERE number > 15")
    assert "rows are gone at the end" in faults(filled)[16] or "was signed" in faults(filled)[16]


def test_the_end_cut_off_with_everything_in_the_store_that_tells_of_it(filled, store):
    with store.database.reading() as connection:
        hashed = connection.execute(text("SELECT hash FROM audit WHERE number = 15")).scalar()
    alter(store, "DELETE FROM audit WHERE number > 15")
    alter(store, "UPDATE audit_head SET number = 15, hash = :h", h=hashed)
    alter(store, "DELETE FROM audit_checkpoints WHERE number > 15")
    assert "was signed" in faults(filled)[16]


def test_the_beginning_cut_off(filled, store):
    alter(store, "DELETE FROM audit WHERE number < 4")
    assert "rows are gone at the beginning: 1 to 3" in faults(filled)[1]


def test_two_rows_that_changed_places(filled, store):
    for one, other in ((3, -3), (4, 3), (-3, 4)):
        alter(store, "UPDATE audit SET number = :b WHERE number = :a", a=one, b=other)
    assert {3, 4} <= faults(filled).keys()


def test_a_row_put_in_at_the_end_without_the_head(filled, store):
    alter(
        store,
        "INSERT INTO audit SELECT 21, time, who, action, target, why, before, after, request, previous, hash"
        " FROM audit WHERE number = 20",
    )
    assert 21 in faults(filled)


def test_a_trail_written_anew_from_somewhere(filled, store):
    """Whoever can compute hashes can make a chain, but not sign it."""
    from tutela.store.audit import row_hash

    with store.database.writing() as connection:
        rows = connection.execute(text("SELECT * FROM audit WHERE number >= 8 ORDER BY number")).all()
        previous = rows[0].previous
        for row in rows:
            values = {**row._asdict(), "previous": previous} | ({"who": "nobody"} if row.number == 8 else {})
            previous = row_hash(values)
            connection.execute(
                text("UPDATE audit SET who = :who, previous = :previous, hash = :hash WHERE number = :number"),
                {"who": values["who"], "previous": values["previous"], "hash": previous, "number": row.number},
            )
        connection.execute(text("UPDATE audit_head SET hash = :h"), {"h": previous})
    told = faults(filled)
    assert set(told) == {10, 20}
    assert all("not the row that was signed" in what for what in told.values())


@pytest.mark.parametrize("column", ["hash", "signature"])
def test_a_checkpoint_that_was_changed(filled, store, column):
    with store.database.reading() as connection:
        value = bytes(connection.execute(text(f"SELECT {column} FROM audit_checkpoints WHERE number = 10")).scalar())
    alter(store, f"UPDATE audit_checkpoints SET {column} = :v WHERE number = 10", v=bytes([value[0] ^ 1]) + value[1:])
    assert "the checkpoint's signature is not ours" in faults(filled)[10]


@pytest.mark.parametrize("place", [0, 3, 30, 100, -3])
def test_a_line_of_the_file_that_was_changed(filled, settings, place):
    path = settings.home / FILE
    data = bytearray(path.read_bytes())
    data[place] = ord("7") if data[place] != ord("7") else ord("8")
    path.write_bytes(data)
    assert FILE in faults(filled)[0]


def test_the_file_gone_or_the_key(filled, settings):
    (settings.home / FILE).unlink()
    assert FILE in faults(filled)[10]
    (settings.home / "keys" / "audit.pub").unlink()
    assert "public key" in faults(filled)[0]


def test_a_key_that_is_lost_is_not_made_anew_in_silence(filled, settings):
    (settings.home / "keys" / "audit.key").unlink()
    with pytest.raises(AuditKeyLost):
        filled.public_key()


def test_only_the_server_can_read_its_key(filled, settings):
    assert filled
    assert (settings.home / "keys" / "audit.key").stat().st_mode & 0o777 == 0o600


def test_what_is_cut_at_a_checkpoint_is_told_and_leaves_a_sound_trail(filled, store):
    from tutela.store.entry_rows import precise_now

    assert filled.cut(precise_now(), ME) == 20
    report = filled.verify()
    assert report.sound, report.faults
    assert (report.first, report.rows) == (21, 1)
    assert [row.action for row in filled.rows()] == ["audit.cut"]
    with store.database.writing() as connection:
        record(connection, ME, "list.change", "list:1")
    filled.checkpoint()
    assert filled.verify().sound


def test_a_signature_whose_transaction_was_lost_is_no_fault(filled, store):
    alter(store, "DELETE FROM audit_checkpoints WHERE number = 10")
    assert filled.verify().sound
