"""Putting results back into order."""

from __future__ import annotations

import random

import pytest

from tutela.engine.examining import Examined, Wanted
from tutela.engine.protocol import Step
from tutela.engine.run import BATCH, PATIENCE, Run


def run_of(pulled, *, exhausted=False):
    run = Run(iter(()), Wanted(), Step.ALL, None)
    run.pulled, run.exhausted = pulled, exhausted
    return run


def test_results_come_back_in_order_and_in_batches():
    run = run_of(200, exhausted=True)
    order = list(range(200))
    random.Random(1).shuffle(order)
    given = []
    for position in order:
        run.take(position, str(position), Examined())
        batch = run.batch()
        assert len(batch) <= BATCH
        given += [name for name, _ in batch]
    while batch := run.batch():
        given += [name for name, _ in batch]
    assert given == [str(position) for position in range(200)]
    assert run.finished
    assert run.open == 0


@pytest.mark.parametrize(("exhausted", "expected"), [(True, 1), (False, 0)])
def test_the_first_waits_for_company_only_if_some_is_coming(monkeypatch, exhausted, expected):
    clock = [100.0]
    monkeypatch.setattr("tutela.engine.run.time.monotonic", lambda: clock[0])
    run = run_of(1, exhausted=exhausted)
    run.take(0, "only", Examined())
    assert len(run.batch()) == expected
    clock[0] += PATIENCE
    assert len(run.batch()) == 1 - expected


def test_a_cancelled_run_keeps_nothing():
    run = run_of(2)
    run.take(1, "second", Examined())
    run.cancel()
    assert run.cancelled
    assert not run.results
