"""Sentences that tell when, in a video, something was met, and which known video a sheet follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tutela.model import Hit, Purpose, Span

#: Moments and spans that a verdict's reasons name; the hits and spans of the finding have them all.
MOST_NAMED = 8

_HEX_RUN = re.compile(r"[0-9A-Fa-f]{32,}")


def clock(seconds: float) -> str:
    """Return a time within a video: ``1:05.3`` (minutes, seconds, tenths), from an hour on ``1:00:10``."""
    tenths = max(0, round(seconds * 10))
    whole = tenths // 10
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 60}:{whole % 60:02}.{tenths % 10}"


def moment_reasons(known: Sequence[Hit], moments: Mapping[int, float], spans: Iterable[Span]) -> tuple[str, ...]:
    """Return the reasons of a verdict that tell when known entries were met, and along which known videos a content
    runs; none for a content without times that follows none.

    ``known`` are the hits that the verdict stands on; ``moments`` gives the time of frames, in seconds, by number.
    """
    met = sorted({moments[hit.frame] for hit in known if hit.frame is not None and hit.frame in moments})
    told = []
    if met:
        times = list(dict.fromkeys(clock(time) for time in met))
        more = f" and {len(times) - MOST_NAMED} more" if len(times) > MOST_NAMED else ""
        told.append(f"Known entries were met at {', '.join(times[:MOST_NAMED])}{more}.")
    standing = {(hit.list_name, hit.entry_key) for hit in known}
    stretches = [
        span for span in spans if span.purpose is Purpose.KNOWN and (span.list_name, span.entry_key) in standing
    ]
    told += [_stretch(span) for span in stretches[:MOST_NAMED]]
    if len(stretches) > MOST_NAMED:
        told.append(f"{len(stretches) - MOST_NAMED} more stretches are shared with known videos.")
    return tuple(told)


def _stretch(span: Span) -> str:
    video = f"the known video {named(span.entry_key)!r} in list {span.list_name!r}"
    known = f"{clock(span.known_start)} to {clock(span.known_end)} of {video}"
    if span.start is None or span.end is None:
        return f"{span.frames} cells follow {known}, in order."
    return f"{clock(span.start)} to {clock(span.end)} runs along {known}."


def named(key: str) -> str:
    """Return an entry's key with any hash in it cut short: keys may be made of one, and reasons are handed on."""
    return _HEX_RUN.sub(lambda run: run.group()[:8] + "…", key)
