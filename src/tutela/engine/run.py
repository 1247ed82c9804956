"""`Run`: the contents of one caller on their way through the pool, and their way back into order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tutela.engine.examining import Examined, Wanted
from tutela.engine.protocol import Step
from tutela.model import Content

#: Contents that may be looked at beyond the oldest unfinished one, so that one slow file does not stop the others at
#: once.
WINDOW = 256

#: Results that are handed on together, and how long the first of them waits for company, in seconds; where nothing
#: more is on its way, it does not wait.
BATCH = 64
PATIENCE = 0.02

#: Given the digests of some contents: whether each one's verdict is settled by them, so that its pixels are not needed.
#: What is settled comes back as the very object that was given, so that the caller knows it again.
Settled = Callable[[Sequence[Examined]], Sequence[bool]]


@dataclass(slots=True)
class Run:
    """One walk through a caller's contents: results come back in the order of the contents.

    ``source`` gives the contents, ``pulled`` of which were taken and ``given`` given back; ``starved``: it had nothing
    the last time it was asked, and may have more.
    """

    source: Iterator[Content | None]
    wanted: Wanted
    step: Step
    settled: Settled | None
    pulled: int = 0
    given: int = 0
    exhausted: bool = False
    starved: bool = False
    cancelled: bool = False
    results: dict[int, tuple[str, Examined]] = field(default_factory=dict)
    since: float = 0.0

    def batch(self) -> list[tuple[str, Examined]]:
        """Return the results that are due, in order; none if waiting a little will bring more."""
        number = 0
        while number < BATCH and self.given + number in self.results:
            number += 1
        everything = self.exhausted and self.given + number == self.pulled
        if not number or (number < BATCH and not everything and time.monotonic() < self.since + PATIENCE):
            return []
        taken = [self.results.pop(self.given + offset) for offset in range(number)]
        self.given += number
        self.since = time.monotonic()
        return taken

    @property
    def finished(self) -> bool:
        """Whether every content has been given back."""
        return self.exhausted and self.given == self.pulled

    @property
    def open(self) -> int:
        """How many contents have been pulled and not been given back."""
        return self.pulled - self.given

    def take(self, position: int, name: str, found: Examined) -> None:
        """Keep a result until it is its turn."""
        if not self.results:
            self.since = time.monotonic()
        self.results[position] = name, found

    def cancel(self) -> None:
        """Forget everything: nobody waits for it any more."""
        self.cancelled = True
        self.results.clear()
