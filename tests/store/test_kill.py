"""Kill -9 at random moments of an import and of the publishing behind it."""

import random
import time

import pytest

from store.made_up_entries import listed_in_snapshot, listed_in_store, plain
from store.opening import changes, context, import_round
from tutela.store import Store


def after(home, number):
    """What the list holds after round ``number`` of an import that nobody kills, made in a store of its own."""
    with Store.open(home) as store:
        store.import_entries("a", changes(number))
        return plain(store.entries("a"))


def rounds(tmp_path, count, seed):
    chance = random.Random(seed)
    home, calm = tmp_path / "killed", tmp_path / "calm"
    for place in (home, calm):
        with Store.open(place) as store:
            store.create_list("a")
    before, longest, met = {}, 0.3, {"old": 0, "new": 0}
    for number in range(count):
        wanted = after(calm, number)
        receive, send = context.Pipe(duplex=False)
        importing = context.Process(target=import_round, args=(home, number, send))
        importing.start()
        send.close()
        receive.recv()
        started = time.monotonic()
        if receive.poll(chance.uniform(0, longest)):
            longest = time.monotonic() - started  # it got to its end: how long there is to kill it
        else:
            longest *= 1.5  # on a busy machine it may take longer than ever expected, and would never get to its end
        importing.kill()
        importing.join()
        receive.close()
        with Store.open(home) as store:
            held = plain(store.entries("a"))
            assert held in (before, wanted), f"round {number} left a state in between"
            met["new" if held == wanted else "old"] += 1
            ((_, path),) = store.snapshots()
            assert listed_in_snapshot(path) == listed_in_store(store, "a")
            store.import_entries("a", changes(number))
            assert plain(store.entries("a")) == wanted
            assert listed_in_snapshot(path) == listed_in_store(store, "a")
        before = wanted
    return met


@pytest.mark.sqlite
def test_a_kill_leaves_the_old_or_the_new_state(tmp_path):
    met = rounds(tmp_path, 20, seed=2)
    assert met["old"]


@pytest.mark.sqlite
@pytest.mark.slow
def test_a_hundred_kills(tmp_path):
    met = rounds(tmp_path, 100, seed=3)
    assert met["old"]
    assert met["new"]
