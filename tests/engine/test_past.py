"""A list as it was, against the list really rebuilt from what it held then."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.made_up_entries import entry, signal, value
from tutela.model import Entry, Removed, Signal
from tutela.model.errors import VersionUnknown
from tutela.signals import kind as signal_kind
from tutela.store import Store
from tutela.store.audit import By

# What one import does: entries of a number, each with the values of another number, or withdrawn.
EDITS = st.lists(
    st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 6))), min_size=1, max_size=5),
    min_size=1,
    max_size=5,
)


def near(number):
    """A value some bits from that of the same number."""
    bits = bytearray(value("pdq", number))
    for at in random.Random(number).sample(range(256), number * 4):
        bits[at // 8] ^= 1 << at % 8
    return bytes(bits)


def item(key, number):
    if number is None:
        return Removed(f"e{key}")
    return Entry(f"e{key}", (signal("md5", number), Signal("pdq", near(number), 100)), labels=(f"said {number}",))


def search(state, kind, values, radius):
    """(row, key, labels, distance) of all that is found."""
    asked = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)
    offsets, ids, distances = state.search(signal_kind(kind), asked, radius)
    rows = np.repeat(np.arange(len(values)), np.diff(offsets))
    entries = [state.entry(int(one)) for one in ids]
    found = [(int(row), one.key, one.labels, int(far)) for row, one, far in zip(rows, entries, distances, strict=True)]
    assert [(row, far) for row, _, _, far in found] == sorted((row, far) for row, _, _, far in found)
    return sorted(found)


@settings(max_examples=7)
@given(edits=EDITS)
def test_a_version_answers_as_the_list_rebuilt_from_it(tmp_path_factory, edits):
    home = tmp_path_factory.mktemp("past")
    with Store.open(home / "one") as store, Store.open(home / "other") as rebuilt:
        store.create_list("a")
        held, states = {}, [{}]
        for edit in edits:
            before = store.info("a").version
            store.import_entries("a", [item(key, number) for key, number in dict(edit).items()])
            for key, number in dict(edit).items():
                held = {name: one for name, one in held.items() if name != f"e{key}"}
                if number is not None:
                    held[f"e{key}"] = item(key, number)
            states += [dict(held)] * (store.info("a").version - before)
        for version, listed in enumerate(states):
            rebuilt.create_list(f"v{version}")
            rebuilt.import_entries(f"v{version}", listed.values())
            then = store.at_version("a", version).state
            wanted = rebuilt.at_version(f"v{version}", rebuilt.info(f"v{version}").version).state
            for kind, radius in (("md5", 0), ("pdq", 31), ("pdq", 128)):
                values = [value(kind, number) for number in range(7)]
                assert search(then, kind, values, radius) == search(wanted, kind, values, radius)


def test_a_version_that_never_was_is_refused(tmp_path):
    with Store.open(tmp_path / "home") as store:
        store.create_list("a")
        with pytest.raises(VersionUnknown):
            store.at_version("a", 1)
        with pytest.raises(VersionUnknown):
            store.version_at("a", datetime(2001, 1, 1, tzinfo=UTC))
        assert store.version_at("a", datetime.now(UTC)) == 0


def test_it_can_be_asked_for_as_long_as_it_is_held(tmp_path):
    with Store.open(tmp_path / "home") as store:
        store.create_list("a")
        store.import_entries("a", [entry(1), entry(2)])
        then = store.at_version("a", 1).state
        store.remove_entries("a", ["entry-1", "entry-2"])
        store.publish("a")
        assert len(search(then, "pdq", [value("pdq", 1), value("pdq", 2)], 0)) == 2
        assert then.info.version == 1
        assert not list((tmp_path / "home" / "snapshots").glob("past-*"))


def test_what_is_switched_off_and_on_is_as_it_was_then(tmp_path):
    by = By("a test", "a doubt")
    with Store.open(tmp_path / "home") as store:
        store.create_list("a")
        store.import_entries("a", [entry(1)])  # version 1
        store.disable_entry("a", "entry-1", datetime.now(UTC) + timedelta(hours=1), by=by)  # 2
        store.restore_entry("a", "entry-1", by=by)  # 3
        store.withdraw("a", ["entry-1"], by=by)  # 4
        met = [len(search(store.at_version("a", at).state, "pdq", [value("pdq", 1)], 0)) for at in range(5)]
    assert met == [0, 1, 0, 1, 0]


def test_a_known_video_has_the_frames_it_had(tmp_path):
    def video(*times):
        return Entry("film", tuple(Signal("pdq", value("pdq", int(at)), 100, time=at) for at in times))

    with Store.open(tmp_path / "home") as store:
        store.create_list("a")
        store.import_entries("a", [video(1.0, 2.0), entry(9)])  # version 1
        store.import_entries("a", [video(3.0, 4.0, 5.0)])  # 2
        for version, times in ((1, [1.0, 2.0]), (2, [3.0, 4.0, 5.0])):
            then = store.at_version("a", version).state
            _, ids, _ = then.search(signal_kind("pdq"), np.frombuffer(value("pdq", int(times[0])), np.uint8)[None], 0)
            assert then.tracked
            assert then.track(int(ids[0]))["time"].tolist() == times
            _, ids, _ = then.search(signal_kind("pdq"), np.frombuffer(value("pdq", 9), np.uint8)[None], 0)
            assert then.track(int(ids[0])) is None
