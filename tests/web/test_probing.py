import random

import pytest

from tutela.access.permissions import Actor, Role
from tutela.model import Hit, Orientation, Purpose, Signal
from tutela.model.errors import Probing
from tutela.store import Store
from tutela.store.audit import rows
from tutela.web import probing
from tutela.web.probing import HITS, MISSES, VALUES, Probes
from web.conftest import PDQ

CENTRE = random.Random(4).randbytes(32)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def anna():
    return actor(1)


def actor(number):
    return Actor(number, f"person {number}", frozenset({Role.MATCHER}))


def around(bits, seed):
    value = bytearray(CENTRE)
    for at in random.Random(seed).sample(range(256), bits):
        value[at // 8] ^= 1 << at % 8
    return Signal("pdq", bytes(value), 100)


def hit(signal, number=7):
    distance = (int.from_bytes(signal.value) ^ int.from_bytes(CENTRE)).bit_count()
    return Hit(
        list_name="known",
        list_version=1,
        purpose=Purpose.KNOWN,
        entry_key="x",
        kind="pdq",
        frame=signal.frame,
        distance=distance,
        orientation=Orientation.ORIGINAL,
        number=number,
    )


def ask(probes, who, signal):
    distance = (int.from_bytes(signal.value) ^ int.from_bytes(CENTRE)).bit_count()
    probes.check(who, [((signal,), (hit(signal),) if distance <= 31 else ())], "request 1")


def test_feeling_the_way_around_an_entry_is_stopped(store, anna):
    probes = Probes(store.database)
    with pytest.raises(Probing) as raised:
        for seed in range(200):
            ask(probes, anna, around(26 if seed % 2 else 36, seed))
    assert seed + 1 <= 2 * VALUES
    assert "60" in str(raised.value)
    for bits in (3, 40):  # hits and misses alike from then on
        with pytest.raises(Probing):
            ask(probes, anna, around(bits, 999))
    with store.database.reading() as connection:
        (row,) = rows(connection, action="lookup.refuse")
    assert (row.who, row.target, row.request) == (anna.who, "entry:7", "request 1")
    assert CENTRE.hex() not in str(row)


def test_the_block_holds_in_every_process_and_for_this_account_only(store, anna):
    first, second = Probes(store.database), Probes(store.database)
    ask(second, anna, around(2, 1))
    with pytest.raises(Probing):
        for seed in range(200):
            ask(first, anna, around(26 if seed % 2 else 36, seed))
    second._read = 0.0
    with pytest.raises(Probing):
        ask(second, anna, around(2, 2))
    ask(first, actor(2), around(2, 3))


def test_copies_of_one_picture_and_strangers_are_no_probing(store, anna):
    probes = Probes(store.database)
    chance = random.Random(9)
    for seed in range(HITS - 1):
        ask(probes, anna, around(chance.randrange(20), seed % 100))
        ask(probes, anna, Signal("pdq", chance.randbytes(32), 100))


def test_the_same_value_again_and_again_is_no_probing(store, anna):
    probes = Probes(store.database)
    for _ in range(1000):
        ask(probes, anna, around(10, 1))
        ask(probes, anna, around(50, 2))


def test_very_many_different_hits_are_enough(store, anna):
    probes = Probes(store.database)
    with pytest.raises(Probing):
        for seed in range(HITS + 1):
            ask(probes, anna, around(12, seed))
    assert seed == HITS - 1


def test_a_few_misses_do_not_count(store, anna):
    probes = Probes(store.database)
    for seed in range(MISSES - 1):
        ask(probes, anna, around(40, seed))
    for seed in range(100, 100 + VALUES * 3):
        ask(probes, anna, around(20, seed))


def test_what_is_long_past_is_forgotten(store, anna, monkeypatch):
    probes = Probes(store.database)
    clock = [1000.0]
    monkeypatch.setattr(probing.time, "monotonic", lambda: clock[0])
    for seed in range(VALUES * 4):
        clock[0] += probing.FORGET * 1.1 if seed % (VALUES // 2) == 0 else 1
        ask(probes, anna, around(26 if seed % 2 else 36, seed))


def test_a_probe_by_http_is_refused_in_one_and_in_many_and_others_go_on(as_role, services):
    prober, other = as_role("matcher"), as_role("analyst")
    chance = random.Random(5)

    def around():
        """The listed value with up to sixty bits turned: some of these meet it, and some miss it."""
        mask = sum(1 << bit for bit in chance.sample(range(256), chance.randrange(1, 62)))
        return {"kind": "pdq", "value": (int.from_bytes(PDQ) ^ mask).to_bytes(32).hex()}

    statuses = [prober.get("/v1/lookup", params=around()).status_code for _ in range(60)]
    end = statuses.index(429)
    assert VALUES <= end + 1 < 60
    assert len(set(statuses[end:])) == 1
    refused = prober.post("/v1/lookup", json={"signals": [around()]})
    assert refused.status_code == 429
    assert refused.json()["type"] == "urn:tutela:problem:probing"
    assert "hits" not in refused.json()
    assert prober.get("/v1/lookup", params={"kind": "md5", "value": "00" * 16}).status_code == 200
    assert other.get("/v1/lookup", params=around()).status_code == 200
    (row,) = [row for row in services.audit.rows() if row.action == "lookup.refuse"]
    assert "matcher" in row.who
