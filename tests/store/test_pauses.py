"""Entries that are switched off until a time."""

from datetime import UTC, datetime, timedelta

import pytest

from store.made_up_entries import entry
from tutela.model.errors import EntryAway, UsageError
from tutela.store.audit import By

ME = By("a test", "a doubt")
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


@pytest.fixture
def known(store):
    store.create_list("a")
    store.import_entries("a", [entry(1), entry(2)])
    return store


def keys(store):
    return sorted(one.key for one in store.entries("a"))


def test_it_is_away_until_then_and_comes_back_by_itself(known, monkeypatch):
    told = known.disable_entry("a", "entry-1", LATER, by=ME)
    assert (told.state, told.disabled_until, told.reason) == ("disabled", LATER, "a doubt")
    assert keys(known) == ["entry-2"]
    assert known.wake() == 0
    monkeypatch.setattr("tutela.store.store.precise_now", lambda: int(LATER.timestamp() * 1e6) + 1)
    assert known.wake() == 1
    assert keys(known) == ["entry-1", "entry-2"]
    assert known.entry("a", "entry-1").disabled_until is None


def test_a_later_delivery_does_not_bring_it_back(known):
    known.disable_entry("a", "entry-1", LATER, by=ME)
    known.import_entries("a", [entry(1), entry(2), entry(3)])
    assert keys(known) == ["entry-2", "entry-3"]
    assert known.entry("a", "entry-1").state == "disabled"


def test_whoever_adds_it_by_hand_means_it(known):
    known.disable_entry("a", "entry-1", LATER, by=ME)
    assert known.add_entry("a", entry(1), by=ME).state == "active"


def test_one_that_is_withdrawn_meanwhile_does_not_come_back(known, monkeypatch):
    known.disable_entry("a", "entry-1", LATER, by=ME)
    known.withdraw("a", ["entry-1"], by=ME)
    monkeypatch.setattr("tutela.store.store.precise_now", lambda: int(LATER.timestamp() * 1e6) + 1)
    assert known.wake() == 0
    assert known.entry("a", "entry-1").state == "removed"


def test_what_cannot_be(known):
    with pytest.raises(UsageError, match="future"):
        known.disable_entry("a", "entry-1", datetime.now(UTC), by=ME)
    known.withdraw("a", ["entry-1"], by=ME)
    with pytest.raises(EntryAway):
        known.disable_entry("a", "entry-1", LATER, by=ME)
