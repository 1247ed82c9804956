"""What the engine and a decoding worker say to each other, and how the engine reads a worker it does not trust.

Every message is a head of 20 bytes (type, number of the job, length of the JSON part, length of the body) followed by a
JSON object and a body of raw bytes.  A file to look at travels beside the head of its job as an open file handle.

    engine -> worker
        JOB     {"step", "kinds", "orientations", "thumbnail", "sampling", "cells", "size"};
                body: the content, where no handle can be sent
        GO      {"pixels"}: what to do with a job whose digests were asked for first
    worker -> engine
        READY   {"measures"}: warmed up and locked in
        FOUND   what was learned in one step; body: the thumbnail
        SPENT   the same, and the worker should be replaced (it ran out of memory and does not get it back)

A worker that a decoder's flaw has handed to a stranger may answer anything.  So nothing here is ever unpickled or
evaluated; lengths are checked before a byte is kept, every value is checked for type and range, text is made printable,
and all that a wrong answer can raise is `Breach`.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from tutela.engine.examining import Examined, Wanted
from tutela.engine.sheets import MOST_CELLS, SHEET
from tutela.grids import LAYOUTS
from tutela.media import Sampling
from tutela.model import (
    Box,
    FrameInfo,
    Limits,
    MediaType,
    Orientation,
    Problem,
    ProblemKind,
    Signal,
    Unhashable,
)
from tutela.signals import PERIODIC, kinds

HEAD = struct.Struct("<BxxxIIQ")

#: Longest text of a problem or reason that is taken from a worker, in characters.
_LONGEST_TEXT = 400
#: No picture has a longer side, and no animation takes longer (in seconds).
_LONGEST_SIDE = 1 << 31
_LONGEST_TIME = 1e9
_LARGEST_THUMBNAIL = 1 << 18
_MOST_PROBLEMS = 256
#: Bytes of JSON that one frame with eight orientations, and one message apart from its frames, may take.
_JSON_OF_FRAME = 4096
_JSON_APART = 1 << 19
#: Eight orientations of every frame, cut in up to three ways: whole, a pixel less, without black bars.
_SIGNALS_OF_FRAME = 24
_SIGNALS_APART = 8
#: Kind of signal -> bytes of its value.
_SIZES = {kind.name: kind.size for kind in kinds()}

#: Exit codes of a worker that the engine can tell apart: out of memory where nothing could be answered; a fault of
#: ours.
EXIT_MEMORY = 71
EXIT_FAULT = 70

#: Slowest reading, in bytes a second, that is waited for: a file gets this much more time for being read.
SLOWEST_READING = 20 << 20
#: ... but never more than this, in seconds.
LONGEST_READING = 3600.0

Json = dict[str, Any]


class Breach(ValueError):
    """A message that breaks the protocol.  The text never quotes the message."""


class Type(IntEnum):
    """Types of messages."""

    JOB = 1
    GO = 2
    READY = 3
    FOUND = 4
    SPENT = 5


class Step(IntEnum):
    """How far a worker goes with a job before it answers."""

    ALL = 1  #: bytes and pixels, one answer
    ASK = 2  #: bytes, answer, and pixels only if told to
    BYTES = 3  #: bytes, and nothing else


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came; nothing in it is checked but the lengths."""

    type: Type
    job: int
    json: bytes
    body: bytes


def pack(kind: Type, job: int, record: Json, body_length: int = 0) -> bytes:
    """Return the head and JSON part of a message; ``body_length`` bytes of body are to follow."""
    text = json.dumps(record, separators=(",", ":")).encode("ascii")
    return HEAD.pack(kind, job, len(text), body_length) + text


class Inbox:
    """Bytes from a worker, put together to messages; holds one lawful message and one piece at most."""

    def __init__(self, max_frames: int) -> None:
        self._held = bytearray()
        self._most = _JSON_APART + _JSON_OF_FRAME * max_frames

    def feed(self, piece: bytes) -> Iterator[Message]:
        """Take the next piece and yield every message that it completes; raises `Breach`."""
        self._held += piece
        while len(self._held) >= HEAD.size:
            kind, job, json_length, body_length = HEAD.unpack_from(self._held)
            if kind not in (Type.READY, Type.FOUND, Type.SPENT):
                raise Breach("a message of no known type")
            if json_length > self._most or body_length > _LARGEST_THUMBNAIL:
                raise Breach("a message that is too long")
            middle, end = HEAD.size + json_length, HEAD.size + json_length + body_length
            if len(self._held) < end:
                return
            message = Message(Type(kind), job, bytes(self._held[HEAD.size : middle]), bytes(self._held[middle:end]))
            del self._held[:end]
            yield message


def reading_seconds(size: int) -> float:
    """Return how much more time a file of ``size`` bytes gets for being read and hashed, in seconds."""
    return min(size / SLOWEST_READING, LONGEST_READING)


# ------------------------------------------------------------------------------------------- engine to worker


def pack_job(job: int, step: Step, wanted: Wanted, size: int, body_length: int = 0) -> bytes:
    """Return the message that hands a job to a worker; ``size`` is that of the file sent along, in bytes."""
    record = {
        "step": int(step),
        "kinds": sorted(wanted.kinds),
        "orientations": wanted.orientations,
        "thumbnail": wanted.thumbnail,
        "cells": wanted.cells,
        "sampling": [wanted.sampling.mode, wanted.sampling.rate, wanted.sampling.letterbox],
        "size": size,
    }
    return pack(Type.JOB, job, record, body_length)


def unpack_wanted(record: Json) -> Wanted:
    """Return what a job wants.  For workers, who trust the engine."""
    sampling = Sampling(*record["sampling"])
    return Wanted(frozenset(record["kinds"]), record["orientations"], record["thumbnail"], sampling, record["cells"])


def most_frames(limits: Limits) -> int:
    """Return how many frames a worker may tell of one content."""
    return max(limits.max_frames, limits.max_video_frames) + MOST_CELLS


def limits_to_json(limits: Limits) -> Json:
    """Return the limits as plain numbers, for a worker's start."""
    return {name: getattr(limits, name) for name in Limits.__dataclass_fields__}


# ------------------------------------------------------------------------------------------- worker to engine


def pack_found(kind: Type, job: int, found: Examined) -> bytes:
    """Return the message, body and all, that tells what was learned."""
    record = {
        "size": found.size,
        "type": None if found.media_type is None else found.media_type.value,
        "frames": [_frame_row(frame) for frame in found.frames],
        "signals": [[s.kind, s.value.hex(), s.quality, s.frame, s.orientation.value, s.unfit] for s in found.signals],
        "unhashable": [[none.kind, none.reason, none.frame] for none in found.unhashable],
        "problems": [[problem.kind.value, problem.place, problem.message] for problem in found.problems],
    }
    body = found.thumbnail or b""
    return pack(kind, job, record, len(body)) + body


def read_found(message: Message, max_frames: int) -> Examined:
    """Return what a worker says that it learned, every value checked; raises `Breach`."""
    record = _record(message.json)
    size, media_type = record.get("size"), record.get("type")
    signals = _rows(record, "signals", _SIGNALS_APART + _SIGNALS_OF_FRAME * max_frames, 6)
    unhashable = _rows(record, "unhashable", _SIGNALS_APART + max_frames, 3)
    return Examined(
        size=None if size is None else _integer(size, 1 << 63),
        media_type=None if media_type is None else _member(MediaType, media_type),
        frames=tuple(_frame(row) for row in _rows(record, "frames", max_frames, 10)),
        signals=tuple(_signal(row) for row in signals),
        unhashable=tuple(Unhashable(_kind(row[0]), _text(row[1]), _number(row[2])) for row in unhashable),
        problems=tuple(
            Problem(_member(ProblemKind, row[0]), _text(row[1]), _text(row[2]))
            for row in _rows(record, "problems", _MOST_PROBLEMS, 3)
        ),
        thumbnail=_thumbnail(message.body),
    )


def read_measures(message: Message) -> dict[str, bool]:
    """Return what a worker says of its sandbox; raises `Breach`."""
    measures = _record(message.json).get("measures")
    if not isinstance(measures, dict) or len(measures) > 64:
        raise Breach("measures of a wrong form")
    return {_text(name): value is True for name, value in measures.items()}


def _record(text: bytes) -> Json:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):  # not JSON, not UTF-8, a number of a million digits; a thousand brackets
        raise Breach("a message that is no JSON") from None
    if not isinstance(record, dict):
        raise Breach("a message that is no JSON object")
    return record


def _rows(record: Json, name: str, most: int, width: int) -> list[list[Any]]:
    rows = record.get(name)
    if not isinstance(rows, list) or len(rows) > most:
        raise Breach(f"no list of {name}, or one that is too long")
    if not all(isinstance(row, list) and len(row) == width for row in rows):
        raise Breach(f"{name} of a wrong form")
    return rows


def _integer(value: object, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise Breach("a number that is none, or out of range")
    return value


def _number(value: object) -> int | None:
    return None if value is None else _integer(value, _LONGEST_SIDE)


def _time(value: object) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float):
        raise Breach("a time that is no number")
    seconds = float(value) if isinstance(value, float) or abs(value) < _LONGEST_TIME else math.inf  # type: ignore[arg-type]  # a number, as was seen
    if not 0 <= seconds <= _LONGEST_TIME:
        raise Breach("a time that is out of range")
    return seconds


def _member(members: type[Any], value: object) -> Any:  # noqa: ANN401 -- a member of the enumeration that was given
    try:
        return members(value)
    except ValueError:
        raise Breach(f"no {members.__name__}") from None


def _kind(value: object) -> str:
    if not isinstance(value, str) or value not in _SIZES:
        raise Breach("a kind of signal that is not known")
    return value


def _signal(row: list[Any]) -> Signal:
    name, value, quality, frame, orientation, unfit = row
    known = _kind(name)
    if not isinstance(value, str) or len(value) != 2 * _SIZES[known]:
        raise Breach("a signal that is no text, or of a wrong length")
    try:
        raw = bytes.fromhex(value)
    except ValueError:
        raise Breach("a signal of a wrong form") from None
    if len(raw) != _SIZES[known]:  # fromhex passes over spaces
        raise Breach("a signal of a wrong length")
    if unfit not in (None, SHEET, PERIODIC):
        raise Breach("a signal unfit for no known reason")
    return Signal(
        known,
        raw,
        None if quality is None else _integer(quality, 100),
        _number(frame),
        _member(Orientation, orientation),
        unfit,
    )


def _frame_row(frame: FrameInfo) -> list[object]:
    cell = [None, None, None] if frame.cell is None else [frame.cell.x, frame.cell.y, frame.cell.angle]
    return [frame.number, frame.width, frame.height, frame.time, frame.layout, frame.parent, *cell, frame.confidence]


def _frame(row: list[Any]) -> FrameInfo:
    number, width, height, moment, layout, parent, x, y, angle, sure = row
    if layout is not None and layout not in LAYOUTS:
        raise Breach("a layout that is not known")
    size = (_integer(width, _LONGEST_SIDE), _integer(height, _LONGEST_SIDE))
    if parent is not None and (type(angle) not in (int, float) or not -45 <= angle <= 45):
        raise Breach("a cell turned by no angle of a print")
    cell = None if parent is None else Box(_integer(x, _LONGEST_SIDE), _integer(y, _LONGEST_SIDE), *size, angle)
    if sure is not None and (type(sure) not in (int, float) or not 0 <= sure <= 1):
        raise Breach("a confidence that is no share")
    return FrameInfo(_integer(number, _LONGEST_SIDE), *size, _time(moment), layout, _number(parent), cell, sure)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Breach("a text that is none")
    cut = value[:_LONGEST_TEXT]
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(character if character.isprintable() else " " for character in cut)


def _thumbnail(body: bytes) -> bytes | None:
    if not body:
        return None
    if body[:4] != b"RIFF" or body[8:12] != b"WEBP":
        raise Breach("a thumbnail that is no WebP")
    return body
