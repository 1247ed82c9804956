"""How the report and the terminal say things: sizes, times, places, distances.  Plain text, never markup."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

from tutela.model import Finding, Hit, ListInfo, MediaType, Orientation, Threshold
from tutela.signals import kinds

TYPE_NAMES = {kind: kind.name if kind is not MediaType.WEBP else "WebP" for kind in MediaType}

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


def dimensions(finding: Finding) -> str:
    """Return width and height of the first frame, with the number of frames if there are several; empty without one."""
    if not finding.frames:
        return ""
    first = finding.frames[0]
    shape = f"{first.width} \u00d7 {first.height}"
    return shape if len(finding.frames) == 1 else f"{shape}, {counted(len(finding.frames), 'frame')}"


def name_parts(name: str) -> tuple[str, str]:
    """Return folder (with its last separator, or empty) and file name."""
    last = PurePath(name).name
    return (name[: -len(last)], last) if last and name.endswith(last) else ("", name)


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


def place(hit: Hit, finding: Finding) -> str:
    """Return where in the content the hit is: the file, the picture, or a frame and its moment."""
    if hit.frame is None:
        return "the whole file"
    if len(finding.frames) <= 1 and hit.frame == 0:
        return "the picture"
    times = {frame.number: frame.time for frame in finding.frames}
    when = times.get(hit.frame)
    at = "" if when is None else f" at {when:.1f}\u00a0s"
    return f"frame {number(hit.frame + 1)} of {number(max(len(finding.frames), hit.frame + 1))}{at}"


def entry_key(key: str) -> str:
    """Return the entry's key with any hash in it cut short: keys may be made of one, and a report is handed on."""
    return _HEX_RUN.sub(lambda run: run.group()[:8] + "…", key)
