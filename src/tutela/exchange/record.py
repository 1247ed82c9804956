"""From the texts of one record to an `Entry`: signals parsed and checked, a key, grades, labels and times.

**Keys.**  Where the source names its entries, that name is the key, unless it holds what looks like a hash: keys stand
in findings and logs, hashes must not.  Such a name, and an entry without one, get an opaque key: the first 16
hexadecimal digits of SHA-256 over ``tutela-entry-1``, the kind and the value, each ended by a zero byte.  The value is
that of the entry's first signal in the order of `tutela.signals.kinds`, so the same MD5 has the same key whatever form
it came in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from tutela.model import Entry, Grade, Rejected, Signal
from tutela.model.errors import SignalInvalid
from tutela.signals import SignalKind, kinds

KEY_LIMIT = 200
TEXT_LIMIT = 1000
_HASH_LIKE = re.compile(r"[0-9A-Fa-f]{32}|[0-9A-Za-z+/]{150}")
#: A message may not hold so much of one either; nor a name of more digits than any kind's, which may be base64.
_HASH_PART = re.compile(r"[0-9A-Fa-f]{8}")
_MOST_DIGITS = 4
_NAME_LIKE = re.compile(r"[A-Za-z][A-Za-z0-9 _.:@-]{0,30}")
_NOT_NAME = re.compile(r"[^a-z0-9]")
#: Names that other tools give to kinds, beside the kinds' own.
_OTHER_NAMES = {"pdna": "photodna", "pdqhash": "pdq", "videomd5": "md5"}


@cache
def _kinds_by_name() -> dict[str, SignalKind]:
    named = {plain(kind.name): kind for kind in kinds()}
    return named | {other: named[name] for other, name in _OTHER_NAMES.items() if name in named}


@cache
def kind_order() -> dict[str, int]:
    """Return each kind's place in `tutela.signals.kinds`."""
    return {kind.name: place for place, kind in enumerate(kinds())}


def plain(name: str) -> str:
    """Return a name without case, blanks and punctuation: ``"SHA-1"`` and ``"sha_1"`` are both ``"sha1"``."""
    return _NOT_NAME.sub("", name.lower())


def kind_named(name: str) -> SignalKind | None:
    """Return the kind that a file calls ``name``, or ``None`` where there is none."""
    return _kinds_by_name().get(plain(name))


def spoken(name: str) -> str:
    """Return ``name`` in quotes if a message may hold it, else a description: no misplaced hash gets into a log."""
    if _NAME_LIKE.fullmatch(name) and not _HASH_PART.search(name) and sum(map(str.isdigit, name)) <= _MOST_DIGITS:
        return repr(name)
    return "(a text that is no name)"


def opaque_key(kind: str, value: bytes) -> str:
    """Return the 16-digit key of a signal; see the module's text."""
    return hashlib.sha256(b"tutela-entry-1\0" + kind.encode() + b"\0" + value + b"\0").hexdigest()[:16]


def given_key(name: str) -> str | None:
    """Return the key for an entry that its source calls ``name``; ``None`` if that is blank."""
    name = clean(" ".join(name.split()))
    if not name:
        return None
    if len(name) > KEY_LIMIT or _HASH_LIKE.search(name):
        return opaque_key("key", name.encode())
    return name


def derived_key(signals: Iterable[Signal]) -> str:
    """Return the key for an entry without a name, from its first signal in the order of the kinds."""
    first = min(signals, key=_rank)
    return opaque_key(first.kind, first.value)


def parse_time(text: str) -> datetime:
    """Return an ISO 8601 time as UTC; one without a zone is UTC already.  Raises `ValueError` without the text."""
    try:
        time = datetime.fromisoformat(text.strip())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("a time that is not ISO 8601 was left out") from None


def format_time(time: datetime) -> str:
    """Return a time as ISO 8601 UTC with ``Z``, to the microsecond if it has any."""
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return time.isoformat().replace("+00:00", "Z")


def join_texts(texts: Iterable[str]) -> str:
    r"""Return texts as one, joined by ``|``; a ``|`` or ``\`` within one is escaped with ``\``."""
    return "|".join(text.replace("\\", "\\\\").replace("|", "\\|") for text in texts)


def split_texts(text: str) -> list[str]:
    """Undo `join_texts`; empty parts stay, so that two lists side by side keep their places."""
    parts = [""]
    for piece in _TEXT_PIECE.findall(text):
        if piece == "|":
            parts.append("")
        else:
            parts[-1] += piece[1:] if piece in {"\\\\", "\\|"} else piece
    return [part.strip() for part in parts] if text else []


_TEXT_PIECE = re.compile(r"\\[\\|]|[^|\\]+|\\|\|")


def clean(text: str) -> str:
    """Return text that every encoding and XML can carry: control characters and lone surrogates become U+FFFD."""
    return _UNCARRIED.sub("\ufffd", text)


_UNCARRIED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def _rank(signal: Signal) -> tuple[int, bytes]:
    return kind_order().get(signal.kind, len(kind_order())), signal.value


@dataclass(slots=True)
class Draft:
    """An entry in the making: texts go in one by one, and what cannot be taken is noted, not raised.

    ``number`` is the line or record in the file.
    """

    number: int
    signals: dict[tuple[str, bytes], Signal] = field(default_factory=dict)
    grades: list[Grade] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    source: str = ""
    added: datetime | None = None
    updated: datetime | None = None
    notes: list[str] = field(default_factory=list)

    def offer(self, kind: SignalKind, text: str, quality: int | None = None) -> None:
        """Take one signal from its text, if it is a value of its kind and fit to be listed."""
        try:
            value = kind.parse(text)
        except SignalInvalid as invalid:
            self.notes.append(f"{kind.name}: {invalid.fields.get('reason', 'not a value of this kind')}")
            return
        unfit = kind.unfit(value)
        if unfit is not None:
            self.notes.append(f"{kind.name}: {unfit}")
            return
        known = self.signals.get((kind.name, value))
        if known is None or known.quality is None:
            self.signals[kind.name, value] = Signal(kind.name, value, quality)

    def grade(self, scheme: str, code: str) -> None:
        """Take a grade.  A code without its scheme is noted and left out: alone it means different things."""
        scheme, code = self._text("scheme", scheme), self._text("grade", code)
        if not code:
            return
        if not scheme:
            self.notes.append("a grade without its scheme was left out")
            return
        grade = Grade(scheme, code)
        if grade not in self.grades:
            self.grades.append(grade)

    def label(self, text: str) -> None:
        """Take a label, once, if it is not blank."""
        text = self._text("label", text)
        if text and text not in self.labels:
            self.labels.append(text)

    def say_source(self, text: str) -> None:
        """Take who the entry came from."""
        self.source = self._text("source", text)

    def time(self, text: str) -> datetime | None:
        """Return the time that ``text`` says; ``None`` for a blank one, or, noted, for one that is none."""
        if not text.strip():
            return None
        try:
            return parse_time(text)
        except ValueError as refused:
            self.notes.append(str(refused))
            return None

    def _text(self, what: str, text: str) -> str:
        text = clean(text).strip()
        if len(text) <= TEXT_LIMIT:
            return text
        self.notes.append(f"a {what} of more than {TEXT_LIMIT} characters was left out")
        return ""

    def finish(self, key: str | None = None) -> Iterator[Entry | Rejected]:
        """Yield the entry behind a note for each part that was left out; without any fit signal, one `Rejected`."""
        if not self.signals:
            yield Rejected(self.number, "; ".join(self.notes) or "it holds no signal of a kind known here")
            return
        for note in self.notes:
            yield Rejected(self.number, f"{note} (the rest of the record was taken)", partial=True)
        signals = tuple(sorted(self.signals.values(), key=_rank))
        yield Entry(
            key=key or derived_key(signals),
            signals=signals,
            grades=tuple(self.grades),
            labels=tuple(self.labels),
            source=self.source,
            added=self.added,
            updated=self.updated,
        )


@dataclass(slots=True)
class Skipped:
    """Counts what a reader passes over on purpose, to say it once at the end and not for each record."""

    counts: dict[str, int] = field(default_factory=dict)
    first: int = 0

    def note(self, number: int, name: str) -> None:
        """Count one ``name`` passed over in record ``number``; after 20 different names the rest count as "others"."""
        self.first = self.first or number
        name = spoken(name)
        if name not in self.counts and len(self.counts) >= 20:
            name = "others"
        self.counts[name] = self.counts.get(name, 0) + 1

    def told(self, what: str) -> Sequence[Rejected]:
        """Return the one note, or nothing if nothing was passed over."""
        if not self.counts:
            return ()
        listed = ", ".join(f"{name} ({count})" for name, count in sorted(self.counts.items()))
        return (Rejected(self.first, f"{what}: {listed}; first met here", partial=True),)
