import re

import pytest

from report.made_up_findings import make_finding, make_hit
from tutela.model import FrameInfo, MediaType, Near, Purpose, Span
from tutela.report.places import Places
from tutela.report.timeline import along

FILM = tuple(FrameInfo(25 * n, 640, 360, float(n)) for n in range(101))


def span(start=10.0, end=30.0, *, entry="clip", name="Partners", purpose=Purpose.KNOWN):
    return Span(name, entry, purpose, start, end, 3600.0, 3620.0, 9, 3.25)


def hit(second, entry="other", **changes):
    return make_hit(frame=25 * second, entry_key=entry, **changes)


def told(*spans, hits=(), frames=FILM, media_type=MediaType.MP4):
    hits = tuple(hits) or (make_hit(frame=None),)
    finding = make_finding(Near(hits[0], ()), frames=frames, hits=hits, spans=spans, media_type=media_type)
    return along(finding, Places(finding))


def plain(markup):
    return re.sub(r"\s+", " ", re.sub("<.*?>", "", markup))


def bars(markup):
    found = re.findall(r'class="stretch (\w+)" x="([\d.]+)" y="5" width="([\d.]+)"', markup)
    return [(purpose, float(x), float(width)) for purpose, x, width in found]


def test_a_stretch_is_told_on_both_sides():
    words = plain(told(span()))
    for part in ("0:10.0 to 0:30.0", "runs along 1:00:00 to 1:00:20 of clip", "Partners", "9 frames met, 3.2 bits"):
        assert part in words


def test_the_line_is_the_whole_length_and_a_stretch_its_share():
    assert bars(told(span())) == [("known", 100, 200)]
    assert "0:00.0</span><span>1:40.0" in told(span())


def test_a_short_stretch_is_seen_and_stays_within_the_line():
    (_, start, width) = bars(told(span(99.99, 100.0)))[0]
    assert width >= 4
    assert start + width == 1000


def test_a_stretch_beyond_the_last_frame_makes_the_line_longer():
    assert bars(told(span(100.0, 200.0))) == [("known", 500, 500)]


def test_known_stretches_are_drawn_over_benign_ones():
    drawn = told(span(), span(0.0, 50.0, purpose=Purpose.BENIGN))
    assert [purpose for purpose, *_ in bars(drawn)] == ["benign", "known"]


def test_what_no_stretch_covers_is_a_tick():
    hits = [hit(15, "clip"), hit(15, "other"), hit(50, "clip"), hit(80, purpose=Purpose.BENIGN)]
    drawn = told(span(), hits=hits)
    assert re.search(r'class="tick known" d="([^"]*)"', drawn)[1] == "M151 0V20M500 0V20"
    assert re.search(r'class="tick benign" d="([^"]*)"', drawn)[1] == "M799 0V20"
    assert 'aria-label="From 0:00.0 to 1:40.0: 1 stretch and 3 single moments"' in drawn


def test_a_video_that_follows_none_has_its_ticks():
    drawn = told(hits=[hit(3)])
    assert "tick known" in drawn
    assert "<ul" not in drawn


def test_many_hits_draw_no_more_than_the_line_has_room_for():
    frames = tuple(FrameInfo(n, 640, 360, n / 10) for n in range(20_000))
    hits = [make_hit(frame=n, entry_key=f"e{n}") for n in range(20_000)]
    assert len(told(hits=hits, frames=frames)) < 15_000


def test_stretches_without_end_are_counted():
    drawn = told(*[span(n, n + 1.0, entry=f"e{n}") for n in range(20)])
    assert drawn.count("runs along") == 8
    assert "and 12 more stretches" in plain(drawn)
    assert len(bars(drawn)) == 20


def test_a_sheet_has_no_clock():
    drawn = told(Span("Partners", "clip", Purpose.KNOWN, None, None, 10.0, 85.0, 11, 20.5), media_type=MediaType.PNG)
    assert "<svg" not in drawn
    words = plain(drawn)
    assert "cells, in order follow 0:10.0 to 1:25.0 of clip" in words
    assert "11 cells met, 20.5 bits on average" in words


@pytest.mark.parametrize("media_type", [MediaType.GIF, MediaType.MP4])
def test_nothing_to_tell_is_told_by_nothing(media_type):
    assert told(media_type=media_type) == ""


def test_names_are_escaped_and_hashes_cut_short():
    drawn = told(span(entry="ab" * 16, name="<b>"))
    assert "<b>" not in drawn
    assert "abababab…" in drawn
    assert "ab" * 8 not in drawn


def test_a_video_of_no_length_has_no_line():
    assert told(hits=[make_hit(frame=0)], frames=(FrameInfo(0, 4, 3, 0.0),)) == ""
