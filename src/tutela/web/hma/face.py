"""`Face`: what the routes of HMA's face share: which lists are banks, and which of them a look-up asks."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from tutela.engine.snapshot import UnaskedList
from tutela.store.banks import Bank, Banks
from tutela.web.hma.errors import refusal
from tutela.web.hma.names import bank_of, is_bank_name, lists_of
from tutela.web.matching import Asked
from tutela.web.services import Services

#: Seconds for which a process goes by what it has read of the banks.
FRESH = 1.0


@dataclass(slots=True)
class Face:
    """HMA's face of the services of one process."""

    services: Services
    banks: Banks
    clock: Callable[[], float] = time.monotonic
    _known: tuple[Bank, ...] = ()
    _until: float = field(default=float("-inf"))

    def known(self) -> tuple[Bank, ...]:
        """Return every known list as a bank, as the store had them a moment ago."""
        if self.clock() >= self._until:
            self._known = self.banks.all()
            self._until = self.clock() + FRESH
        return self._known

    def forget(self) -> None:
        """Have the banks read anew, and the lists: they were just changed here."""
        self._until = float("-inf")
        self.services.matching.refresh()

    def bank(self, name: str) -> Bank:
        """Return the bank of this name, fresh from the store; refuse one that is not there, as HMA does."""
        banks = {one.list_name: one for one in self.banks.all() if not one.gone}
        for list_name in lists_of(name, banks) if is_bank_name(name) else ():
            return banks[list_name]
        raise refusal(404, f"bank '{name[:64]}' not found")

    async def asked(
        self, wanted: frozenset[str] | None, coin: float | None
    ) -> tuple[tuple[Asked, ...], frozenset[str]]:
        """Return the lists that a look-up asks, and the names of those that are banks it may tell of.

        These are the banks in ``wanted`` (all if ``None``) whose ratio is not below ``coin`` (``None``: whatever their
        ratio), and every list that is no bank: the benign ones.  Refuses, with 503, to answer for a bank that cannot be
        asked: HMA has no word for an answer that is not whole.
        """
        known = self._known if self.clock() < self._until else await run_in_threadpool(self.known)
        chosen = frozenset(
            one.list_name
            for one in known
            if not one.gone
            and (coin is None or one.ratio >= coin)
            and (wanted is None or bank_of(one.list_name) in wanted)
        )
        others = {one.list_name for one in known} - chosen
        lists = tuple(one for one in self.services.matching.lists() if one.name not in others) if chosen else ()
        for one in lists:
            if isinstance(one, UnaskedList):
                raise refusal(503, f"index not yet ready: list {one.name} cannot be asked")
        return lists, chosen


def face(request: Request) -> Face:
    """Return the face of the app that a request came to."""
    found: Face = request.app.state.hma
    return found


def toss(seed: str | None) -> float:
    """Return the coin of a look-up, 0 to 1: the same as HMA's for the same seed."""
    return random.Random(seed).random()  # noqa: S311 - it spreads load, and guards nothing
