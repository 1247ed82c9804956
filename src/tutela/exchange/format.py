"""`Format`: one wire form of a list, and what its reader and writer say of their work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from tutela.exchange.source import Source
from tutela.model import Entry, ListInfo, Rejected, Removed

#: What a reader yields, in the order of the file.
Item = Entry | Removed | Rejected


@dataclass(frozen=True, slots=True)
class Written:
    """What an export wrote: the number of entries, and what it left out, by the thing left out, with how often."""

    entries: int
    left_out: dict[str, int]


@dataclass(slots=True)
class Ledger:
    """A writer's running account of what it wrote and of what its format could not carry."""

    entries: int = 0
    lost: Counter[str] = field(default_factory=Counter)

    def lose(self, what: str, times: int = 1) -> None:
        """Note that ``what`` ("grades", "labels") could not be carried."""
        if times:
            self.lost[what] += times

    def close(self) -> Written:
        """Return the account as a plain value."""
        return Written(self.entries, dict(sorted(self.lost.items())))


@dataclass(frozen=True, slots=True)
class Format:
    """One wire form of a list.

    ``recognise`` is given the beginning of a file (at most 64 KiB, as text) and says whether it is of this form;
    ``read`` streams the items of a `Source`, and may raise `source.Torn` where the rest cannot be read; ``write``
    streams entries to a binary target and returns what it wrote.  ``suffix`` is the usual end of a file's name, for
    exports only: the form of an import is found from its content.
    """

    name: str
    title: str
    suffix: str
    recognise: Callable[[str], bool]
    read: Callable[[Source], Iterator[Item]]
    write: Callable[[Iterable[Entry], ListInfo, BinaryIO], Written]
