"""How the report and the terminal say things: sizes, times, places, distances.  Plain text, never markup."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tutela.engine.moments import clock
from tutela.model import Finding, Hit, ListInfo, MediaType, Orientation, Span, Threshold
from tutela.signals import kinds

TYPE_NAMES = {kind: kind.name for kind in MediaType} | {
    MediaType.WEBP: "WebP",
    MediaType.QUICKTIME: "QuickTime",
    MediaType.MATROSKA: "Matroska",
    MediaType.WEBM: "WebM",
    MediaType.MPEG_TS: "MPEG-TS",
    MediaType.OGG: "Ogg",
}

ORIENTATION_NAMES = {
    Orientation.ORIGINAL: "as it is",
    Orientation.ROTATE_90: "turned 90°",
    Orientation.ROTATE_180: "turned 180°",
    Orientation.ROTATE_270: "turned 270°",
    Orientation.FLIP_X: "mirrored left to right",
    Orientation.FLIP_Y: "mirrored top to bottom",
    Orientation.TRANSPOSE: "mirrored on the diagonal",
    Orientation.TRANSVERSE: "mirrored on the other diagonal",
}

_DIGESTS = {"md5", "sha1", "sha256"}
_HEX_RUN = re.compile(r"[0-9A-Fa-f]{32,}")


def number(count: int) -> str:
    """Return a count with its thousands apart: ``10,412``."""
    return f"{count:,}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return ``1 file``, ``2 files``."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def size(octets: int | None) -> str:
    """Return a size in decimal units, as file managers show it: ``214 kB``."""
    if octets is None:
        return "size unknown"
    if octets < 1000:
        return counted(octets, "byte")
    amount = float(octets)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.5:
            return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"
    return f"{amount:.0f} TB"


def moment(when: datetime) -> str:
    """Return ``23 November 2026, 02:31 UTC``."""
    known = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return f"{known.day} {known:%B %Y, %H:%M} UTC"


def duration(lasted: timedelta) -> str:
    """Return ``0.8 s``, ``42 s``, ``4 min 12 s``, ``3 h 05 min``."""
    seconds = max(0.0, lasted.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def media(finding: Finding) -> str:
    """Return the type by its everyday name, or that there is none."""
    return "unknown type" if finding.media_type is None else TYPE_NAMES[finding.media_type]


def is_video(finding: Finding) -> bool:
    """Tell whether the content is a video; an animation is a picture that moves."""
    return finding.media_type is not None and finding.media_type.value.startswith("video/")


def dimensions(finding: Finding) -> str:
    """Return width and height of the first frame, with the number of frames if there are several; empty without one.

    Cells of a sheet are no frames of their own here.  How long a video is, its last frame that was looked at tells.
    """
    frames = [frame for frame in finding.frames if frame.cell is None]
    if not frames:
        return ""
    shape = f"{frames[0].width} \u00d7 {frames[0].height}"
    if is_video(finding):
        end = max((frame.time for frame in frames if frame.time is not None), default=None)
        upto = "" if end is None else f" up to\u00a0{clock(end)}"
        return f"{shape}, {counted(len(frames), 'frame')} looked at{upto}"
    return shape if len(frames) == 1 else f"{shape}, {counted(len(frames), 'frame')}"


def name_parts(name: str) -> tuple[str, str]:
    """Return folder (with its last separator, or empty) and file name.

    Without `pathlib`, which enters every part into the interpreter's table of names: a million files grow and rebuild
    that table, for nothing.
    """
    last = name.rpartition("/")[2]
    return (name[: -len(last)], last) if last not in ("", ".") else ("", name)


def is_exact(hit: Hit) -> bool:
    """Tell whether the hit is of the bytes themselves."""
    return hit.kind in _DIGESTS


def distance(hit: Hit) -> str:
    """Return ``same bytes`` or ``12 bits``."""
    if is_exact(hit):
        return "same bytes"
    return counted(hit.distance, "bit") if hit.kind == "pdq" else number(hit.distance)


def limit(hit: Hit, lists: dict[str, ListInfo]) -> int | None:
    """Return the distance at which the hit's list still meets, where the list is told of and meets more than equals."""
    info = lists.get(hit.list_name)
    threshold = thresholds(info).get(hit.kind) if info else None
    return threshold.distance if threshold else None


def thresholds(info: ListInfo) -> dict[str, Threshold]:
    """Return the thresholds of a list by kind, its own or the kind's; kinds that meet equals only are left out."""
    every = {kind.name: info.thresholds.get(kind.name, kind.default) for kind in kinds()}
    return {name: threshold for name, threshold in every.items() if threshold.distance > 0}


def beyond(hit: Hit, limit: int | None) -> str:
    """Return that a hit lies beyond its list's threshold and what it counts for; empty for one within."""
    if hit.joint:
        threshold = "the list's threshold" if limit is None else f"the {number(limit)} allowed"
        return f"beyond {threshold}: counts only together with the other cells"
    return ""


def span_here(span: Span) -> str:
    """Return which stretch of this content it is: from and to, or that cells follow in order."""
    if span.start is None or span.end is None:
        return "cells, in order"
    return f"{clock(span.start)} to {clock(span.end)}"


def span_there(span: Span) -> str:
    """Return which stretch of the known video it is."""
    return f"{clock(span.known_start)} to {clock(span.known_end)}"


def span_weight(span: Span) -> str:
    """Return how much stands behind a span: ``9 frames met, 3.5 bits on average``."""
    frames = counted(span.frames, "cell" if span.start is None else "frame")
    return f"{frames} met, {round(span.mean_distance, 1):g} bits on average"


def cell(order: int, count: int, layout: str | None) -> str:
    """Return what a cell of a sheet is called: ``cell 5 of 12``, ``the picture within the page``."""
    if layout == "embedded":
        which = "the picture" if count == 1 else f"picture {number(order)} of {number(count)}"
        return f"{which} within the page"
    return f"cell {number(order)} of {number(count)}"


def entry_key(key: str) -> str:
    """Return the entry's key with any hash in it cut short: keys may be made of one, and a report is handed on."""
    return _HEX_RUN.sub(lambda run: run.group()[:8] + "…", key)
