"""`Pool`: decoding workers, kept busy and kept in check."""

from __future__ import annotations

import os
import select
import selectors
import threading
import time
import weakref
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import cast

from tutela.engine.examining import Examined, Wanted, lost
from tutela.engine.protocol import Breach, Step
from tutela.engine.run import PATIENCE, WINDOW, Run, Settled
from tutela.engine.worker_process import DEPTH, Gone, Job, WorkerProcess, WorkerStart
from tutela.model import Content, Problem
from tutela.model.errors import WorkersFailed

#: A worker is replaced after this many files, since decoders leak.
RECYCLE = 2000

#: A job whose worker died while busy with another is tried again this often.
_MOVES = 3

_START_FAILURES = 3

#: Seconds until it is tried again to start a worker that the system had no room for.
_RETRY = 1.0


class Pool:
    """Up to ``workers`` decoding workers, started when there is work for them.

    A worker that dies, hangs or answers nonsense costs the one content it was busy with, which gets a `Problem` and
    still has its digests, made by another worker that decodes nothing; the worker's other jobs go to others.  May be
    used by several threads.
    """

    def __init__(self, start: WorkerStart, workers: int, *, recycle: int = RECYCLE) -> None:
        self._start = start
        self._most = workers
        self._recycle = recycle
        self._state = threading.Condition()
        self._polling = False
        self._selector = selectors.DefaultSelector()
        self._workers: list[WorkerProcess] = []
        self._retired: list[WorkerProcess] = []
        self._waiting: deque[Job] = deque()
        self._numbers = 0
        self._failures = 0
        self._again = 0.0
        self._closed = False
        self._process = os.getpid()
        self._finalizer = weakref.finalize(self, _end_all, self._workers, self._retired, self._process)

    def run(
        self, contents: Iterable[Content | None], wanted: Wanted, settled: Settled | None = None
    ) -> Generator[list[tuple[str, Examined]]]:
        """Look at every content; yield names and what was learned, in order, some at a time.

        Contents are pulled as workers become free; a ``None`` among them says that nothing more is there yet, so that
        what is ready is yielded first.  With ``settled``, digests come first and pixels are looked at only
        where they leave the verdict open.  Raises `WorkersFailed` if there is no worker and none can be started.
        """
        self._check_process()
        step = (Step.ALL if settled is None else Step.ASK) if wanted.pixels else Step.BYTES
        run = Run(iter(contents), wanted, step, settled if step is Step.ASK else None)
        try:
            while True:
                self._fill(run)
                with self._state:
                    batch = run.batch()
                if batch:
                    yield batch
                elif run.finished:
                    return
                else:
                    self._advance(run)
        finally:
            self._cancel(run)

    def measures(self) -> dict[str, bool]:
        """Start a worker if there is none and return what its sandbox has in force.  Raises `WorkersFailed`."""
        self._check_process()
        while True:
            with self._state:
                worker = self._workers[0] if self._workers else self._spawn()
            if worker is not None and worker.ready:
                return dict(worker.measures)
            self._advance(None)

    def close(self) -> None:
        """End every worker.  What is still being run raises `WorkersFailed`."""
        with self._state:
            self._closed = True
            self._waiting.clear()
            if self._finalizer.detach():
                _end_all(self._workers, self._retired, self._process)
            self._selector.close()
            self._state.notify_all()

    # ---------------------------------------------------------------------------------------------- filling

    def _fill(self, run: Run) -> None:
        """Pull contents while somebody is free to look at them.  The caller's iterator is asked outside of the lock."""
        run.starved = False
        while not run.exhausted and run.open < WINDOW and self._room():
            try:
                content = next(run.source)
            except StopIteration:
                run.exhausted = True
                return
            if content is None:
                run.starved = True
                return
            with self._state:
                job = Job(self._numbers, content, run.wanted, run.step, position=run.pulled, owner=run)
                self._numbers = self._numbers + 1 & 0xFFFFFFFF
                run.pulled += 1
                self._waiting.append(job)
                self._dispatch()

    def _room(self) -> bool:
        with self._state:
            if self._closed:
                raise WorkersFailed(reason="the engine is closed")
            held = sum(len(worker.jobs) for worker in self._workers)
            return not self._waiting and held < self._most * DEPTH

    def _dispatch(self) -> None:
        """Hand waiting jobs to workers, least busy first."""
        while self._waiting:
            worker = self._choose()
            if worker is None:
                return
            job = self._waiting.popleft()
            if cast("Run", job.owner).cancelled:
                continue
            try:
                problem = worker.hand(job)
            except Gone:
                self._bury(worker)
                continue
            if problem is not None:
                self._finish(job, Examined(problems=(problem,)))
            self._watch(worker)
            self._renew()

    def _choose(self) -> WorkerProcess | None:
        free = [worker for worker in self._workers if len(worker.jobs) < DEPTH]
        best = min(free, key=lambda worker: (len(worker.jobs), not worker.ready), default=None)
        if (best is None or best.jobs) and len(self._workers) < self._most:
            return self._spawn() or best
        return best

    def _spawn(self) -> WorkerProcess | None:
        """Start a worker; or return ``None`` where there are others to go on with and the system has no room for it.

        Memory, processes or handles may be short for a moment only, so it is tried again a little later.
        """
        others = bool(self._workers or self._retired)
        if others and time.monotonic() < self._again:
            return None
        try:
            worker = WorkerProcess(self._start)
        except OSError as error:
            if others:
                self._again = time.monotonic() + _RETRY
                return None
            raise WorkersFailed(reason=f"none could be started ({error.strerror})") from None
        self._workers.append(worker)
        self._selector.register(worker.connection, selectors.EVENT_READ, worker)
        return worker

    def _watch(self, worker: WorkerProcess) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.sending else 0)
        if self._selector.get_key(worker.connection).events != wanted:
            self._selector.modify(worker.connection, wanted, worker)

    # --------------------------------------------------------------------------------------------- advancing

    def _advance(self, run: Run | None) -> None:
        """Wait until something has happened, and deal with it; one thread does so for all."""
        with self._state:
            if self._closed:
                raise WorkersFailed(reason="the engine is closed")
            if self._polling:
                self._state.wait(PATIENCE if run is not None and (run.results or run.starved) else 1.0)
                return
            self._polling = True
            timeout = self._timeout(run)
        try:
            events = self._selector.select(timeout)
            with self._state:
                self._handle([(cast("WorkerProcess", key.data), mask) for key, mask in events])
        finally:
            with self._state:
                self._polling = False
                self._state.notify_all()

    def _timeout(self, run: Run | None) -> float:
        now = time.monotonic()
        moments = [worker.deadline for worker in (*self._workers, *self._retired)]
        soonest = min((moment for moment in moments if moment is not None), default=now + 1.0)
        if run is not None and run.given in run.results:
            soonest = min(soonest, run.since + PATIENCE)
        return min(max(0.0, soonest - now), PATIENCE if run is not None and run.starved else 1.0)

    def _handle(self, events: list[tuple[WorkerProcess, int]]) -> None:
        asked: list[tuple[WorkerProcess, Job]] = []
        try:
            for worker, mask in events:
                if worker in self._workers or worker in self._retired:
                    self._serve(worker, mask, asked)
            self._decide(asked)
            self._stop_overdue()
            self._renew()
            self._dispatch()
        except BaseException:  # an interrupt in the midst of things: no worker's state can be trusted any more
            for worker in (*self._workers, *self._retired):
                self._bury(worker, innocent=True)
            raise

    def _serve(self, worker: WorkerProcess, mask: int, asked: list[tuple[WorkerProcess, Job]]) -> None:
        try:
            if mask & selectors.EVENT_WRITE:
                worker.flush()
                self._watch(worker)
            if mask & selectors.EVENT_READ:
                for job in worker.receive():
                    if job.number in worker.jobs:
                        asked.append((worker, job))
                    else:
                        self._finish(job, cast("Examined", job.found))
        except Gone:
            self._bury(worker)
        except Breach:
            self._bury(worker, breach=True)
        else:
            if worker.ready:
                self._failures = 0

    def _decide(self, asked: list[tuple[WorkerProcess, Job]]) -> None:
        """Say of hashed jobs whether their pixels are needed; those of one caller are asked together."""
        groups: dict[int, list[tuple[WorkerProcess, Job]]] = {}
        for worker, job in asked:
            if job.number in worker.jobs:  # else it died since
                groups.setdefault(id(job.owner), []).append((worker, job))
        for group in groups.values():
            run = cast("Run", group[0][1].owner)
            found = [cast("Examined", job.found) for _, job in group]
            done = [True] * len(group) if run.cancelled else self._settle(run, found)
            for (worker, job), settled in zip(group, done, strict=True):
                self._go(worker, job, pixels=not settled)

    def _settle(self, run: Run, found: list[Examined]) -> list[bool]:
        settled = run.settled(found) if run.settled is not None else [False] * len(found)
        return [bool(each.problems or answer) for each, answer in zip(found, settled, strict=True)]

    def _go(self, worker: WorkerProcess, job: Job, *, pixels: bool) -> None:
        if job.number not in worker.jobs:
            return  # its worker died of another's message
        try:
            worker.go(job, pixels=pixels)
        except Gone:
            if pixels:
                self._bury(worker)
                return
            self._bury(worker)
        if not pixels:
            self._finish(job, cast("Examined", job.found))

    def _finish(self, job: Job, found: Examined) -> None:
        run = cast("Run", job.owner)
        if run.cancelled:
            return
        if job.lost is not None:
            found = found.joined(lost(job.lost, job.wanted))
        run.take(job.position, job.content.name, found)

    # --------------------------------------------------------------------------------------- deaths and births

    def _stop_overdue(self) -> None:
        now = time.monotonic()
        for worker in (*self._workers, *self._retired):
            deadline = worker.deadline
            if deadline is not None and deadline < now:
                self._bury(worker, overdue=True)

    def _bury(
        self, worker: WorkerProcess, *, overdue: bool = False, breach: bool = False, innocent: bool = False
    ) -> None:
        """Take a worker out for good; blame the job it was busy with and move the others.

        Where a worker was killed from outside or answered nonsense, the reason may be another: the job gets a second
        try.
        """
        if not (overdue or breach or innocent):
            self._hear_out(worker)
        own = self._workers if worker in self._workers else self._retired
        own.remove(worker)
        self._selector.unregister(worker.connection)
        guilty = None if innocent else worker.guilty()
        if innocent:
            worker.kill()
            problem = None
        else:
            problem = worker.end(overdue=overdue, breach=breach)
        again = []
        for job in worker.jobs.values():
            job.moves += worker.ready and not innocent
            blamed = problem is not None and (job is guilty or job.moves > _MOVES)
            if problem is not None and blamed and (job.suspect or not worker.doubtful):
                again += self._blame(job, problem)
            else:
                job.suspect |= blamed
                job.found = None
                again.append(job)
        worker.jobs.clear()  # whoever still holds this worker sees that its jobs are elsewhere
        self._waiting.extendleft(reversed(again))
        if not worker.ready and not innocent:
            self._failed_start()

    def _hear_out(self, worker: WorkerProcess) -> None:
        """Take what a dead worker had still answered, else a job that is done gets the blame: sending fails first."""
        with suppress(Gone, Breach):
            unread = select.poll()  # select() takes no handle from 1024 on
            unread.register(worker.connection, select.POLLIN)
            while unread.poll(0):
                for job in worker.receive():
                    if job.number not in worker.jobs:
                        self._finish(job, cast("Examined", job.found))

    def _failed_start(self) -> None:
        self._failures += 1
        if self._failures >= _START_FAILURES:
            raise WorkersFailed(reason=f"{_START_FAILURES} in a row ended before they were ready")

    def _blame(self, job: Job, problem: Problem) -> list[Job]:
        """Give a job its problem; it is done, unless another worker can still make its digests."""
        if job.found is not None or job.step is Step.BYTES or not job.wanted.digests:
            found = job.found or Examined()
            first = job.lost or problem
            job.lost = None
            self._finish(job, found.joined(lost(first, job.wanted)))
            return []
        job.lost, job.step, job.moves = problem, Step.BYTES, 0
        return [job]

    def _renew(self) -> None:
        """Replace workers that are old or spent.  An old one works on until its heir is warm."""
        for worker in list(self._workers):
            if worker.spent:
                self._retire(worker)
        old = [worker for worker in self._workers if worker.taken >= self._recycle]
        if old:
            if len(self._workers) <= self._most:
                self._spawn()
            elif all(worker.ready for worker in self._workers):
                self._retire(old[0])
        for worker in list(self._retired):
            if not worker.jobs:
                self._selector.unregister(worker.connection)
                self._retired.remove(worker)
                worker.end()

    def _retire(self, worker: WorkerProcess) -> None:
        self._workers.remove(worker)
        self._retired.append(worker)

    def _cancel(self, run: Run) -> None:
        """Forget a run whose caller has left or is served: what still comes for it is dropped."""
        with self._state:
            run.cancel()

    def _check_process(self) -> None:
        """In a forked child, leave the parent's workers to the parent."""
        with self._state:
            if self._closed:
                raise WorkersFailed(reason="the engine is closed")
            if os.getpid() == self._process:
                return
            self._finalizer.detach()
            for worker in (*self._workers, *self._retired):
                worker.forget()
            self._workers, self._retired, self._waiting = [], [], deque()
            self._selector = selectors.DefaultSelector()
            self._polling = False
            self._process = os.getpid()
            self._finalizer = weakref.finalize(self, _end_all, self._workers, self._retired, self._process)


def _end_all(workers: list[WorkerProcess], retired: list[WorkerProcess], process: int) -> None:
    """Kill and reap every worker, unless this is a forked child of the process that started them."""
    if os.getpid() != process:
        return
    for worker in (*workers, *retired):
        worker.kill()
    workers.clear()
    retired.clear()
