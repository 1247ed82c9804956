"""Texts of a record into an entry: keys, lists of texts, times, and what is left out with a note."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.exchange.record import (
    KEY_LIMIT,
    TEXT_LIMIT,
    Draft,
    Skipped,
    clean,
    derived_key,
    format_time,
    given_key,
    join_texts,
    kind_named,
    opaque_key,
    parse_time,
    split_texts,
    spoken,
)
from tutela.model import Entry, Grade, Rejected, Signal
from tutela.signals import kind

MD5 = bytes(range(16))
HEX = MD5.hex()


def test_the_derived_key_is_fixed():
    # Keys are stored: a change of this value would make every derived entry a new one.
    assert opaque_key("md5", MD5) == "acab87a6d330be93"
    assert derived_key([Signal("pdq", bytes(32)), Signal("md5", MD5)]) == opaque_key("md5", MD5)


def test_a_key_never_shows_a_hash():
    assert given_key("  42-image1 ") == "42-image1"
    assert given_key(" ") is None
    for name in (HEX, f"42-{HEX}", f"{HEX.upper()}.jpg", "A" * 192, "x" * (KEY_LIMIT + 1)):
        key = given_key(name)
        assert len(key) == 16
        assert key == given_key(name)
        assert HEX not in key.lower()


@pytest.mark.parametrize("name", ["MD5", "md5", " Md5 ", "video_md5"])
def test_kinds_are_known_by_other_names(name):
    assert kind_named(name).name == "md5"


def test_other_names_of_other_kinds():
    assert [kind_named(name).name for name in ("SHA-1", "sha_256", "PDNA", "PhotoDNA")] == [
        "sha1",
        "sha256",
        "photodna",
        "photodna",
    ]
    assert kind_named("tmk-pdqf") is None


def test_a_misplaced_hash_is_not_spoken():
    assert spoken("tmk-pdqf") == "'tmk-pdqf'"
    assert HEX not in spoken(HEX)
    assert "0011" not in spoken("md50011223344")
    assert "Ab1" not in spoken("Ab1cD2eF3gH4iJ5")
    assert HEX[:30] not in spoken(HEX[:30] + "-" + HEX)


@given(texts=st.lists(st.text(st.sampled_from("a|\\ b"), min_size=1).map(str.strip).filter(bool), max_size=5))
def test_joined_texts_come_apart_again(texts):
    assert split_texts(join_texts(texts)) == texts


def test_split_keeps_empty_places():
    assert split_texts("a||b|") == ["a", "", "b", ""]
    assert split_texts("") == []
    assert split_texts(r"C:\path | d") == [r"C:\path", "d"]


def test_times_become_utc():
    assert parse_time("2023-06-07T02:31:49.8300Z") == datetime(2023, 6, 7, 2, 31, 49, 830_000, tzinfo=UTC)
    assert parse_time("2023-06-07") == datetime(2023, 6, 7, tzinfo=UTC)
    assert parse_time("2023-06-07T02:00:00+02:00") == datetime(2023, 6, 7, tzinfo=UTC)
    there = datetime(2023, 6, 7, 2, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(there) == "2023-06-07T00:00:00Z"


@pytest.mark.parametrize("text", ["yesterday", "2023-13-01", "0001-01-01T00:00:00+14:00", HEX])
def test_what_is_no_time_is_left_out_unsaid(text):
    draft = Draft(3)
    assert draft.time(text) is None
    assert text not in draft.notes[0]


def test_clean_text_can_be_carried():
    assert clean("a\x00b\ud800c\x1bd\ne") == "a\ufffdb\ufffdc\ufffdd\ne"


def test_a_signal_that_is_unfit_leaves_the_others():
    draft = Draft(7)
    draft.offer(kind("md5"), "d41d8cd98f00b204e9800998ecf8427e")
    draft.offer(kind("sha1"), "zz")
    draft.offer(kind("md5"), HEX)
    notes, entry = [], None
    for item in draft.finish():
        if isinstance(item, Rejected):
            notes.append(item)
        else:
            entry = item
    assert entry.signals == (Signal("md5", MD5),)
    assert [(note.number, note.partial, note.fatal) for note in notes] == [(7, True, False)] * 2
    assert "empty file" in notes[0].reason


def test_no_fit_signal_is_no_entry():
    draft = Draft(9)
    draft.offer(kind("md5"), "d41d8cd98f00b204e9800998ecf8427e")
    (only,) = draft.finish()
    assert (only.number, only.partial) == (9, False)
    assert "empty file" in only.reason
    (bare,) = Draft(1).finish()
    assert "no signal" in bare.reason


def test_signals_are_ordered_and_single_and_keep_their_quality():
    draft = Draft(1)
    draft.offer(kind("pdq"), "ab" * 31 + "00")
    draft.offer(kind("pdq"), "AB" * 31 + "00", 70)
    draft.offer(kind("md5"), HEX)
    (entry,) = draft.finish()
    assert [(one.kind, one.quality) for one in entry.signals] == [("md5", None), ("pdq", 70)]


def test_a_code_without_scheme_is_no_grade():
    draft = Draft(1)
    draft.grade("", "1")
    draft.grade("vics-us", "")
    draft.grade("vics-us", " 1 ")
    draft.grade("vics-us", "1")
    assert draft.grades == [Grade("vics-us", "1")]
    assert "without its scheme" in draft.notes[0]


def test_texts_beyond_measure_are_left_out():
    draft = Draft(1)
    draft.label("x" * (TEXT_LIMIT + 1))
    draft.label(" y\x00 ")
    draft.label("y\ufffd")
    draft.say_source("s")
    draft.offer(kind("md5"), HEX)
    note, entry = draft.finish()
    assert "label" in note.reason
    assert isinstance(entry, Entry)
    assert (entry.labels, entry.source) == (("y\ufffd",), "s")


def test_what_is_skipped_is_said_once():
    skipped = Skipped()
    assert skipped.told("left out") == ()
    for number in range(5, 60):
        skipped.note(number, f"kind{number}")
        skipped.note(number, "tmk-pdqf")
    (told,) = skipped.told("left out")
    assert (told.number, told.partial) == (5, True)
    assert "'tmk-pdqf' (55)" in told.reason
    assert "others (36)" in told.reason
