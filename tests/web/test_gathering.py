import asyncio

import pytest

from tutela.engine.snapshot import open_snapshots
from tutela.model import Entry, Signal
from tutela.store import Store
from tutela.web import gathering
from tutela.web.gathering import Gathering

KNOWN, OTHER = bytes(range(16)), bytes(range(1, 17))


@pytest.fixture
def lists(tmp_path):
    with Store.open(tmp_path) as store:
        store.create_list("known")
        store.import_entries("known", [Entry("one", (Signal("md5", KNOWN),))])
        yield tuple(open_snapshots(store.places()))


@pytest.fixture
def rounds(monkeypatch):
    seen = []
    real = gathering.look_up
    monkeypatch.setattr(
        gathering, "look_up", lambda contents, lists: seen.append(len(contents)) or real(contents, lists)
    )
    return seen


def test_what_comes_together_is_asked_together_and_each_gets_its_own(lists, rounds):
    async def ask():
        gathered = Gathering()
        values = [KNOWN, OTHER, KNOWN, OTHER]
        return await asyncio.gather(*(gathered.one((Signal("md5", value),), lists) for value in values))

    told = asyncio.run(ask())
    assert rounds == [4]
    assert [len(hits) for (hits, _, _), _ in told] == [1, 0, 1, 0]
    assert all(versions == {"known": 1} for _, versions in told)


def test_one_that_comes_alone_waits_for_nobody(lists, rounds):
    async def ask():
        gathered = Gathering()
        for _ in range(3):
            await gathered.one((Signal("md5", KNOWN),), lists)

    asyncio.run(ask())
    assert rounds == [1, 1, 1]


def test_other_lists_are_another_round(lists, rounds):
    async def ask():
        gathered = Gathering()
        signals = (Signal("md5", KNOWN),)
        return await asyncio.gather(gathered.one(signals, lists), gathered.one(signals, ()))

    (with_lists, _), ((hits, _, _), versions) = asyncio.run(ask())
    assert rounds == [1, 1]
    assert with_lists[0]
    assert not hits
    assert versions == {}


def test_an_error_reaches_everybody_who_waits(lists, monkeypatch):
    def fail(_contents, _lists):
        raise RuntimeError("the light went out")

    async def ask():
        monkeypatch.setattr(gathering, "look_up", fail)
        gathered = Gathering()
        signals = (Signal("md5", KNOWN),)
        return await asyncio.gather(gathered.one(signals, lists), gathered.one(signals, lists), return_exceptions=True)

    assert [type(error) for error in asyncio.run(ask())] == [RuntimeError, RuntimeError]


def test_whoever_gave_up_is_passed_over(lists):
    async def ask():
        gathered = Gathering()
        signals = (Signal("md5", KNOWN),)
        first = asyncio.create_task(gathered.one(signals, lists))
        second = asyncio.create_task(gathered.one(signals, lists))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    (hits, _, _), _ = asyncio.run(ask())
    assert len(hits) == 1


def test_many_come_out_as_one_by_one(lists):
    async def ask(number):
        return await Gathering().many([(Signal("md5", KNOWN),)] * number, lists)

    for number in (1, gathering.IN_LOOP + 1):
        answers, versions = asyncio.run(ask(number))
        assert [len(hits) for hits, _, _ in answers] == [1] * number
        assert versions == {"known": 1}
