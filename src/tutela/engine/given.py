"""Matching of signals that were computed before, or by others: no content is looked at."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tutela.engine.matching import MOST_HITS, decide, match_many
from tutela.engine.snapshot import ListSnapshot, UnaskedList
from tutela.engine.spans import find_spans
from tutela.model import Finding
from tutela.signals import Source, kinds

#: Findings whose signals are asked about together, and how long the first of them waits for the others, in seconds.
STEP = 256
PATIENCE = 0.05

_OF_FRAMES = {kind.name for kind in kinds() if kind.source is not Source.BYTES}


def match_given(
    findings: Iterable[Finding | None], lists: Sequence[ListSnapshot | UnaskedList], *, most_hits: int = MOST_HITS
) -> Iterator[Finding]:
    """Yield each finding with hits and verdict of its own signals, in their order; memory does not grow with them.

    At a ``None`` among the findings, those before it are handed on first: more may come, and have not come yet.

    A content counts as readable if it has a frame or a perceptual signal, or if nothing is said to be wrong with it.
    Raises `SignalInvalid` for a value of the wrong length.
    """
    for step in _steps(findings):
        held = [one.held() if isinstance(one, ListSnapshot) else one for one in lists]
        matches = match_many([finding.signals for finding in step], held, most_hits=most_hits)
        for finding, (met, problems) in zip(step, matches, strict=True):
            followed = find_spans(finding.frames, finding.signals, met, held)
            hits = (*met, *followed.hits)
            told = (*finding.problems, *problems, *followed.problems)
            moments = {frame.number: frame.time for frame in finding.frames if frame.time is not None}
            verdict = decide(hits, readable=_readable(finding), problems=told, moments=moments, spans=followed.spans)
            yield replace(finding, hits=hits, verdict=verdict, problems=told, spans=followed.spans)


def _steps(findings: Iterable[Finding | None]) -> Iterator[list[Finding]]:
    step: list[Finding] = []
    since = 0.0
    for finding in findings:
        if finding is not None:
            since = since if step else time.monotonic()
            step.append(finding)
        if step and (finding is None or len(step) == STEP or time.monotonic() > since + PATIENCE):
            yield step
            step = []
    if step:
        yield step


def _readable(finding: Finding) -> bool:
    seen = finding.frames or any(signal.kind in _OF_FRAMES for signal in finding.signals)
    return bool(seen) or not (finding.problems or finding.unhashable)
