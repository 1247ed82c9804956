import threading

import pytest

from tutela.model.errors import StoreBusy, TooMany
from tutela.store import Store
from tutela.store.entry_rows import now
from tutela.web import usage
from tutela.web.usage import HOUR, Usage

ANNA, BERT = 1, 2


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def counted(store, monkeypatch):
    """One that is written when a test says so."""
    monkeypatch.setattr(usage, "EVERY", 3600.0)
    made = Usage(store.database, 60)
    yield made
    made.close()


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        time = 1000.0

    monkeypatch.setattr(usage.time, "monotonic", lambda: Clock.time)
    return Clock


def told(counted, account=None):
    return {(row.account, row.list_name, row.what): row.count for row in counted.since(0, account)}


def test_each_account_has_its_counts_and_all_have_a_sum(counted):
    counted.count(ANNA, "lookups", 3)
    counted.count(ANNA, "lookups")
    counted.count(ANNA, "hits", list_name="known")
    counted.count(BERT, "lookups", 5)
    counted.count(None, "contents")
    assert told(counted) == {}, "nothing is written yet"
    counted.write()
    assert told(counted, ANNA) == {(ANNA, "", "lookups"): 4, (ANNA, "known", "hits"): 1}
    assert told(counted, BERT) == {(BERT, "", "lookups"): 5}
    assert told(counted) == {(0, "", "lookups"): 9, (0, "known", "hits"): 1, (0, "", "contents"): 1}


def test_counts_of_several_processes_and_writings_add_up(counted, store):
    other = Usage(store.database, 60)
    for one in (counted, other, counted):
        one.count(ANNA, "lookups", 2)
        one.write()
    other.close()
    counted.write()
    assert told(counted, ANNA) == {(ANNA, "", "lookups"): 6}


def test_hours_are_kept_apart_and_asked_from_one_on(counted, monkeypatch):
    first = now() // HOUR * HOUR
    for hour in (first, first + HOUR, first + 25 * HOUR):
        monkeypatch.setattr(usage, "now", lambda hour=hour: hour + 7)
        counted.count(ANNA, "lookups")
    counted.write()
    assert [row.hour for row in counted.since(first)] == [first, first + HOUR, first + 25 * HOUR]
    assert [row.hour for row in counted.since(first + HOUR, ANNA)] == [first + HOUR, first + 25 * HOUR]


def test_what_is_left_is_written_at_the_end(store, monkeypatch):
    monkeypatch.setattr(usage, "EVERY", 3600.0)
    made = Usage(store.database, 60)
    made.count(ANNA, "lookups", 7)
    made.close()
    assert told(made, ANNA) == {(ANNA, "", "lookups"): 7}


def test_what_could_not_be_written_is_kept_for_the_next_time(counted, monkeypatch):
    def busy(_database):
        counted.count(ANNA, "lookups")  # goes on meanwhile
        raise StoreBusy(path="the store")

    counted.count(ANNA, "lookups", 2)
    with monkeypatch.context() as broken:
        broken.setattr(type(counted._database), "writing", busy)
        with pytest.raises(StoreBusy):
            counted.write()
    counted.write()
    assert told(counted, ANNA) == {(ANNA, "", "lookups"): 3}


def test_it_is_written_by_itself_and_goes_on_after_a_busy_store(store, monkeypatch):
    writing = type(store.database).writing
    tries, written = [], threading.Event()

    def first_busy(database):
        tries.append(1)
        if len(tries) == 1:
            raise StoreBusy(path="the store")
        written.set()
        return writing(database)

    monkeypatch.setattr(usage, "EVERY", 0.01)
    monkeypatch.setattr(type(store.database), "writing", first_busy)
    made = Usage(store.database, 60)
    made.count(ANNA, "lookups")
    assert written.wait(20)
    made.close()
    assert told(made, ANNA) == {(ANNA, "", "lookups"): 1}


def test_an_account_that_asks_too_much_has_to_wait_and_no_other(counted, clock):
    counted.take(ANNA, 59)
    counted.take(ANNA, 1)
    with pytest.raises(TooMany) as refused:
        counted.take(ANNA, 2)
    counted.take(BERT, 60)
    assert refused.value.fields == {"most": 60, "seconds": 3}
    clock.time += 1  # a value a second comes back, and no more
    counted.take(ANNA, 1)
    with pytest.raises(TooMany):
        counted.take(ANNA, 1)
    clock.time += 2
    counted.take(ANNA, 2)


def test_being_refused_costs_nothing_and_waiting_long_gives_no_more_than_a_minute(counted, clock):
    counted.take(ANNA, 60)
    for _ in range(10):
        with pytest.raises(TooMany):
            counted.take(ANNA, 1)
    clock.time += 86_400
    counted.take(ANNA, 60)
    with pytest.raises(TooMany):
        counted.take(ANNA, 1)


def test_a_batch_larger_than_a_minute_allows_is_asked_once_and_paid_for(counted, clock):
    counted.take(ANNA, 120)
    clock.time += 60
    with pytest.raises(TooMany) as refused:
        counted.take(ANNA, 1)
    assert refused.value.fields["seconds"] == 2
    clock.time += refused.value.fields["seconds"]
    counted.take(ANNA, 1)
