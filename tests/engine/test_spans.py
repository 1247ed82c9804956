"""Videos against lists, through the engine and through a list's snapshot."""

from __future__ import annotations

import numpy as np
import pytest

from engine.made_up_lists import opened
from engine.tracks import film, noisy, sampled
from media.videos import encoded, scene
from tutela.engine import Engine
from tutela.engine.given import match_given
from tutela.engine.spans import Followed, find_spans
from tutela.model import Content, Entry, Finding, FrameInfo, MediaType, Near, NothingFound, Signal, Span

FILM = film(120)


def entry(key, times, codes, quality=90):
    return Entry(
        key, tuple(Signal("pdq", c.tobytes(), quality, time=float(t)) for t, c in zip(times, codes, strict=True))
    )


def content(times, codes, quality=90):
    frames = tuple(FrameInfo(n, 640, 360, float(t)) for n, t in enumerate(times))
    signals = tuple(Signal("pdq", c.tobytes(), quality, n) for n, c in enumerate(codes))
    return Finding("film", 1, MediaType.MP4, frames, signals, (), (), NothingFound(), ())


@pytest.fixture
def known(tmp_path):
    return opened(
        tmp_path / "list", [entry("other", *sampled(film(60, 9), 0, 60, 4)), entry("clip", *sampled(FILM, 40, 50, 4))]
    )


def test_a_known_clip_has_its_span_and_its_moments(known):
    (found,) = match_given([content(*sampled(noisy(FILM, 9), 0, 120, 2))], [known])
    (span,) = found.spans
    assert (span.entry_key, span.list_name) == ("clip", "demo")
    assert (span.start, span.end) == pytest.approx((40, 50), abs=0.6)
    assert (span.known_start, span.known_end) == pytest.approx((0, 10), abs=0.6)
    assert isinstance(found.verdict, Near)
    reasons = " ".join(found.verdict.reasons)
    assert "met at 0:40.0" in reasons
    assert "0:00.0 to 0:" in reasons


def test_signals_below_the_lists_quality_are_in_no_span(tmp_path):
    times, codes = sampled(FILM, 40, 50, 4)
    one = opened(tmp_path / "list", [entry("clip", times, codes, 10), Entry("clip", ())][:1])
    (found,) = match_given([content(*sampled(FILM, 0, 120, 2))], [one])
    assert found.spans == ()


def test_pictures_have_no_spans(known):
    (found,) = match_given([content([], [])], [known])
    still = Finding(
        "s", 1, None, (FrameInfo(0, 9, 9),), (Signal("pdq", FILM[160].tobytes(), 90, 0),), (), (), found.verdict, ()
    )
    (found,) = match_given([still], [known])
    assert len(found.hits) == 1
    assert found.spans == ()
    assert find_spans(found.frames, found.signals, found.hits, [known.held()]) == Followed()


def test_entries_without_times_have_no_spans(tmp_path):
    times, codes = sampled(FILM, 40, 50, 4)
    bare = Entry("clip", tuple(Signal("pdq", code.tobytes(), 90) for code in codes))
    (found,) = match_given([content(times, codes)], [opened(tmp_path / "list", [bare])])
    assert found.hits
    assert found.spans == ()


@pytest.mark.parametrize("workers", [None, 1])
def test_a_real_clip_in_a_real_compilation(tmp_path, workers):
    def drawn(seeds):
        return [scene(seed, 240, 160, at / 200) for seed in seeds for at in range(10)]

    clip = encoded(drawn(range(8, 14)), "matroska")
    with Engine((), workers=None) as engine:
        (hashed,) = engine.hash_many([Content("clip", clip)])
    times = {frame.number: frame.time for frame in hashed.frames}
    signals = tuple(Signal("pdq", s.value, s.quality, time=times[s.frame]) for s in hashed.signals if s.kind == "pdq")
    known = opened(tmp_path / "list", [Entry("clip", signals)])
    whole = encoded(drawn(range(20)), "avi", codec="mpeg4")
    with Engine([known], workers=workers) as engine:
        found = engine.match(Content("whole", whole))
    (span,) = found.spans
    assert isinstance(span, Span)
    assert (span.start, span.end, span.known_start, span.known_end) == pytest.approx((8, 14, 0, 6), abs=1)


def test_a_still_video_meets_all_the_same(tmp_path):
    codes = np.repeat(FILM[:1], 10, axis=0)
    one = opened(tmp_path / "list", [entry("still", np.arange(10.0), codes)])
    (found,) = match_given([content(np.arange(10.0), codes)], [one])
    assert [(span.start, span.end) for span in found.spans] == [pytest.approx((0, 9.5), abs=0.1)]
