"""`run_jobs`: the one process that does the work.

DBOS keeps what is being done: a workflow's id is its job's or delivery's, so that none runs twice, and whatever was
running when the process died is begun again.  It recovers by executor id; that is why there is one process a store.
The rows of `jobs` and `deliveries` say what is to be done, and DBOS' own tables lie apart from them.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy import select, update
from sqlalchemy.engine import make_url

from tutela.access.sessions import Sessions
from tutela.access.trail import AuditTrail
from tutela.exchange.guarded import GuardedClient
from tutela.jobs.asking import cancel_mark, enqueue_within, job_of
from tutela.jobs.webhooks import Webhooks, signature, tell
from tutela.jobs.work import Cancelled, Context, progress_file, work
from tutela.model import Settings
from tutela.model.errors import FetchRefused, JobsRunning, TutelaError
from tutela.store import Store
from tutela.store.audit import By, record
from tutela.store.entry_rows import precise_now
from tutela.store.job_tables import deliveries, jobs, webhooks

#: Jobs that run beside each other.
BESIDE = 2
#: Seconds between two looks for jobs, for what happened, and for pauses that are over; checkpoints; retention.
LOOK, GATHER, WAKE, SIGN, RETAIN = 0.25, 1.0, 2.0, 600.0, 3600.0
#: Seconds before each further attempt at a delivery: three days in all.
WAITS = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200, 57_600, 86_400)

_log = logging.getLogger("tutela.jobs")


class _Process:
    """What the workflows, which DBOS calls by their names, work with."""

    context: Context
    client: GuardedClient
    ended: threading.Event


@DBOS.workflow()
def run_job(number: str) -> None:
    """Do one job."""
    do_job(number)


@DBOS.step()
def do_job(number: str) -> None:
    """Do a job's work and write down how it ended, with what its webhooks are told, in one transaction."""
    context = _Process.context
    with context.store.database.reading() as connection:
        job = job_of(connection, number)
    if job.over:
        return
    values: dict[str, Any]
    try:
        result = work(context, job)
        values = {"state": "done", "result": json.dumps(dict(result)), "message": ""}
    except Cancelled:
        values = {"state": "cancelled"}
    except TutelaError as error:
        values = {"state": "failed", "error": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it was: the job has failed, and its owner must see that
        _log.exception("job failed", extra={"told": {"job": number, "kind": job.kind}})
        values = {"state": "failed", "error": f"Something went wrong that was not foreseen ({type(error).__name__})."}
    progress = progress_file(context.settings.home, number)
    if progress.exists():
        values["done"] = json.loads(progress.read_text() or "{}").get("done", job.done)
    with context.store.database.writing() as connection:
        values["ended"] = precise_now()
        connection.execute(update(jobs).where(jobs.c.id == number).values(values))
        told = {"job": number, "kind": job.kind, "state": values["state"]}
        record(connection, job.by, f"job.{values['state']}", f"job:{number}")
        tell(connection, "job.done", told)
    progress.unlink(missing_ok=True)
    cancel_mark(context.settings.home, number).unlink(missing_ok=True)


@DBOS.workflow()
def run_delivery(number: str) -> None:
    """Deliver one message, in as many attempts as it takes; sleeps between them outlast this process."""
    for attempt in range(len(WAITS) + 1):
        if attempt_delivery(number, attempt):
            return
        if attempt < len(WAITS):
            DBOS.sleep(WAITS[attempt])


@DBOS.step()
def attempt_delivery(number: str, attempt: int) -> bool:
    """Send a message; return whether nothing is left to be done."""
    database = _Process.context.store.database
    asked = (
        select(deliveries, webhooks.c.url, webhooks.c.secret)
        .join(webhooks, webhooks.c.id == deliveries.c.webhook)
        .where(deliveries.c.id == number)
    )
    with database.reading() as connection:
        row = connection.execute(asked).one_or_none()
    if row is None or row.state in {"done", "failed"}:
        return True
    body, moment = row.payload.encode(), int(time.time())
    headers = {
        "content-type": "application/json",
        "webhook-id": number,
        "webhook-timestamp": str(moment),
        "webhook-signature": signature(row.secret, number, moment, body),
    }
    try:
        status = _Process.client.post(row.url, body, headers).status
        good, answer = 200 <= status < 300, str(status)
    except FetchRefused as error:
        good, answer = False, str(error.fields["reason"])
    last = attempt == len(WAITS)
    state = "done" if good else "failed" if last else "sending"
    with database.writing() as connection:
        values = {"state": state, "attempts": attempt + 1, "answer": answer, "last": precise_now()}
        open_ = deliveries.c.state.in_(("waiting", "sending"))  # it may have been switched off meanwhile
        connection.execute(update(deliveries).where(deliveries.c.id == number, open_).values(values))
    return good or last


def run_jobs(settings: Settings, *, stop: threading.Event | None = None, client: GuardedClient | None = None) -> None:
    """Do jobs until SIGTERM or SIGINT, or until ``stop`` is set.  Raises `JobsRunning` beside another process."""
    ended = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
    with _alone(settings.home), Store.of(settings) as store:
        _Process.context = Context(
            settings, store, AuditTrail(store.database, settings.home), Sessions(store.database, settings)
        )
        _Process.client = client or GuardedClient()
        _Process.ended = ended
        DBOS(config=_configuration(settings))
        DBOS.launch()
        try:
            _recover(store)
            _loop(store, ended)
        finally:
            _Process.context.trail.checkpoint()
            DBOS.destroy(workflow_completion_timeout_sec=10)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / "jobs.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JobsRunning(path=home) from None
        yield


def _configuration(settings: Settings) -> DBOSConfig:
    if settings.database:
        url = make_url(settings.database).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    else:
        url = f"sqlite:///{settings.home / 'jobs.sqlite'}"
    return {
        "name": "tutela",
        "system_database_url": url,
        "executor_id": "jobs",
        # What was begun by one release is ended by the next: workflows are found by this, and steps go by their rows.
        "application_version": "1",
        "enable_otlp": False,
        "log_level": "WARNING",
    }


def _recover(store: Store) -> None:
    """Begin again what was said to be running, and of which DBOS was not told before the process died."""
    with store.database.reading() as connection:
        running = connection.execute(select(jobs.c.id).where(jobs.c.state == "running")).scalars().all()
        sending = connection.execute(select(deliveries.c.id).where(deliveries.c.state == "sending")).scalars().all()
    for number in running:
        _start(run_job, number)
    for number in sending:
        _start(run_delivery, number)


def _start(workflow: Callable[[str], None], number: str) -> None:
    """Begin a workflow; one that was begun under this id is not begun twice."""
    with SetWorkflowID(number):
        DBOS.start_workflow(workflow, number)


def _loop(store: Store, ended: threading.Event) -> None:
    hooks = Webhooks(store.database)
    clock = _Clock({"gather": GATHER, "wake": WAKE, "sign": SIGN, "retain": RETAIN})
    tasks: Mapping[str, Callable[[], object]] = {
        "gather": lambda: _gather(hooks, store),
        "wake": store.wake,
        "sign": lambda: _Process.context.trail.checkpoint(),
        "retain": lambda: _ask(store, "retain"),
    }
    while not ended.wait(LOOK):
        for name in ("jobs", *clock.due()):
            try:
                _take_jobs(store) if name == "jobs" else tasks[name]()
            except TutelaError as error:  # a busy store: it is tried again, and nothing was lost
                _log.warning("put off", extra={"told": {"what": name, "reason": type(error).__name__}})


def _gather(hooks: Webhooks, store: Store) -> None:
    hooks.gather()
    _take_deliveries(store)


def _take_jobs(store: Store) -> None:
    with store.database.reading() as connection:
        running = len(connection.execute(select(jobs.c.id).where(jobs.c.state == "running")).all())
        asked = select(jobs.c.id).where(jobs.c.state == "waiting").order_by(jobs.c.made).limit(max(0, BESIDE - running))
        found = connection.execute(asked).scalars().all()
    for number in found:
        with store.database.writing() as connection:
            waiting = (jobs.c.id == number) & (jobs.c.state == "waiting")
            taken = connection.execute(
                update(jobs).where(waiting).values(state="running", started=precise_now())
            ).rowcount
        if taken:
            _start(run_job, number)


def _take_deliveries(store: Store) -> None:
    with store.database.reading() as connection:
        asked = select(deliveries.c.id).where(deliveries.c.state == "waiting").order_by(deliveries.c.made).limit(50)
        found = connection.execute(asked).scalars().all()
    for number in found:
        with store.database.writing() as connection:
            waiting = (deliveries.c.id == number) & (deliveries.c.state == "waiting")
            taken = connection.execute(update(deliveries).where(waiting).values(state="sending")).rowcount
        if taken:
            _start(run_delivery, number)


def _ask(store: Store, kind: str) -> None:
    with store.database.writing() as connection:
        enqueue_within(connection, kind, {}, By("the server", "by the clock"))


class _Clock:
    """Says what is due."""

    def __init__(self, every: Mapping[str, float]) -> None:
        self._every = every
        now = time.monotonic()
        self._next = {name: now + seconds for name, seconds in every.items()}

    def due(self) -> list[str]:
        """Return what is due, and wait as long again."""
        now = time.monotonic()
        found = [name for name, moment in self._next.items() if moment <= now]
        for name in found:
            self._next[name] = now + self._every[name]
        return found


def job_process_alive(home: Path) -> bool:
    """Say whether a job process works on the store in ``home``."""
    try:
        handle = os.open(home / "jobs.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
