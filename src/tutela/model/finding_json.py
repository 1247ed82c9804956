"""The JSON form of a `Finding`, which other programs read: documented in `docs/reference/finding.md`.

Promise: within one `SCHEMA_VERSION` fields are only ever added.  Names and enumerated values stay what they are.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from tutela.model.content import MediaType
from tutela.model.entry import Grade, Purpose
from tutela.model.errors import FindingInvalid
from tutela.model.frame import Box
from tutela.model.problem import Problem, ProblemKind
from tutela.model.signal import Orientation, Signal, Unhashable
from tutela.model.verdict import (
    VERDICT_NAMES,
    Finding,
    FrameInfo,
    Hit,
    Known,
    ListedBenign,
    Near,
    NothingFound,
    Span,
    Unreadable,
    Verdict,
)

SCHEMA_VERSION = 1

Json = dict[str, Any]
_Part = TypeVar("_Part")


def finding_to_json(finding: Finding) -> Json:
    """Return the finding as plain dicts, lists, strings, numbers and ``None``, ready for any JSON writer.

    Everything but the thumbnail is in it.  Every string is valid Unicode: an undecodable byte of a file name becomes
    U+FFFD, and the name's own bytes are then given beside it as ``name_bytes`` (base64).
    """
    record: Json = {"schema": SCHEMA_VERSION, "name": _text(finding.name)}
    undecodable = _undecodable(finding.name)
    if undecodable is not None:
        record["name_bytes"] = base64.b64encode(undecodable).decode("ascii")
    record |= {
        "size": finding.size,
        "media_type": None if finding.media_type is None else finding.media_type.value,
        "verdict": _verdict_to_json(finding.verdict),
        "hits": [_hit_to_json(hit) for hit in finding.hits],
        "frames": [_frame_to_json(frame) for frame in finding.frames],
        "signals": [signal_to_json(signal) for signal in finding.signals],
        "unhashable": [
            {"kind": none.kind, "reason": _text(none.reason), "frame": none.frame} for none in finding.unhashable
        ],
        "problems": [problem_to_json(problem) for problem in finding.problems],
    }
    if finding.spans:
        record["spans"] = [_span_to_json(span) for span in finding.spans]
    return record


def finding_from_json(record: Mapping[str, Any]) -> Finding:
    """Return the finding that `finding_to_json` wrote; fields that are not known here are passed over.

    Raises `FindingInvalid` for another schema version, a field that is missing or one of the wrong type.
    """
    try:
        version = record["schema"]
        if version != SCHEMA_VERSION:
            raise FindingInvalid(reason=f"its schema is {version!r}, and this release reads {SCHEMA_VERSION}")
        return Finding(
            name=_name_from_json(record),
            size=record["size"],
            media_type=None if record["media_type"] is None else MediaType(record["media_type"]),
            frames=_parts(record["frames"], _frame_from_json),
            signals=_parts(record["signals"], signal_from_json),
            unhashable=_parts(record["unhashable"], _unhashable_from_json),
            hits=_parts(record["hits"], _hit_from_json),
            verdict=_verdict_from_json(record["verdict"]),
            problems=_parts(record["problems"], problem_from_json),
            spans=_parts(record.get("spans", []), _span_from_json),
        )
    except KeyError as missing:
        raise FindingInvalid(reason=f"the field {missing} is missing") from None
    except (TypeError, ValueError, AttributeError) as wrong:
        # The text of a conversion error may quote the value, and a value may be a hash: name the sort of error only.
        raise FindingInvalid(reason=f"a field is of the wrong type or value ({type(wrong).__name__})") from None


def signal_to_json(signal: Signal) -> Json:
    """Return ``kind``, ``value`` (lower-case hex), ``quality``; ``frame`` where there is one, ``orientation`` if
    turned, ``unfit`` if so.
    """
    record: Json = {"kind": signal.kind, "value": signal.value.hex(), "quality": signal.quality}
    if signal.frame is not None:
        record["frame"] = signal.frame
    if signal.orientation is not Orientation.ORIGINAL:
        record["orientation"] = signal.orientation.value
    if signal.unfit is not None:
        record["unfit"] = _text(signal.unfit)
    if signal.time is not None:
        record["time"] = signal.time
    return record


def signal_from_json(record: Mapping[str, Any]) -> Signal:
    """Return the signal that `signal_to_json` wrote; raises `KeyError`, `TypeError` or `ValueError` for another
    thing.
    """
    return Signal(
        kind=record["kind"],
        value=bytes.fromhex(record["value"]),
        quality=record.get("quality"),
        frame=record.get("frame"),
        orientation=Orientation(record.get("orientation", Orientation.ORIGINAL)),
        unfit=record.get("unfit"),
        time=record.get("time"),
    )


def problem_to_json(problem: Problem) -> Json:
    """Return ``kind``, ``place`` and ``message``."""
    return {"kind": problem.kind.value, "place": _text(problem.place), "message": _text(problem.message)}


def problem_from_json(record: Mapping[str, Any]) -> Problem:
    """Return the problem that `problem_to_json` wrote; raises `KeyError` or `ValueError` where it is not one."""
    return Problem(kind=ProblemKind(record["kind"]), place=record["place"], message=record["message"])


def _verdict_to_json(verdict: Verdict) -> Json:
    record: Json = {
        "name": VERDICT_NAMES[type(verdict)],
        "rule": verdict.rule,
        "reasons": [_text(reason) for reason in verdict.reasons],
    }
    if isinstance(verdict, Known | Near | ListedBenign):
        record["hit"] = _hit_to_json(verdict.hit)
    return record


def _verdict_from_json(record: Mapping[str, Any]) -> Verdict:
    name, reasons = record["name"], tuple(record["reasons"])
    for of_hit in (Known, Near, ListedBenign):
        if name == VERDICT_NAMES[of_hit]:
            return of_hit(_hit_from_json(record["hit"]), reasons)
    if name == VERDICT_NAMES[Unreadable]:
        return Unreadable(reasons)
    if name == VERDICT_NAMES[NothingFound]:
        return NothingFound(reasons)
    raise FindingInvalid(reason="its verdict is none of " + ", ".join(VERDICT_NAMES.values()))


def _hit_to_json(hit: Hit) -> Json:
    record: Json = {
        "list": _text(hit.list_name),
        "list_version": hit.list_version,
        "purpose": hit.purpose.value,
        "entry": _text(hit.entry_key),
        "kind": hit.kind,
        "distance": hit.distance,
        "orientation": hit.orientation.value,
        "frame": hit.frame,
        "grades": [{"scheme": _text(grade.scheme), "code": _text(grade.code)} for grade in hit.grades],
        "labels": [_text(label) for label in hit.labels],
        "source": _text(hit.source),
        "added": None if hit.added is None else _time_to_json(hit.added),
    }
    if hit.joint:
        record["joint"] = True
    return record


def _hit_from_json(record: Mapping[str, Any]) -> Hit:
    return Hit(
        list_name=record["list"],
        list_version=record["list_version"],
        purpose=Purpose(record["purpose"]),
        entry_key=record["entry"],
        kind=record["kind"],
        distance=record["distance"],
        orientation=Orientation(record["orientation"]),
        frame=record["frame"],
        grades=tuple(Grade(grade["scheme"], grade["code"]) for grade in record["grades"]),
        labels=tuple(record["labels"]),
        source=record["source"],
        added=None if record["added"] is None else datetime.fromisoformat(record["added"]),
        joint=record.get("joint", False),
    )


def _span_to_json(span: Span) -> Json:
    return {
        "list": _text(span.list_name),
        "entry": _text(span.entry_key),
        "purpose": span.purpose.value,
        "start": span.start,
        "end": span.end,
        "known_start": span.known_start,
        "known_end": span.known_end,
        "frames": span.frames,
        "mean_distance": span.mean_distance,
    }


def _span_from_json(record: Mapping[str, Any]) -> Span:
    return Span(
        list_name=record["list"],
        entry_key=record["entry"],
        purpose=Purpose(record["purpose"]),
        start=record["start"],
        end=record["end"],
        known_start=record["known_start"],
        known_end=record["known_end"],
        frames=record["frames"],
        mean_distance=record["mean_distance"],
    )


def _frame_to_json(frame: FrameInfo) -> Json:
    record: Json = {"number": frame.number, "width": frame.width, "height": frame.height, "time": frame.time}
    if frame.layout is not None:
        record["layout"] = frame.layout
    if frame.parent is not None and frame.cell is not None:
        cell = frame.cell
        record |= {"parent": frame.parent, "x": cell.x, "y": cell.y}
        if cell.angle:
            record["angle"] = cell.angle
    if frame.confidence is not None:
        record["confidence"] = frame.confidence
    return record


def _frame_from_json(record: Mapping[str, Any]) -> FrameInfo:
    parent, width, height = record.get("parent"), record["width"], record["height"]
    cell = None if parent is None else Box(record["x"], record["y"], width, height, record.get("angle", 0.0))
    sheet = (record.get("layout"), parent, cell, record.get("confidence"))
    return FrameInfo(record["number"], width, height, record["time"], *sheet)


def _unhashable_from_json(record: Mapping[str, Any]) -> Unhashable:
    return Unhashable(record["kind"], record["reason"], record["frame"])


def _parts(records: list[Json], read: Callable[[Json], _Part]) -> tuple[_Part, ...]:
    return tuple(read(record) for record in records)


def _time_to_json(moment: datetime) -> str:
    """RFC 3339 in UTC, ending in ``Z``.  A time without a zone is UTC, as everywhere in the model."""
    known = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return known.isoformat().removesuffix("+00:00") + "Z"


def _text(text: str) -> str:
    """Return the text as valid Unicode, which is all that JSON readers agree upon."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _undecodable(name: str) -> bytes | None:
    """Return the bytes of a file name that is not UTF-8 (PEP 383), or ``None`` for an ordinary one."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        try:
            return name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # half a surrogate pair: no file name of this system, and no bytes to give
            return None
    return None


def _name_from_json(record: Mapping[str, Any]) -> str:
    if "name_bytes" in record:
        return base64.b64decode(record["name_bytes"], validate=True).decode("utf-8", "surrogateescape")
    name = record["name"]
    if not isinstance(name, str):
        raise TypeError
    return name
