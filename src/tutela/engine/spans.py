"""Spans: where a video runs together with the known ones that its frames met, and which ones a sheet's cells follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tutela.engine.sequences import Codes, Run, Seconds, align, holds
from tutela.engine.sheet_spans import sheet_spans, sheets
from tutela.engine.snapshot import HeldList, ListView, UnaskedList, threshold
from tutela.model import FrameInfo, Hit, Orientation, Problem, Signal, Span
from tutela.model.errors import IndexDamaged
from tutela.model.track import TRACKED
from tutela.signals import kind

#: Known videos of one list of which spans are told, those with most frames met first.
MOST_VIDEOS = 64

_PDQ = kind(TRACKED)


@dataclass(frozen=True, slots=True)
class Followed:
    """What `find_spans` found: the spans, further hits (of cells that are near only together), problems of asking."""

    spans: tuple[Span, ...] = ()
    hits: tuple[Hit, ...] = ()
    problems: tuple[Problem, ...] = ()


def find_spans(
    frames: Sequence[FrameInfo],
    signals: Sequence[Signal],
    hits: Sequence[Hit],
    lists: Iterable[HeldList | UnaskedList],
) -> Followed:
    """Return the spans of one content by the order of its time; ``hits`` are those of ``lists`` in the same state.

    Of contents whose frames have times, known videos that have a hit are aligned; of contact sheets also others, see
    `tutela.engine.sheet_spans`.
    """
    moments = {frame.number: frame.time for frame in frames if frame.time is not None and frame.cell is None}
    found = sheets(frames, signals)
    if not moments and not found:
        return Followed()
    spans: list[Span] = []
    joint: list[Hit] = []
    problems: list[Problem] = []
    for one in lists:
        if not isinstance(one, HeldList):
            continue
        own = [hit for hit in hits if hit.list_name == one.name]
        try:
            spans += _of_list(one.view(), _met(own, moments), moments, signals)
            for span, more in sheet_spans(one.view(), found, own):
                spans.append(span)
                joint += more
        except IndexDamaged as error:
            problems.append(UnaskedList(one.name, f"its index is damaged ({error.fields['reason']})").problem)
    spans.sort(key=lambda span: (span.start or 0.0, span.list_name, span.entry_key, span.known_start))
    return Followed(tuple(spans), tuple(joint), tuple(problems))


def _met(hits: Iterable[Hit], moments: Mapping[int, float]) -> dict[int, list[Hit]]:
    """Return the hits of frames that have a moment, by the number of their entry."""
    met: dict[int, list[Hit]] = {}
    for hit in hits:
        if hit.kind == TRACKED and hit.number is not None and hit.frame in moments:
            met.setdefault(hit.number, []).append(hit)
    return met


def _of_list(
    view: ListView, met: Mapping[int, list[Hit]], moments: Mapping[int, float], signals: Sequence[Signal]
) -> Iterable[Span]:
    limit = threshold(view.info, _PDQ)
    own: dict[Orientation, tuple[Seconds, Codes, Seconds]] = {}
    for number in sorted(met, key=lambda number: -len(met[number]))[:MOST_VIDEOS]:
        track = view.track(number)
        if track is None:
            continue
        known_times = track["time"].astype(np.float64)
        good = track["quality"] >= limit.quality  # 255 stands for an unknown one, which counts as good
        known = known_times[good], np.ascontiguousarray(track["value"][good]), holds(known_times)[good]
        # A copy that was turned is turned all along; where frames meet in several ways, the others find nothing more.
        runs: list[Run] = []
        for orientation in dict.fromkeys(hit.orientation for hit in met[number]):
            if orientation not in own:
                own[orientation] = _track(moments, signals, orientation, limit.quality)
            times, codes, hold = own[orientation]
            runs += align(times, codes, known[0], known[1], distance=limit.distance, hold=hold, known_hold=known[2])
        hit = met[number][0]
        for run in runs:
            yield Span(
                hit.list_name,
                hit.entry_key,
                hit.purpose,
                round(run.start, 3),
                round(run.end, 3),
                round(run.known_start, 3),
                round(run.known_end, 3),
                run.frames,
                round(run.mean_distance, 2),
            )


def _track(
    moments: Mapping[int, float], signals: Sequence[Signal], orientation: Orientation, quality: int
) -> tuple[Seconds, Codes, Seconds]:
    """Return times, values and holds of a content's frames laid one way; holds count frames of low quality too."""
    rows = sorted(
        (moments[frame], signal.quality is None or signal.quality >= quality, signal.value)
        for signal in signals
        if signal.kind == TRACKED
        and signal.orientation is orientation
        and (frame := signal.frame) is not None
        and frame in moments
    )
    times = np.array([time for time, _, _ in rows], np.float64)
    good = np.array([fit for _, fit, _ in rows], np.bool_)
    codes = np.frombuffer(b"".join(value for _, _, value in rows), np.uint8).reshape(-1, _PDQ.size)
    return times[good], codes[good], holds(times)[good]
