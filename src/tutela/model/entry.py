"""`Entry`, `Grade` and `ListInfo`: what a list says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tutela.model.signal import Signal


class Purpose(StrEnum):
    """What it means to be on a list."""

    KNOWN = "known"
    BENIGN = "benign"


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade is always a pair: a bare code means different things in different countries."""

    scheme: str
    code: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed item.

    ``key`` names the entry within its list and is stable over imports: the source's own identifier where it has one,
    else derived from the signals.  ``added`` and ``updated`` are UTC; ``None`` means "when it enters the store".
    """

    key: str
    signals: tuple[Signal, ...]
    grades: tuple[Grade, ...] = ()
    labels: tuple[str, ...] = ()
    source: str = ""
    added: datetime | None = None
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """A source says that the entry of this key is no longer listed (an NCMEC ``deletedImage``, a withdrawn hash)."""

    key: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line or record of an import that could not be taken: its number (from 1) and why, for a person to mend.

    ``partial``: the record was taken, and only a part of it (one signal, a time) was left out.  ``fatal``: the file is
    torn or broken here, and nothing behind this place could be read; whoever imports decides whether what came before
    may stand. The reason never holds a hash or other list content.
    """

    number: int
    reason: str
    partial: bool = False
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a signal meets an entry: ``distance`` at most, and ``quality`` at least (of the content and of the
    entry).
    """

    distance: int
    quality: int = 0


@dataclass(frozen=True, slots=True)
class ListInfo:
    """A list's own particulars.  ``version`` grows by one with every change of what it holds."""

    name: str
    owner: str
    purpose: Purpose
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    version: int = 0
