import sys
from datetime import UTC, datetime, timedelta

import pytest

from report.made_up_findings import make_finding, make_hit
from tutela.model import Box, FrameInfo, ListInfo, MediaType, Orientation, Purpose, Span, Threshold
from tutela.report import wording


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (None, "size unknown"),
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (214_000, "214 kB"),
        (999_600, "1.0 MB"),
        (5_400_211, "5.4 MB"),
        (3 * 10**12, "3.0 TB"),
        (3 * 10**15, "3000 TB"),
    ],
)
def test_sizes(octets, words):
    assert wording.size(octets) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0.0 s"), (0.84, "0.8 s"), (42, "42 s"), (252, "4 min 12 s"), (3 * 3600 + 300, "3 h 05 min")],
)
def test_durations(seconds, words):
    assert wording.duration(timedelta(seconds=seconds)) == words


def test_a_time_without_a_zone_is_utc():
    words = "23 November 2026, 02:31 UTC"
    assert wording.moment(datetime(2026, 11, 23, 2, 31)) == words  # noqa: DTZ001
    assert wording.moment(datetime(2026, 11, 23, 2, 31, tzinfo=UTC)) == words


def test_numbers_and_plurals():
    assert wording.counted(1, "file") == "1 file"
    assert wording.counted(10_412, "file") == "10,412 files"
    assert wording.counted(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("/a/b/c.jpg", ("/a/b/", "c.jpg")),
        ("c.jpg", ("", "c.jpg")),
        ("", ("", "")),
        ("a/b/", ("", "a/b/")),
        ("a/.", ("", "a/.")),
    ],
)
def test_a_name_is_folder_and_file(name, parts):
    assert wording.name_parts(name) == parts


def test_every_orientation_has_words():
    assert set(wording.ORIENTATION_NAMES) == set(Orientation)


def test_distances():
    assert wording.distance(make_hit(kind="md5", distance=0)) == "same bytes"
    assert wording.distance(make_hit(distance=1)) == "1 bit"
    assert wording.distance(make_hit(kind="photodna", distance=12_000)) == "12,000"


def test_the_limit_is_that_of_the_list_that_was_met():
    lists = {"Partners": ListInfo("Partners", "", Purpose.KNOWN, {"pdq": Threshold(24)}, 1)}
    assert wording.limit(make_hit(), lists) == 24
    assert wording.limit(make_hit(kind="photodna"), lists) is None  # its default is 0: equals only
    assert wording.limit(make_hit(), {"Partners": ListInfo("Partners", "", Purpose.KNOWN)}) == 31
    assert wording.limit(make_hit(list_name="other"), lists) is None


def test_dimensions():
    assert wording.dimensions(make_finding()) == "1280 \u00d7 960"
    assert wording.dimensions(make_finding(frames=(FrameInfo(0, 4, 3), FrameInfo(1, 4, 3)))) == "4 \u00d7 3, 2 frames"
    assert wording.dimensions(make_finding(frames=())) == ""


def test_cells_are_no_frames_of_a_picture():
    cells = tuple(FrameInfo(n, 2, 2, parent=0, cell=Box(0, 0, 2, 2)) for n in (1, 2))
    assert wording.dimensions(make_finding(frames=(FrameInfo(0, 4, 3, layout="grid"), *cells))) == "4 \u00d7 3"


def test_a_video_says_how_far_it_was_looked_at():
    frames = tuple(FrameInfo(25 * n, 640, 360, float(n)) for n in range(66))
    video = make_finding(frames=frames, media_type=MediaType.MP4)
    assert wording.dimensions(video) == "640 \u00d7 360, 66 frames looked at up to\u00a01:05.0"
    assert wording.is_video(video)
    assert not wording.is_video(make_finding(media_type=MediaType.GIF))
    assert not wording.is_video(make_finding(media_type=None))


def test_names_do_not_fill_the_interpreters_own_table():
    """It never shrinks, and is rebuilt at some million bytes when many names went through it."""
    last = wording.name_parts(b"/a/one-of-a-million.jpg".decode())[1]
    twin = b"one-of-a-million.jpg".decode()
    assert last == twin
    assert sys.intern(twin) is twin  # had `last` been entered, it would be given back in place of its twin


def test_a_hit_beyond_the_threshold_says_what_it_counts_for():
    assert wording.beyond(make_hit(), 31) == ""
    assert (
        wording.beyond(make_hit(joint=True), 31) == "beyond the 31 allowed: counts only together with the other cells"
    )
    assert wording.beyond(make_hit(joint=True), None).startswith("beyond the list's threshold: counts only together")


def test_stretches():
    video = Span("films", "clip", Purpose.KNOWN, 5.0, 15.0, 3600.0, 3610.0, 1, 3.0)
    sheet = Span("films", "clip", Purpose.KNOWN, None, None, 10.0, 85.0, 11, 20.4999)
    assert (wording.span_here(video), wording.span_there(video)) == ("0:05.0 to 0:15.0", "1:00:00 to 1:00:10")
    assert wording.span_weight(video) == "1 frame met, 3 bits on average"
    assert (wording.span_here(sheet), wording.span_there(sheet)) == ("cells, in order", "0:10.0 to 1:25.0")
    assert wording.span_weight(sheet) == "11 cells met, 20.5 bits on average"


def test_a_hash_in_an_entry_key_is_cut_short():
    assert wording.entry_key("ab" * 16) == "abababab…"
    assert wording.entry_key("md5:" + "AB" * 32 + "/2") == "md5:ABABABAB…/2"
    assert wording.entry_key("HP-2026-00417") == "HP-2026-00417"
