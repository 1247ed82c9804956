import time
from datetime import UTC, datetime

import pytest

from tutela.model import Entry, Known, NothingFound, Signal
from tutela.model.errors import ListUnknown, VersionUnknown
from tutela.store import Store
from tutela.store.audit import By
from tutela.web.matching import look_up
from web.conftest import KNOWN

MD5 = Signal("md5", KNOWN)
NEW = Signal("md5", bytes(range(100, 116)))


@pytest.fixture
def matching(services):
    return services.matching


@pytest.fixture
def elsewhere(settings, services):
    """The store as another process has it open."""
    with Store.of(settings) as opened:
        yield opened


def verdict(matching, signal, names=None):
    answers, _ = look_up([[signal]], matching.lists(names))
    return type(answers[0][2])


def until(condition):
    last = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.02)


def test_what_another_process_adds_and_withdraws_is_seen(matching, elsewhere):
    assert verdict(matching, NEW) is NothingFound
    elsewhere.import_entries("known", [Entry("new", (NEW,))])
    until(lambda: verdict(matching, NEW) is Known)
    elsewhere.withdraw("known", ["new"], by=By("a test", "a doubt"))
    until(lambda: verdict(matching, NEW) is NothingFound)
    elsewhere.restore_entry("known", "new", by=By("a test"))
    until(lambda: verdict(matching, NEW) is Known)


def test_a_list_that_comes_and_one_that_goes_are_noticed(matching, elsewhere):
    elsewhere.create_list("more")
    elsewhere.import_entries("more", [Entry("new", (NEW,))])
    until(lambda: verdict(matching, NEW) is Known)
    elsewhere.remove_list("more")
    until(lambda: len(matching.lists()) == 1)
    assert verdict(matching, NEW) is NothingFound


def test_lists_are_asked_by_name(matching):
    assert verdict(matching, MD5, ["known", "known"]) is Known
    assert verdict(matching, MD5, []) is NothingFound
    with pytest.raises(ListUnknown, match="nobody"):
        matching.lists(["known", "nobody"])


def test_the_last_good_state_stays_in_use_when_the_newer_is_damaged(matching, elsewhere, services):
    assert verdict(matching, MD5) is Known
    path = elsewhere.snapshot_path("known")
    before = {file.name for file in path.iterdir()}
    elsewhere.import_entries("known", [Entry("new", (NEW,))])
    newer = [file for file in path.iterdir() if file.name not in before and file.is_file()]
    assert newer
    for file in newer:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    until(lambda: (verdict(matching, MD5), len(matching.problems())) == (Known, 1))
    assert verdict(matching, NEW) is NothingFound


def test_a_list_is_asked_as_it_was(matching, elsewhere):
    then = datetime.now(UTC)
    time.sleep(1.1)  # versions know their second
    elsewhere.withdraw("known", ["one"], by=By("a test", "a doubt"))
    until(lambda: verdict(matching, MD5) is NothingFound)
    for _ in range(2):  # the second time from what was kept
        (past,) = matching.lists_at(None, then)
        answers, versions = look_up([[MD5]], [past])
        assert type(answers[0][2]) is Known
        assert versions == {"known": 1}
    with pytest.raises(VersionUnknown):
        matching.lists_at(["known"], datetime(2001, 1, 1, tzinfo=UTC))
    assert matching.lists_at(None, datetime(2001, 1, 1, tzinfo=UTC)) == ()
