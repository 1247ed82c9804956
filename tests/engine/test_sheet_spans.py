"""Sheets of frames of known videos against lists, through `match_given` and through the engine."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from engine.made_up_lists import opened
from engine.tracks import film, noisy, sampled
from media.videos import encoded, scene
from tutela.engine import Engine
from tutela.engine.given import match_given
from tutela.engine.sheet_spans import LOOSE, MOST_CELLS, sheets
from tutela.model import (
    Box,
    Content,
    Entry,
    Finding,
    FrameInfo,
    ListedBenign,
    MediaType,
    Near,
    NothingFound,
    Orientation,
    Purpose,
    Signal,
)

FILM = film(120)
#: Places in the film, and what is told of them: seconds.
PLACES = np.arange(40, 360, 30)
ENDS = (10.0, 85.0)


def video(key, codes=FILM, quality=90):
    times, values = sampled(codes, 0, len(codes) / 4, 4)
    return Entry(
        key,
        tuple(Signal("pdq", value.tobytes(), quality, time=float(at)) for at, value in zip(times, values, strict=True)),
    )


@pytest.fixture
def known(tmp_path):
    return opened(tmp_path / "list", [video("other", film(60, 9)), video("clip")])


def sheet(codes, columns=4, *, quality=90, unfit=None, way=Orientation.ORIGINAL, place=None):
    """A finding of a sheet with cells of 100 by 80 pixels; ``place`` says where the cell of a number stands."""
    frames, signals = [FrameInfo(0, 400, 400, layout="grid", confidence=1.0)], []
    for number, code in enumerate(codes):
        column, row = (number % columns, number // columns) if place is None else place(number)
        frames.append(FrameInfo(number + 1, 100, 80, parent=0, cell=Box(column * 104, row * 84, 100, 80)))
        signals.append(Signal("pdq", code.tobytes(), quality, number + 1, way, unfit))
    return Finding("sheet", 1, MediaType.JPEG, tuple(frames), tuple(signals), (), (), NothingFound(), ())


def told(finding, *lists):
    (found,) = match_given([finding], lists)
    return found


def test_cells_within_the_threshold_have_one_span(known):
    found = told(sheet(noisy(FILM[PLACES], 20)), known)
    (span,) = found.spans
    assert (span.entry_key, span.start, span.end, span.frames) == ("clip", None, None, len(PLACES))
    assert (span.known_start, span.known_end) == ENDS
    assert span.mean_distance == 20
    assert not any(hit.joint for hit in found.hits)
    assert isinstance(found.verdict, Near)
    assert "11 cells follow 0:10.0 to 1:25.0 of the known video 'clip' in list 'demo', in order." in (
        found.verdict.reasons
    )


def test_cells_beyond_the_threshold_are_found_together(known):
    found = told(sheet(noisy(FILM[PLACES], LOOSE)), known)
    (span,) = found.spans
    assert (span.known_start, span.known_end) == ENDS
    assert [(hit.joint, hit.distance, hit.entry_key) for hit in found.hits] == [(True, LOOSE, "clip")] * len(PLACES)
    assert sorted(hit.frame for hit in found.hits) == list(range(1, len(PLACES) + 1))
    assert isinstance(found.verdict, Near)
    assert "beyond that list's threshold" in found.verdict.reasons[0]
    assert "cells follow" in found.verdict.reasons[1]


def test_some_cells_within_and_some_beyond(known):
    codes = noisy(FILM[PLACES], 44)
    codes[3] = noisy(FILM[PLACES[3:4]], 12)[0]
    found = told(sheet(codes), known)
    assert len(found.spans) == 1
    assert sum(hit.joint for hit in found.hits) == len(PLACES) - 1
    assert isinstance(found.verdict, Near)
    assert found.verdict.hit.distance == 12


def test_a_stray_hit_of_a_picture_does_not_hide_the_video(tmp_path):
    codes = noisy(FILM[PLACES], 44)
    picture = Entry("picture", (Signal("pdq", codes[5].tobytes(), 90),))
    found = told(sheet(codes), opened(tmp_path / "list", [video("clip"), picture]))
    assert [span.entry_key for span in found.spans] == ["clip"]


@pytest.mark.parametrize("bits", [LOOSE + 1, 56])
def test_cells_further_off_are_nothing(known, bits):
    found = told(sheet(noisy(FILM[PLACES], bits)), known)
    assert (found.hits, found.spans) == ((), ())
    assert isinstance(found.verdict, NothingFound)


def test_too_few_cells_and_strangers_are_nothing(known):
    assert told(sheet(noisy(FILM[PLACES[:3]], 40)), known).hits == ()
    assert told(sheet(film(10, 77)), known).hits == ()
    assert told(sheet(noisy(FILM[PLACES][::-1].copy(), 44), 1), known).spans == ()


def test_signals_that_must_not_decide_are_left_out(known):
    assert told(sheet(noisy(FILM[PLACES], 40), unfit="periodic"), known).spans == ()
    assert told(sheet(noisy(FILM[PLACES], 40), quality=20), known).spans == ()


def test_lists_without_videos_are_not_asked_again(tmp_path):
    plain = [Entry(str(at), (Signal("pdq", code.tobytes(), 90),)) for at, code in enumerate(FILM)]
    one = opened(tmp_path / "plain", plain)
    assert not one.view().tracked
    assert told(sheet(noisy(FILM[PLACES], 40)), one).hits == ()


@pytest.mark.parametrize("by", [1, -1])
def test_sheets_that_run_by_columns_or_were_turned(known, by):
    def down(number):
        return number // 4, by * (number % 4) + 4

    codes = noisy(FILM[PLACES], 44)
    found = told(sheet(codes, place=down), known)
    # Upside down, the columns are still in order, but three of eleven cells say too little.
    assert [span.frames for span in found.spans] == [len(PLACES)][: by == 1]
    turned = told(sheet(codes, place=down, way=Orientation.ROTATE_90), known)
    assert [span.frames for span in turned.spans] == [len(PLACES)]
    assert {hit.orientation for hit in turned.hits} == {Orientation.ROTATE_90}


def test_the_benign_list_wins_where_it_is_as_near(tmp_path, known):
    codes = noisy(FILM[PLACES], 40)
    pictures = [Entry(str(at), (Signal("pdq", code.tobytes(), 90),)) for at, code in enumerate(codes)]
    benign = opened(tmp_path / "benign", pictures, name="benign", purpose=Purpose.BENIGN)
    found = told(sheet(codes), known, benign)
    assert isinstance(found.verdict, ListedBenign)
    assert "it counts as one of several" in found.verdict.reasons[1]
    # What is left of a chain counts if it is long enough for one.
    most = opened(tmp_path / "most", pictures[:9], name="benign", purpose=Purpose.BENIGN)
    assert isinstance(told(sheet(codes), known, most).verdict, ListedBenign)
    fewer = opened(tmp_path / "fewer", pictures[:8], name="benign", purpose=Purpose.BENIGN)
    assert isinstance(told(sheet(codes), known, fewer).verdict, Near)


def test_a_benign_video_is_benign_also_beyond_the_threshold(tmp_path):
    benign = opened(tmp_path / "benign", [video("trailer")], name="benign", purpose=Purpose.BENIGN)
    found = told(sheet(noisy(FILM[PLACES], 40)), benign)
    assert isinstance(found.verdict, ListedBenign)
    assert [span.purpose for span in found.spans] == [Purpose.BENIGN]


def test_a_sheet_has_cells_enough_and_not_too_many():
    few, many = sheet(FILM[:2]), sheet(film(250))
    assert sheets(few.frames, few.signals) == []
    (found,) = sheets(many.frames, many.signals)
    assert len(found.cells) == MOST_CELLS


@pytest.mark.parametrize("workers", [None, 1])
def test_a_real_sheet_of_a_real_video(tmp_path, workers):
    def drawn(seed, at, width, height):
        return scene(seed, width, height, at / 200)

    clip = encoded([drawn(seed, at, 240, 160) for seed in range(12) for at in range(10)], "matroska")
    with Engine((), workers=None) as engine:
        (hashed,) = engine.hash_many([Content("clip", clip)])
    times = {frame.number: frame.time for frame in hashed.frames}
    signals = tuple(Signal("pdq", s.value, s.quality, time=times[s.frame]) for s in hashed.signals if s.kind == "pdq")
    known = opened(tmp_path / "list", [Entry("clip", signals)])
    page = np.full((3 * 146 + 6, 4 * 216 + 6, 3), 255, np.uint8)
    for seed in range(12):
        x, y = 6 + seed % 4 * 216, 6 + seed // 4 * 146
        page[y : y + 140, x : x + 210] = drawn(seed, 4, 210, 140)
    file = io.BytesIO()
    Image.fromarray(page).save(file, "JPEG", quality=80)
    with Engine([known], workers=workers) as engine:
        found = engine.match(Content("sheet", file.getvalue()))
    assert len(found.frames) == 13
    (span,) = found.spans
    assert span.entry_key == "clip"
    assert span.frames >= 9
    assert (span.known_start, span.known_end) == pytest.approx((0, 11.5), abs=2.1)
    assert isinstance(found.verdict, Near)
