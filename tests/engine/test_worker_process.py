"""The engine's side of a worker: handing over, deadlines, deaths."""

from __future__ import annotations

import os
import signal
import time

import pytest

from engine.small_pictures import jpeg
from engine.test_pool import no_more_handles
from engine.test_worker import job, listen
from tutela.engine.examining import Wanted, examine
from tutela.engine.protocol import Step
from tutela.engine.worker_process import Gone, Job, WorkerProcess, WorkerStart
from tutela.model import Content, Limits, ProblemKind

START = WorkerStart(Limits(max_seconds=1.0, max_memory=700 << 20), module="engine.saboteur", grace=0.2)


@pytest.fixture
def worker():
    started = WorkerProcess(START)
    listen(started, lambda: started.ready)
    yield started
    started.kill()


def wait_for_its_end(worker):
    with pytest.raises(Gone):
        listen(worker, lambda: False, 30)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGXCPU, signal.SIGALRM])
def test_what_a_death_says(worker, how):
    busy = job(1, b"SLEEP", Step.ALL)
    worker.hand(busy)
    os.kill(worker._process.pid, how)
    wait_for_its_end(worker)
    assert worker.guilty() is busy
    problem = worker.end()
    kind = {signal.SIGKILL: ProblemKind.MEMORY, signal.SIGSEGV: ProblemKind.CRASH}.get(how, ProblemKind.TIMEOUT)
    assert problem.kind is kind
    assert worker.doubtful == (how is signal.SIGKILL)


def test_the_deadline(worker):
    assert worker.deadline is None, "it has nothing to do"
    before = time.monotonic()
    worker.hand(job(1, b"SLEEP", Step.ALL))
    assert before + 1.4 <= worker.deadline <= time.monotonic() + 1.5
    large = Job(2, Content("large", data=bytes(40 << 20)), Wanted(), Step.BYTES)
    worker.hand(large)
    assert worker.deadline >= before + 3.4, "reading takes time too"


def test_a_file_that_cannot_be_opened_takes_no_place(worker, tmp_path):
    problem = worker.hand(Job(1, Content.of_file(tmp_path / "none"), Wanted(), Step.ALL))
    assert problem.kind is ProblemKind.UNREADABLE
    assert not worker.jobs
    assert worker.taken == 0


def test_without_handles_bytes_go_over_the_socket(worker):
    given = job(1, jpeg(1), Step.ALL)
    with no_more_handles():
        assert worker.hand(given) is None
    listen(worker, lambda: not worker.jobs)
    assert given.found == examine(jpeg(1), START.limits)


def test_handing_to_the_dead(worker):
    worker._process.kill()
    worker._process.wait(20)
    with pytest.raises(Gone):
        for number in range(50):
            worker.hand(job(number, jpeg(1), Step.ALL))
            worker.flush()
    assert worker.jobs, "what it was handed is still known"


def test_memory_is_answered_for(worker):
    eating = job(1, b"EAT", Step.ALL)
    worker.hand(eating)
    listen(worker, lambda: not worker.jobs)
    assert [problem.kind for problem in eating.found.problems] == [ProblemKind.MEMORY]
    assert not worker.spent, "all of it was given back, so the worker is as good as new"


def test_a_worker_that_does_not_get_its_memory_back_is_spent():
    worker = WorkerProcess(WorkerStart(Limits(max_seconds=5.0, max_memory=700 << 20), module="engine.saboteur"))
    keeping = job(1, b"KEEP", Step.ALL)
    worker.hand(keeping)
    listen(worker, lambda: keeping.found is not None)
    worker.kill()
    assert [problem.kind for problem in keeping.found.problems] == [ProblemKind.MEMORY]
    assert worker.spent
