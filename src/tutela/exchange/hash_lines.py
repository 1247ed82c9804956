"""JSON Lines of `tutela hash`: a line a file, with all its signals and, of a video, the times of its frames.

The form is that of ``tutela.model.hash_json``; an export adds ``key``, ``grades``, ``labels`` and ``source``, which an
import reads again.  A line without ``key`` gets one derived from its digests, never from its path: names of files tell
of people.  Turned hashes, those of contact sheets as a whole and others marked ``unfit`` are left out.

**Carried**: everything but the times of listing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from tutela.exchange.format import Format, Item, Ledger, Written
from tutela.exchange.record import Draft, clean, derived_key, given_key, kind_named, spoken
from tutela.exchange.source import Source, Stream
from tutela.model import Entry, Finding, Grade, ListInfo, Orientation, Rejected, Signal
from tutela.model.errors import FindingInvalid, SignalInvalid
from tutela.model.finding_json import SCHEMA_VERSION, signal_to_json
from tutela.model.hash_json import hash_from_json
from tutela.signals import kind

#: Longest line, in bytes: a video of 20,000 frames takes 4 MB.
LONGEST = 64 << 20


def _recognise(head: str) -> bool:
    line = head.lstrip()[:400]
    return line.startswith('{"schema":') and '"path":' in line


def _read(source: Source) -> Iterator[Item]:
    for number, (text, ended) in enumerate(_lines(source.stream()), 1):
        source.number = number
        if text is None:
            yield Rejected(number, f"it has more than {LONGEST} bytes", fatal=not ended)
        elif text.strip():
            for item in _items(number, text):
                if isinstance(item, Rejected) and not item.partial and not ended:
                    yield replace(item, fatal=True)
                else:
                    yield item


def _lines(stream: Stream) -> Iterator[tuple[bytes | None, bool]]:
    """Yield the lines, ``None`` for one that is too long, and whether each has its end."""
    held, too_long = bytearray(), False
    while piece := stream.read(1 << 16):
        *whole, rest = piece.split(b"\n")
        for end in whole:
            held += end
            yield None if too_long else bytes(held), True
            held, too_long = bytearray(), False
        held += rest
        if len(held) > LONGEST:
            held, too_long = bytearray(), True
    if held or too_long:
        yield None if too_long else bytes(held), False


def _items(number: int, text: bytes) -> Iterator[Item]:
    try:
        record = json.loads(text)
        finding = hash_from_json(record)
    except (ValueError, RecursionError, FindingInvalid, SignalInvalid) as error:
        reason = str(error) if isinstance(error, FindingInvalid) else "it is no line of JSON that `tutela hash` writes"
        yield Rejected(number, reason)
        return
    draft = Draft(number)
    try:
        for grade in record.get("grades", ()):
            draft.grade(grade["scheme"], grade["code"])
        for label in record.get("labels", ()):
            draft.label(label)
        draft.say_source(record.get("source", ""))
        key = given_key(clean(record["key"])) if "key" in record else None
    except (TypeError, KeyError, AttributeError):
        yield Rejected(number, "its key, grades, labels or source are of a wrong form")
        return
    signals, notes = _signals(finding)
    if not signals:
        yield Rejected(number, "; ".join(notes) or "it holds no signal of a kind known here")
        return
    for note in (*dict.fromkeys(notes), *draft.notes):
        yield Rejected(number, f"{note} (the rest of the record was taken)", partial=True)
    yield Entry(key or derived_key(signals), tuple(signals), tuple(draft.grades), tuple(draft.labels), draft.source)


def _signals(finding: Finding) -> tuple[list[Signal], list[str]]:
    """Return the signals that may be listed, with the times of a video's frames, and notes on the others."""
    moments = {frame.number: frame.time for frame in finding.frames if frame.cell is None}
    signals, notes = [], []
    for signal in finding.signals:
        if signal.orientation is not Orientation.ORIGINAL or signal.unfit is not None:
            continue
        unknown = kind_named(signal.kind) is None
        try:
            known = kind(signal.kind)
            reason = known.unfit(known.check(signal.value))
        except SignalInvalid as invalid:
            reason = str(invalid.fields.get("reason"))
        if reason is not None:
            notes.append(f"{spoken(signal.kind)}: {reason}" if unknown else f"{signal.kind}: {reason}")
            continue
        time = signal.time if signal.time is not None or signal.frame is None else moments.get(signal.frame)
        if not isinstance(time, int | float) or not 0 <= time < 1e7:
            time = None
        signals.append(Signal(known.name, signal.value, signal.quality, time=time))
    return signals, notes


def _write(entries: Iterable[Entry], info: ListInfo, target: BinaryIO) -> Written:
    del info  # this form has no place for it
    ledger = Ledger()
    for entry in entries:
        ledger.entries += 1
        ledger.lose("times", bool(entry.added or entry.updated))
        record: dict[str, Any] = {"schema": SCHEMA_VERSION, "path": entry.key, "key": entry.key}
        record["signals"] = [signal_to_json(signal) for signal in entry.signals]
        record |= {
            "grades": [_grade(grade) for grade in entry.grades],
            "labels": list(entry.labels),
            "source": entry.source,
        }
        target.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return ledger.close()


def _grade(grade: Grade) -> dict[str, str]:
    return {"scheme": grade.scheme, "code": grade.code}


HASH_LINES = Format("jsonl", "JSON Lines of tutela hash", ".jsonl", _recognise, _read, _write)
