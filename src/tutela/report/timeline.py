"""Stretches shared with known videos, as a row below a finding's own: a line of the whole length, and words."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from tutela.engine.moments import MOST_NAMED, clock
from tutela.model import Finding, Purpose, Span
from tutela.report import wording
from tutela.report.markup import Markup, attribute, isolated, text
from tutela.report.places import Places

#: Width of the drawing in its own units, and the least of a stretch: a second of two hours is still to be seen.
_WIDTH = 1000
_LEAST = 4


def along(finding: Finding, places: Places) -> Markup:
    """Return the timeline of a video and its stretches, or a sheet's; empty where there is nothing to tell."""
    drawn = _timeline(finding, places) if wording.is_video(finding) else Markup("")
    if not finding.spans:
        return drawn
    lines = "".join(_stretch(span) for span in finding.spans[:MOST_NAMED])
    left = len(finding.spans) - MOST_NAMED
    more = f"<li>and {text(wording.counted(left, 'more stretch', 'more stretches'))}</li>" if left > 0 else ""
    return Markup(f'{drawn}<ul class="stretches">{lines}{more}</ul>')


def _stretch(span: Span) -> Markup:
    verb = "follow" if span.start is None else "runs along"
    key = isolated(wording.entry_key(span.entry_key))
    return Markup(
        f'<li class="{span.purpose.value}"><span class="here">{text(wording.span_here(span))}</span> '
        f"<span>{verb} {text(wording.span_there(span))} of {key}</span> "
        f'<span class="aside">{isolated(span.list_name)}</span> '
        f'<span class="aside">{text(wording.span_weight(span))}</span></li>'
    )


def _timeline(finding: Finding, places: Places) -> Markup:
    bars = [
        _Bar(span.start, span.end, span) for span in finding.spans if span.start is not None and span.end is not None
    ]
    times = [frame.time for frame in finding.frames if frame.time is not None]
    end = max([*times, *(bar.end for bar in bars)], default=0.0)
    ticks = _ticks(finding, places, bars, end) if end > 0 else {}
    if not bars and not ticks:
        return Markup("")
    pieces = [f'<rect class="whole" y="8" width="{_WIDTH}" height="4"/>']
    pieces += [_drawn(bar, end) for bar in sorted(bars, key=lambda bar: bar.span.purpose is Purpose.KNOWN)]
    for purpose in (Purpose.BENIGN, Purpose.KNOWN):  # known ones are drawn over benign ones
        path = "".join(f"M{at} 0V20" for at in sorted(ticks.get(purpose, ())))
        pieces += (
            [f'<path class="tick {purpose.value}" d="{path}" vector-effect="non-scaling-stroke"/>'] if path else []
        )
    singles = len(set().union(*ticks.values()))
    told = [wording.counted(len(bars), "stretch", "stretches")] if bars else []
    told += [wording.counted(singles, "single moment")] if singles else []
    label = f"From {clock(0)} to {clock(end)}: {' and '.join(told)}"
    return Markup(
        f'<svg class="timeline" viewBox="0 0 {_WIDTH} 20" width="{_WIDTH}" height="20" preserveAspectRatio="none" '
        f'role="img" aria-label="{attribute(label)}">{"".join(pieces)}</svg>'
        f'<span class="scale" aria-hidden="true"><span>{clock(0)}</span><span>{clock(end)}</span></span>'
    )


class _Bar(NamedTuple):
    """A stretch with a clock: from, to, and the span itself."""

    start: float
    end: float
    span: Span


def _drawn(bar: _Bar, end: float) -> str:
    width = max(_LEAST, _WIDTH * (bar.end - bar.start) / end)
    start = min(_WIDTH * max(bar.start, 0.0) / end, _WIDTH - width)
    return f'<rect class="stretch {bar.span.purpose.value}" x="{start:.1f}" y="5" width="{width:.1f}" height="10"/>'


def _ticks(finding: Finding, places: Places, bars: list[_Bar], end: float) -> dict[Purpose, set[int]]:
    """Return at which places of the line something was met that no stretch of the same entry covers."""
    covered: defaultdict[tuple[str, str], list[_Bar]] = defaultdict(list)
    for bar in bars:
        covered[bar.span.list_name, bar.span.entry_key].append(bar)
    ticks: defaultdict[Purpose, set[int]] = defaultdict(set)
    for hit in finding.hits:
        at = places.time(hit)
        if at is not None and not any(bar.start <= at <= bar.end for bar in covered[hit.list_name, hit.entry_key]):
            ticks[hit.purpose].add(round(2 + (_WIDTH - 4) * at / end))
    return ticks
