"""Entries as rows of the store: what may enter, how two of one key are merged, and the way to columns and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from tutela.model import Entry, Grade, Signal
from tutela.model.track import TRACKED, pack_track, track_signals
from tutela.signals import kinds

#: Longest key, label, grade part or source that the store takes, in characters.
LONGEST_TEXT = 1024

#: What stands in the column of kinds for a row whose value is a video's track (`tutela.model.track`).
TRACK = "track"

#: Sorts before every time.
_NO_TIME = -1.0

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_KINDS = {kind.name: kind for kind in kinds()}


class EntryRow(NamedTuple):
    """The columns of an entry.  ``added`` and ``updated`` are ``None`` where the entry makes no claim."""

    key: str
    grades: str
    labels: str
    source: str
    added: int | None
    updated: int | None
    fingerprint: bytes
    signals: tuple[tuple[str, bytes, int | None], ...]


def microseconds(time: datetime) -> int:
    """Return a time as microseconds since 1970 UTC; one without a zone is taken as UTC."""
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """Return the time, in UTC, of microseconds since 1970."""
    return _EPOCH + value * _MICROSECOND


def now() -> int:
    """Return this moment, in microseconds, cut to the second, so that it survives a round through any list format."""
    return int(datetime.now(UTC).timestamp()) * 1_000_000


def precise_now() -> int:
    """Return this moment, in microseconds."""
    return (datetime.now(UTC) - _EPOCH) // _MICROSECOND


def fit(entry: Entry, refuse: Callable[[str], None]) -> Entry | None:
    """Return the entry with what may enter a list, or ``None`` if nothing may; ``refuse`` gets the reasons.

    This is the last line of defence: whatever an importer let through, the hash of an empty file or a blank picture
    stops here.
    """
    kept = [signal for signal in entry.signals if not _refused(signal, refuse)]
    if not kept:
        if not entry.signals:
            refuse("the entry has no signal")
        return None
    texts = (
        entry.key,
        entry.source,
        *entry.labels,
        *(part for grade in entry.grades for part in (grade.scheme, grade.code)),
    )
    reason = _unstorable(texts)
    if reason is not None:
        refuse(reason)
        return None
    return entry if len(kept) == len(entry.signals) else replace(entry, signals=tuple(kept))


def _refused(signal: Signal, refuse: Callable[[str], None]) -> bool:
    kind = _KINDS.get(signal.kind)
    if kind is None:
        reason: str | None = "it is of no kind known here"
    elif len(signal.value) != kind.size:
        reason = f"it has {len(signal.value)} bytes where {kind.size} are needed"
    else:
        reason = kind.unfit(signal.value)
    if reason is not None:
        refuse(f"a {signal.kind} value was left out: {reason}")
    return reason is not None


def _unstorable(texts: tuple[str, ...]) -> str | None:
    if not texts[0]:
        return "the key is empty"
    joined = "".join(texts)
    if len(joined) > LONGEST_TEXT and max(map(len, texts)) > LONGEST_TEXT:
        return f"a text has more than {LONGEST_TEXT} characters"
    if "\0" in joined:
        return "a text holds a NUL character"
    if not joined.isascii():
        try:
            joined.encode()
        except UnicodeEncodeError:
            return "a text holds half of a surrogate pair"
    return None


def merge(earlier: Entry, later: Entry) -> Entry:
    """Return what two entries of one key say together: all signals, grades, labels; source and times of the later.

    Of one signal with two qualities the better stands; a quality that only one of them knows stands.
    """
    return Entry(
        key=earlier.key,
        signals=_together((*earlier.signals, *later.signals)),
        grades=tuple(sorted({*earlier.grades, *later.grades}, key=lambda grade: (grade.scheme, grade.code))),
        labels=tuple(sorted({*earlier.labels, *later.labels})),
        source=later.source or earlier.source,
        added=later.added or earlier.added,
        updated=later.updated or earlier.updated,
    )


def _together(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    qualities: dict[tuple[str, bytes, float], int | None] = {}
    for signal in signals:
        name = (signal.kind, signal.value, _NO_TIME if signal.time is None else signal.time)
        known = qualities.get(name)
        if known is None or (signal.quality is not None and signal.quality > known):
            qualities[name] = signal.quality
    return tuple(
        Signal(kind, value, quality, time=None if time == _NO_TIME else time)
        for (kind, value, time), quality in sorted(qualities.items(), key=itemgetter(0))
    )


def row_of(entry: Entry) -> EntryRow:
    """Return the columns of an entry; equal content gives an equal fingerprint, in whatever order it comes."""
    first = entry.signals[0]
    signals: tuple[tuple[str, bytes, int | None], ...]
    if len(entry.signals) == 1 and first.time is None:
        signals = ((first.kind, first.value, first.quality),)
    else:
        signals = _columns(entry.signals)
    grades, labels = "[]", "[]"
    if entry.grades:
        grades = _json(sorted({(grade.scheme, grade.code) for grade in entry.grades}))
    if entry.labels:
        labels = _json(sorted(set(entry.labels)))
    # No text holds a NUL (`fit`) and a value's length goes with its kind, so no two contents are written the same.
    told = f"{grades}\0{labels}\0{entry.source}".encode()
    for kind, value, quality in signals:
        told += f"\0{kind}\0{quality}\0".encode() + value
    return EntryRow(
        entry.key,
        grades,
        labels,
        entry.source,
        None if entry.added is None else microseconds(entry.added),
        None if entry.updated is None else microseconds(entry.updated),
        hashlib.blake2b(told, digest_size=16).digest(),
        signals,
    )


def _columns(signals: tuple[Signal, ...]) -> tuple[tuple[str, bytes, int | None], ...]:
    """Return each value once, and after them the track that tells at what times the frames of a video come."""
    timeless = _together(replace(signal, time=None) if signal.time is not None else signal for signal in signals)
    columns = tuple((signal.kind, signal.value, signal.quality) for signal in timeless)
    track = pack_track(signals)
    return (*columns, (TRACK, track, None)) if track else columns


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def entries_of(rows: Iterable[Any]) -> Iterator[tuple[int, Entry]]:
    """Return (id, entry) for rows of the queries ``entries_of_ids`` and ``entries_since``, which come one a signal."""
    for number, group in groupby(rows, key=itemgetter(0)):
        pieces = list(group)
        _, key, grades, labels, source, added, updated, *_ = pieces[0]
        yield (
            number,
            Entry(
                key=key,
                signals=_signals(pieces),
                grades=_grades(grades),
                labels=() if labels == "[]" else tuple(json.loads(labels)),
                source=source,
                added=moment(added),
                updated=moment(updated),
            ),
        )


def _signals(pieces: list[Any]) -> tuple[Signal, ...]:
    track: tuple[Signal, ...] = ()
    signals = []
    for *_, kind, value, quality in pieces:
        if kind == TRACK:
            track = track_signals(value)
        elif kind is not None:
            signals.append(Signal(kind, value, quality))
    if not track:
        return tuple(signals)
    timed = {signal.value for signal in track}
    return (*(one for one in signals if one.kind != TRACKED or one.value not in timed), *track)


def _grades(column: str) -> tuple[Grade, ...]:
    return () if column == "[]" else tuple(Grade(scheme, code) for scheme, code in json.loads(column))
