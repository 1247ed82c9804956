import time
from datetime import UTC, datetime, timedelta

import pytest

from tutela.access.trail import AuditTrail
from tutela.model import Entry, Purpose, Signal
from tutela.model.errors import ListUnknown
from tutela.store.audit import By
from tutela.store.banks import Bank, Banks, Note

BY = By("a test", "to test")
MD5 = Signal("md5", bytes(range(16)))


@pytest.fixture
def banks(store):
    return Banks(store.database)


def test_every_known_list_is_a_bank_that_is_asked_always(store, banks):
    store.create_list("b")
    store.create_list("a")
    store.create_list("fine", purpose=Purpose.BENIGN)
    assert banks.all() == (Bank("a"), Bank("b"))


def test_a_ratio_stays(store, banks):
    store.create_list("a")
    banks.set_ratio("a", 0.5, BY)
    banks.set_ratio("a", 0.25, BY)
    assert banks.all() == (Bank("a", 0.25),)


def test_a_bank_that_is_gone_comes_back_with_its_ratio(store, banks):
    store.create_list("a")
    banks.bury("a", BY)
    assert banks.all() == (Bank("a", 1.0, gone=True),)
    banks.set_ratio("a", 1.0, BY)
    assert banks.all() == (Bank("a"),)


def test_what_is_said_of_no_list_is_refused(banks):
    with pytest.raises(ListUnknown):
        banks.set_ratio("nope", 1.0, BY)
    with pytest.raises(ListUnknown):
        banks.bury("nope", BY)


def test_an_entry_is_found_by_its_number(store, banks):
    store.create_list("a")
    number = store.add_entry("a", Entry("key-1", (MD5,)), by=BY).number
    assert banks.place(number) == ("a", "key-1")
    assert banks.place(number + 1) is None


def test_notes_are_kept_changed_and_cleared(store, banks):
    store.create_list("a")
    number = store.add_entry("a", Entry("key-1", (MD5,)), by=BY).number
    assert banks.note(number) == Note()
    kept = Note("seen", {"content_id": "é", "json": {"a": [1]}})
    banks.set_note(number, kept, BY)
    assert banks.note(number) == kept
    banks.set_note(number, Note(None, {"content_id": "x"}), BY)
    assert banks.note(number) == Note(None, {"content_id": "x"})
    banks.set_note(number, Note(), BY)
    assert banks.note(number) == Note()


def test_notes_go_with_their_list(store, banks):
    store.create_list("a")
    number = store.add_entry("a", Entry("key-1", (MD5,)), by=BY).number
    banks.set_note(number, Note("seen"), BY)
    banks.set_ratio("a", 0.5, BY)
    store.remove_list("a", by=BY)
    assert banks.note(number) == Note()
    store.create_list("a")
    assert banks.all() == (Bank("a"),)


def test_every_change_is_an_audit_row_that_says_nothing_of_the_content(store, banks):
    store.create_list("a")
    number = store.add_entry("a", Entry("key-1", (MD5,)), by=BY).number
    banks.set_ratio("a", 0.5, BY)
    banks.set_ratio("a", 0.5, BY)  # changes nothing
    banks.set_note(number, Note("secret words", {"content_uri": "https://example.com/secret"}), BY)
    banks.bury("a", BY)
    rows = [row for row in AuditTrail(store.database, store.home).rows() if row.action in WANTED]
    assert sorted(row.action for row in rows) == ["bank.change", "bank.remove", "entry.note"]
    assert all("secret" not in str(row) for row in rows)


WANTED = {"bank.change", "bank.remove", "entry.note"}


def test_when_a_list_last_changed_is_told(store, banks):
    assert banks.newest() is None
    store.create_list("a")
    assert banks.newest() > 1_700_000_000


def test_an_entry_that_is_withdrawn_while_it_is_switched_off_does_not_come_back(store):
    store.create_list("a")
    store.add_entry("a", Entry("x", (MD5,)), by=BY)
    later = datetime.now(UTC) + timedelta(seconds=0.2)
    store.disable_entry("a", "x", later, by=BY)
    assert Banks(store.database).keys("a") == ("x",)
    assert store.withdraw("a", ["x"], by=BY) == 1
    assert store.entry("a", "x").state == "removed"
    time.sleep(max(0.0, (later - datetime.now(UTC)).total_seconds()) + 0.05)
    assert store.wake() == 0
    assert list(store.entries("a")) == []
    assert store.withdraw("a", ["x"], by=BY) == 0
