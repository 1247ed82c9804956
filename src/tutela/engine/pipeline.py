"""`Engine`: contents in, findings out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from tutela import _kernel
from tutela.engine.examining import Examined, Wanted
from tutela.engine.here import Here
from tutela.engine.matching import Match, decide, match_many
from tutela.engine.policy import Policy
from tutela.engine.pool import Pool
from tutela.engine.self_test import require_right_answers
from tutela.engine.snapshot import HeldList, ListSnapshot, UnaskedList, open_snapshots
from tutela.engine.spans import find_spans
from tutela.engine.worker_process import WorkerStart
from tutela.model import Content, Finding, Hit, Limits, NothingFound, Problem, Span, Unreadable, Verdict
from tutela.model.errors import IndexDamaged
from tutela.signals import Measure, kinds

_DIGESTS = tuple(kind for kind in kinds() if kind.measure is Measure.EXACT)

Asked = ListSnapshot | HeldList | UnaskedList
Held = tuple[HeldList | UnaskedList, ...]


class Engine:
    """Matches contents against lists.

    ``lists`` are open snapshots, or folders of them; one that cannot be opened is named in the problems of every
    finding.  ``workers`` is the number of sandboxed decoding processes: 0 for one each processor that this process may
    use, ``None`` to decode within this process, which is only for bytes that are trusted.  Workers start with the first
    content; end them with `close` or a ``with`` block.  May be used by several threads.  ``start`` says how workers are
    started, if not in the usual way.
    """

    def __init__(
        self,
        lists: Iterable[Asked | Path] = (),
        policy: Policy | None = None,
        limits: Limits | None = None,
        workers: int | None = 0,
        *,
        start: WorkerStart | None = None,
    ) -> None:
        require_right_answers(_kernel.path())
        self.policy = policy or Policy()
        self.limits = limits or Limits()
        self.lists = tuple(_opened(lists))
        self._examiner: Pool | Here
        if workers is None:
            self._examiner = Here(self.limits)
        else:
            self._examiner = Pool(start or WorkerStart(self.limits), workers or processors())

    def match(self, content: Content, *, lists: Sequence[Asked] | None = None, policy: Policy | None = None) -> Finding:
        """Return the finding of one content.  Whatever is wrong with it is told in the finding, not raised.

        ``lists`` and ``policy`` take the place of the engine's own for this content.
        """
        return next(self.match_many((content,), lists=lists, policy=policy))

    def match_many(
        self,
        contents: Iterable[Content | None],
        *,
        lists: Sequence[Asked] | None = None,
        policy: Policy | None = None,
    ) -> Iterator[Finding]:
        """Yield the finding of each content, in their order.

        Contents are pulled some way ahead of the findings, and memory stays flat for any number of them.  A source that
        waits for more may give ``None`` meanwhile: the findings that are ready then come before it is asked again.
        ``lists`` and ``policy`` take the place of the engine's own.
        Raises `WorkersFailed` if no worker can be started; nothing that is in a content raises.
        """
        policy = policy or self.policy
        asked = self.lists if lists is None else tuple(lists)
        wanted = Wanted(policy.kinds, policy.orientations, policy.thumbnails, policy.sampling, policy.cells)
        settled = _settled(asked) if policy.pixels == "when-needed" and not policy.thumbnails else None
        with closing(self._examiner.run(contents, wanted, settled)) as batches:
            for batch in batches:
                yield from _judged(batch, wanted, settled, asked, policy.most_hits)

    def hash_many(self, contents: Iterable[Content | None]) -> Iterator[Finding]:
        """Yield a finding for each content, in their order, without asking any list; everything is decoded."""
        policy = self.policy
        wanted = Wanted(policy.kinds, policy.orientations, policy.thumbnails, policy.sampling, policy.cells)
        with closing(self._examiner.run(contents, wanted)) as batches:
            for batch in batches:
                for name, found in batch:
                    reason = "No list was asked."
                    readable = _readable(found, wanted)
                    verdict = NothingFound((reason,)) if readable else Unreadable((reason, "No picture could be had."))
                    yield _finding(name, found, (), (), verdict)

    def close(self) -> None:
        """End the workers."""
        self._examiner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Settling:
    """Says of contents whether any list has their bytes, and keeps the state of the lists in which one had.

    A content whose pixels were passed over for an exact hit is judged in that state: were the entry withdrawn before,
    nothing would be known of the content but its digests, and what other entries are near to would be missed.
    """

    def __init__(self, lists: tuple[Asked, ...]) -> None:
        self._lists = lists
        self._kept: dict[int, tuple[Examined, Held]] = {}  # by identity; holding the object keeps its id its own

    def __call__(self, contents: Sequence[Examined]) -> list[bool]:
        held = _held(self._lists)
        met = _met_exactly(contents, held)
        self._kept.update((id(found), (found, held)) for found, is_met in zip(contents, met, strict=True) if is_met)
        return met

    def held(self, found: Examined, newest: Held) -> Held:
        """Return the state in which to judge a content, once: that which settled it, if one did."""
        return self._kept.pop(id(found), (found, newest))[1]


def _judged(
    batch: list[tuple[str, Examined]],
    wanted: Wanted,
    settled: _Settling | None,
    lists: tuple[Asked, ...],
    most_hits: int,
) -> Iterator[Finding]:
    """Ask the lists about several contents at once: one search costs little more than one value of it."""
    newest = _held(lists)
    groups: dict[object, tuple[Held, list[int]]] = {}
    for at, (_, found) in enumerate(batch):
        held = settled.held(found, newest) if settled is not None else newest
        groups.setdefault(_state(held), (held, []))[1].append(at)
    matches: dict[int, Match] = {}
    asked: dict[int, Held] = {}
    for held, members in groups.values():
        asked.update(dict.fromkeys(members, held))
        signals = [batch[at][1].signals for at in members]
        matches.update(zip(members, match_many(signals, held, most_hits=most_hits), strict=True))
    for at, (name, found) in enumerate(batch):
        hits, problems = matches[at]
        followed = find_spans(found.frames, found.signals, hits, asked[at])
        hits, problems, spans = [*hits, *followed.hits], [*problems, *followed.problems], followed.spans
        moments = {frame.number: frame.time for frame in found.frames if frame.time is not None}
        readable = _readable(found, wanted)
        verdict = decide(hits, readable=readable, problems=problems, moments=moments, spans=spans)
        yield _finding(name, found, hits, problems, verdict, spans=spans)


def _settled(lists: tuple[Asked, ...]) -> _Settling | None:
    """Return what says whether digests alone settle verdicts; ``None`` if no list has any digest."""
    views = [asked.view() for asked in lists if isinstance(asked, ListSnapshot)]
    if not any(view.index.digests(kind.name) for view in views for kind in _DIGESTS):
        return None
    return _Settling(lists)


def _held(lists: Iterable[Asked]) -> Held:
    return tuple(asked.held() if isinstance(asked, ListSnapshot) else asked for asked in lists)


def _state(held: Held) -> object:
    """Return what is equal for equal states of the lists, while they are held."""
    return tuple((id(one.state), one.problem) for one in held if isinstance(one, HeldList))


def _met_exactly(contents: Sequence[Examined], lists: Held) -> list[bool]:
    """Return of each content whether any list has its bytes."""
    met = np.zeros(len(contents), np.bool_)
    for kind in _DIGESTS:
        values = [(at, s.value) for at, found in enumerate(contents) for s in found.signals if s.kind == kind.name]
        if not values:
            continue
        array = np.frombuffer(b"".join(value for _, value in values), np.uint8).reshape(-1, kind.size)
        for asked in lists:
            if isinstance(asked, HeldList):
                try:
                    offsets, _, _ = asked.state.search(kind, array, 0)
                except IndexDamaged:  # this list settles nothing; the search proper tells of it
                    continue
                met[[at for at, _ in values]] |= np.diff(offsets) > 0
    return [bool(each) for each in met]


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def sandbox_report(limits: Limits | None = None) -> dict[str, bool]:
    """Start a worker and return which measures its sandbox has in force here, by name.  Raises `WorkersFailed`."""
    with closing(Pool(WorkerStart(limits or Limits()), 1)) as pool:
        return pool.measures()


def _opened(lists: Iterable[Asked | Path]) -> Iterator[Asked]:
    for one in lists:
        if isinstance(one, Path):
            yield from open_snapshots([(one.name, one)])
        else:
            yield one


def _readable(found: Examined, wanted: Wanted) -> bool:
    """Whether a content was looked at as far as it was to be: pixels where they count, else bytes."""
    if found.size is None:
        return False
    return bool(found.frames) or not wanted.pixels


def _finding(
    name: str,
    found: Examined,
    hits: Iterable[Hit],
    problems: Iterable[Problem],
    verdict: Verdict,
    *,
    spans: tuple[Span, ...] = (),
) -> Finding:
    return Finding(
        name=name,
        size=found.size,
        media_type=found.media_type,
        frames=found.frames,
        signals=found.signals,
        unhashable=found.unhashable,
        hits=tuple(hits),
        verdict=verdict,
        problems=(*found.problems, *problems),
        thumbnail=found.thumbnail,
        spans=spans,
    )
