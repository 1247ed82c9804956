"""`Matching`: one web process's view of the lists, and the engine that decodes for it.

Every process maps the same index files, so that several share one copy in memory.  Which lists there are is read from
the store every `EVERY` seconds; a change *within* a list is seen by its snapshot itself, at the next look-up.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from tutela.engine import Engine, Policy
from tutela.engine.matching import decide, match_many
from tutela.engine.snapshot import HeldList, ListSnapshot, UnaskedList, open_snapshots
from tutela.model import Content, Finding, Hit, Limits, Problem, Signal, Verdict
from tutela.model.errors import ListUnknown, VersionUnknown
from tutela.store import Store

_log = logging.getLogger("tutela.web")
#: Seconds between two looks at which lists there are.
EVERY = 0.5

#: Earlier versions of lists that are kept for being asked again.
MOST_PASTS = 16

Asked = ListSnapshot | HeldList | UnaskedList
Answer = tuple[list[Hit], list[Problem], Verdict]


#: The answer of nearly every look-up.
NOTHING: Answer = ([], [], decide((), readable=True))


class Matching:
    """Answers look-ups, and looks at contents; to be used by any number of threads.

    ``workers`` is the number of decoding workers of this process.
    """

    def __init__(self, store: Store, limits: Limits, workers: int) -> None:
        self._store = store
        self._engine = Engine((), Policy(), limits, workers)
        self._places: dict[str, Path] = {}
        self._lists: dict[str, Asked] = {}
        self._pasts: dict[tuple[str, int], tuple[int, HeldList]] = {}
        self._ended = threading.Event()
        self.refresh()
        self._thread = threading.Thread(target=self._keep_fresh, name="tutela-lists", daemon=True)
        self._thread.start()

    def refresh(self) -> None:
        """Read anew which lists there are; a list that could not be opened is tried again."""
        places = dict(self._store.places())
        lists: dict[str, Asked] = {}
        for name, path in places.items():
            known = self._lists.get(name)
            if isinstance(known, ListSnapshot) and self._places.get(name) == path:
                lists[name] = known
            else:
                (lists[name],) = open_snapshots([(name, path)])
        self._places, self._lists = places, lists

    def lists(self, names: Iterable[str] | None = None) -> tuple[Asked, ...]:
        """Return the lists of these names, all if ``None``; raise `ListUnknown`."""
        lists = self._lists
        if names is None:
            return tuple(lists.values())
        try:
            return tuple(lists[name] for name in dict.fromkeys(names))
        except KeyError as missing:
            raise ListUnknown(name=missing.args[0]) from None

    def lists_at(self, names: Iterable[str] | None, time: datetime) -> tuple[HeldList, ...]:
        """Return the lists of these names as they were at a time; raise `ListUnknown`, `VersionUnknown`.

        Without names, the lists that there were then.
        """
        found = []
        for name in [asked.name for asked in self.lists(names)]:
            try:
                number = self._store.version_at(name, time)
            except VersionUnknown:
                if names is not None:
                    raise
                continue
            found.append(self._past(name, number))
        return tuple(found)

    def _past(self, name: str, number: int) -> HeldList:
        kept = self._pasts.get((name, number))
        if kept is None or kept[0] < self._store.info(name).version:  # what has changed since may be more by now
            version = self._store.info(name).version
            kept = version, self._store.at_version(name, number)
            while len(self._pasts) >= MOST_PASTS:
                self._pasts.pop(next(iter(self._pasts)), None)
            self._pasts[name, number] = kept
        return kept[1]

    def problems(self) -> tuple[Problem, ...]:
        """Return what keeps lists from being asked in their newest state."""
        return tuple(problem for asked in self._lists.values() if (problem := asked.problem) is not None)

    def match(self, content: Content, lists: Sequence[Asked], policy: Policy) -> Finding:
        """Return the finding of one content.  Raises `WorkersFailed`."""
        return self._engine.match(content, lists=lists, policy=policy)

    def close(self) -> None:
        """End the decoding workers and the thread."""
        self._ended.set()
        self._thread.join(5)
        self._engine.close()

    def _keep_fresh(self) -> None:
        while not self._ended.wait(EVERY):
            try:
                self.refresh()
            except Exception as error:  # noqa: BLE001 - whatever it is, the lists as known go on being asked
                _log.warning("lists not read anew", extra={"told": {"reason": type(error).__name__}})


def look_up(contents: Sequence[Sequence[Signal]], lists: Sequence[Asked]) -> tuple[list[Answer], dict[str, int]]:
    """Return the answer for each content's signals, and the version in which each list was asked.

    All are asked in one state of the lists.
    """
    held = [asked.held() if isinstance(asked, ListSnapshot) else asked for asked in lists]
    answers: list[Answer] = []
    for hits, problems in match_many(contents, held):
        if hits or problems:
            answers.append((hits, problems, decide(hits, readable=True, problems=problems)))
        else:
            answers.append(NOTHING)
    return answers, {one.name: one.state.info.version for one in held if isinstance(one, HeldList)}
