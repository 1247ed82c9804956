from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.made_up_entries import entry, plain, signal
from tutela.model import Entry, Grade, Signal
from tutela.store.entry_rows import LONGEST_TEXT, entries_of, fit, merge, microseconds, moment, now, row_of

signals = st.builds(
    lambda kind, number, quality: signal(kind, number, quality),
    st.sampled_from(["md5", "pdq"]),
    st.integers(1, 3),
    st.none() | st.integers(0, 100),
)
entries = st.builds(
    Entry,
    key=st.just("k"),
    signals=st.lists(signals, min_size=1, max_size=5).map(tuple),
    grades=st.lists(st.builds(Grade, st.sampled_from("st"), st.sampled_from("AB")), max_size=3).map(tuple),
    labels=st.lists(st.sampled_from("xyz"), max_size=3).map(tuple),
    source=st.sampled_from(["", "S", "T"]),
    added=st.none() | st.datetimes(timezones=st.just(UTC)),
)


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_survive(time):
    assert moment(microseconds(time)) == time


def test_now_has_whole_seconds():
    assert now() % 1_000_000 == 0
    assert abs(moment(now()) - datetime.now(UTC)).total_seconds() < 60


@given(entries, entries, entries)
def test_merging_may_be_bracketed_at_will(one, two, three):
    assert merge(merge(one, two), three) == merge(one, merge(two, three))


@given(entries)
def test_merging_with_itself_says_nothing_new(one):
    assert row_of(merge(one, one)) == row_of(one)


@given(entries, st.randoms(use_true_random=False))
def test_equal_content_in_any_order_has_one_fingerprint(one, random):
    def mixed(items):
        return tuple(random.sample(items, len(items)))

    other = Entry(one.key, mixed(one.signals), mixed(one.grades), mixed(one.labels), one.source)
    assert row_of(other).fingerprint == row_of(one).fingerprint


def test_different_content_has_different_fingerprints():
    different = [
        entry(1),
        entry(2),
        entry(1, "md5"),
        entry(1, grade="A"),
        entry(1, labels=("A",)),
        entry(1, source="A"),
        Entry("k", (signal("md5", 1), signal("pdq", 1, 0))),
    ]
    assert len({row_of(one).fingerprint for one in different}) == len(different)


@given(entries)
def test_rows_become_entries_again(one):
    row = row_of(one)
    time = row.added if row.added is not None else 5
    rows = [(7, row.key, row.grades, row.labels, row.source, time, time, *signal) for signal in row.signals]
    ((number, back),) = entries_of(rows)
    assert number == 7
    assert plain([back]) == plain([merge(one, one)])
    assert back.added == moment(time)


def refusals(one):
    told = []
    return fit(one, told.append), told


def test_what_is_fit_passes_untouched():
    one = entry(1, "md5", "sha1", "sha256", "pdq", "photodna", labels=("ünïcode",))
    assert refusals(one) == (one, [])


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (Entry("", (signal("md5", 1),)), "the key is empty"),
        (Entry("k", ()), "no signal"),
        (Entry("k" * (LONGEST_TEXT + 1), (signal("md5", 1),)), "more than 1024"),
        (Entry("k", (signal("md5", 1),), labels=("l" * (LONGEST_TEXT + 1),)), "more than 1024"),
        (Entry("k\0", (signal("md5", 1),)), "NUL"),
        (Entry("k", (signal("md5", 1),), source="\ud800"), "surrogate"),
        (Entry("k", (signal("md5", 1),), grades=(Grade("s", "\udc00"),)), "surrogate"),
        (Entry("k", (Signal("phash", b"12345678"),)), "no kind known here"),
        (Entry("k", (Signal("md5", b"12345678"),)), "8 bytes where 16 are needed"),
        (Entry("k", (Signal("photodna", bytes(144)),)), "blank"),
    ],
)
def test_what_is_not_is_refused_with_its_reason(one, reason):
    kept, told = refusals(one)
    assert kept is None
    assert len(told) == 1
    assert reason in told[0]


def test_reasons_hold_no_values():
    _, told = refusals(Entry("k", (Signal("md5", b"secret"), Signal("pdq", bytes(32)))))
    assert len(told) == 2
    assert not any("secret" in reason or b"secret".hex() in reason or "00" in reason for reason in told)


def test_a_videos_frames_keep_their_times_also_where_two_look_alike():
    frames = tuple(Signal("pdq", bytes([byte]) * 32, 70, time=time) for time, byte in ((0.0, 90), (1.0, 60), (2.5, 90)))
    video = Entry("video", (Signal("md5", bytes(range(16))), *frames))
    row = row_of(video)
    assert row == row_of(Entry("video", tuple(reversed(video.signals))))
    assert [kind for kind, _, _ in row.signals] == ["md5", "pdq", "pdq", "track"]
    assert (
        row.fingerprint != row_of(Entry("video", tuple(replace(one, time=None) for one in video.signals))).fingerprint
    )
    columns = (1, row.key, row.grades, row.labels, row.source, 0, 0)
    ((_, back),) = entries_of([(*columns, *signal) for signal in row.signals])
    assert back.signals == video.signals
    assert merge(Entry("video", frames[:1]), Entry("video", frames[1:])).signals == tuple(
        sorted(frames, key=lambda one: (one.value, one.time))
    )
