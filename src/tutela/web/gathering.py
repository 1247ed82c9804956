"""`Gathering`: look-ups that arrive together are asked together.

A search for many values costs little more than for one, so whatever requests the loop finds ready in one round go to
the lists as one.  Nothing waits for company: a look-up that comes alone is asked at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from starlette.concurrency import run_in_threadpool

from tutela.model import Signal
from tutela.web.matching import Answer, Asked, look_up

#: Contents above which a search leaves the loop for a thread: it would hold up the others for longer than a switch.
IN_LOOP = 64

Told = tuple[Answer, dict[str, int]]


class Gathering:
    """Gathers single look-ups; one a process, within its event loop."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, ...], _Round] = {}

    async def one(self, signals: Sequence[Signal], lists: tuple[Asked, ...]) -> Told:
        """Return the answer for one content's signals, and the version in which each list was asked."""
        loop = asyncio.get_running_loop()
        name = tuple(map(id, lists))
        round_ = self._waiting.get(name)
        if round_ is None:
            round_ = self._waiting[name] = _Round(lists)
            loop.call_soon(partial(self._ask, name))
        future: asyncio.Future[Told] = loop.create_future()
        round_.contents.append(signals)
        round_.futures.append(future)
        return await future

    async def many(
        self, contents: Sequence[Sequence[Signal]], lists: tuple[Asked, ...]
    ) -> tuple[list[Answer], dict[str, int]]:
        """Return the answers for several contents."""
        if len(contents) <= IN_LOOP:
            return look_up(contents, lists)
        return await run_in_threadpool(look_up, contents, lists)

    def _ask(self, name: tuple[int, ...]) -> None:
        round_ = self._waiting.pop(name)
        try:
            answers, versions = look_up(round_.contents, round_.lists)
        except BaseException as error:  # noqa: BLE001 - everybody who waits has to hear of it
            for future in round_.futures:
                if not future.done():
                    future.set_exception(error)
            return
        for future, answer in zip(round_.futures, answers, strict=True):
            if not future.done():  # else its request was given up
                future.set_result((answer, versions))


class _Round:
    """What is asked together of one selection of lists."""

    def __init__(self, lists: tuple[Asked, ...]) -> None:
        self.lists = lists
        self.contents: list[Sequence[Signal]] = []
        self.futures: list[asyncio.Future[Told]] = []
