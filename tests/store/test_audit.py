import itertools
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from store.made_up_entries import entry, plain
from tutela.store.audit import FIRST, AuditRow, By, record, record_many, row_hash, rows
from tutela.store.people_tables import audit

ME = By("a test", "for a reason", "request 1")


def written(store, **asked):
    with store.database.reading() as connection:
        return rows(connection, **asked)


def chain(store):
    with store.database.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(select(audit).order_by(audit.c.number))]


def test_a_row_says_who_what_why_before_and_after(store):
    with store.database.writing() as connection:
        record(connection, ME, "list.change", "list:a", before={"owner": "x"}, after={"owner": "ÿ"})
    (row,) = written(store)
    assert (row.number, row.who, row.why, row.request) == (1, "a test", "for a reason", "request 1")
    assert (row.action, row.target, row.before, row.after) == ("list.change", "list:a", {"owner": "x"}, {"owner": "ÿ"})
    assert abs(datetime.now(UTC) - row.time) < timedelta(minutes=5)


def test_rows_are_chained_from_nothing(store):
    with store.database.writing() as connection:
        record_many(connection, [AuditRow(ME, "a.b", f"list:{number}") for number in range(3)])
        record_many(connection, [])
    previous = FIRST
    for number, row in enumerate(chain(store), 1):
        assert (row["number"], bytes(row["previous"]), bytes(row["hash"])) == (number, previous, row_hash(row))
        previous = bytes(row["hash"])
    assert number == 3


def test_a_change_that_is_not_made_leaves_no_row(store):
    with pytest.raises(RuntimeError), store.database.writing() as connection:
        record(connection, ME, "a.b", "list:a")
        raise RuntimeError
    with store.database.writing() as connection:
        record(connection, ME, "c.d", "list:a")
    assert [(row.number, row.action) for row in written(store)] == [(1, "c.d")]


def test_rows_are_found_by_what_they_are_about(store):
    for at, (who, action, target) in enumerate(
        [("anna", "list.create", "list:a"), ("100%", "entry.add", "list:a"), ("bob", "list.change", "list:ab")]
    ):
        with store.database.writing() as connection:
            record(connection, By(who), action, target, after={"at": at})
    assert [row.number for row in written(store, action="list.")] == [3, 1]
    assert [row.number for row in written(store, target="list:a")] == [3, 2, 1]
    assert [row.number for row in written(store, who="%")] == [2]
    assert [row.number for row in written(store, before=3, limit=1)] == [2]
    assert written(store, since=datetime.now(UTC) + timedelta(hours=1)) == ()


def test_every_change_of_a_list_is_a_row_without_values(store):
    store.create_list("a", by=ME)
    store.add_entry("a", entry(1), by=ME)
    store.change_entry("a", "entry-1", labels=["x"], by=ME)
    store.withdraw("a", ["entry-1"], by=ME)
    store.restore_entry("a", "entry-1", by=ME)
    store.change_list("a", owner="us", by=ME)
    store.remove_list("a", by=ME)
    told = written(store)
    assert [row.action for row in reversed(told)] == [
        "list.create",
        "entry.add",
        "entry.change",
        "entry.withdraw",
        "entry.restore",
        "list.change",
        "list.remove",
    ]
    assert {(row.who, row.why) for row in told} == {("a test", "for a reason")}
    said = str([(row.before, row.after, row.target) for row in told])
    assert not [signal for signal in entry(1).signals if signal.value.hex() in said]


def test_writers_at_the_same_time_make_one_chain(store):
    def write(name):
        for _ in range(10):
            with store.database.writing() as connection:
                record(connection, By(name), "a.b", "list:a")

    threads = [threading.Thread(target=write, args=(f"writer {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = chain(store)
    assert [row["number"] for row in found] == list(range(1, 41))
    assert all(after["previous"] == row["hash"] for row, after in itertools.pairwise(found))


def test_a_change_and_its_row_stand_or_fall_together(store, monkeypatch):
    store.create_list("a")
    store.import_entries("a", [entry(1)])

    def fails(*_rows, **_more):
        raise RuntimeError

    changes = [
        lambda: store.create_list("b"),
        lambda: store.change_list("a", owner="us"),
        lambda: store.import_entries("a", [entry(2)]),
        lambda: store.withdraw("a", ["entry-1"], by=ME),
        lambda: store.disable_entry("a", "entry-1", datetime.now(UTC) + timedelta(hours=1), by=ME),
        lambda: store.remove_list("a"),
    ]
    with monkeypatch.context() as patched:
        patched.setattr("tutela.store.store.record", fails)
        for change in changes:
            with pytest.raises(RuntimeError):
                change()
    assert [(one.name, one.owner, one.version) for one in store.lists()] == [("a", "", 1)]
    assert plain(store.entries("a")) == plain([entry(1)])
    assert len(written(store)) == 2


def test_an_import_that_breaks_leaves_neither_entries_nor_a_row(store):
    def breaking():
        yield entry(1)
        raise RuntimeError

    store.create_list("a")
    with pytest.raises(RuntimeError):
        store.import_entries("a", breaking(), by=ME)
    assert store.import_entries("a", [], by=ME).changed == 0
    assert [row.action for row in written(store)] == ["list.create"]


def test_a_hash_depends_on_every_column_and_on_the_row_before():
    row = {"number": 1, "time": 2, "who": "w", "action": "a", "target": "t", "why": "y"}
    row |= {"before": None, "after": "{}", "request": "r", "previous": FIRST}
    others = {"number": 3, "time": 1, "before": "null", "after": None, "previous": bytes(31) + b"\1"}
    changed = [row_hash(row | {name: others.get(name, "other")}) for name in row]
    assert len({row_hash(row), *changed}) == len(row) + 1
    assert row_hash(row | {"who": "wa", "action": ""}) != row_hash(row)  # where one ends and the next begins counts
