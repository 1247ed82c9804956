"""`serve`: the processes of the server, and who looks after them.

One parent binds the socket and does nothing but start, watch and end: web processes, which share the socket, and the
one job process.  A child that dies is started again, after a growing wait if it dies again at once.  SIGTERM and
SIGINT let every child finish what it is at.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tutela.access.people import People
from tutela.access.sessions import Sessions
from tutela.access.tokens import Tokens
from tutela.access.trail import AuditTrail
from tutela.engine.pipeline import processors
from tutela.jobs import Jobs, Webhooks, run_jobs
from tutela.jobs.process import job_process_alive
from tutela.model import Settings
from tutela.model.errors import AddressTaken, JobsRunning
from tutela.store import Store
from tutela.web.app import JsonLines, create_app
from tutela.web.hit_log import HitLog
from tutela.web.matching import Matching
from tutela.web.metrics import FOLDER, Metrics
from tutela.web.probing import Probes
from tutela.web.services import Services
from tutela.web.usage import Usage

#: Seconds that a connection may take to send its first line and headers, and to stay idle between requests.
HEADERS, IDLE = 10.0, 65
#: Bytes that a request's first line and headers may have together.
MOST_HEAD = 64 * 1024
#: Seconds that requests have to finish when the server ends.
GRACE = 20
#: How much the job process gives way to those that answer.
NICE = 10
#: Seconds of life after which a child's death counts as a new beginning.
SETTLED = 20.0
#: Seconds between two looks whether another server's job process is still there.
TURN = 1.0

_log = logging.getLogger("tutela.serve")


class Protocol(HttpToolsProtocol):
    """Ends connections that do not bring a request's head in time, or bring too much of what is no body.

    The base class waits for ever, and keeps whatever comes.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn gives a transport of this kind
        """Start the clock."""
        super().connection_made(transport)
        self._overdue = self.loop.call_later(HEADERS, transport.close)
        self._in_head = False
        self._idle_bytes = 0  # that came since a request began, or since there was any of its body

    def data_received(self, data: bytes) -> None:
        """Count what comes, and end the connection if it leads to nothing."""
        if self.timeout_keep_alive_task is not None:  # the base class ends that wait, whatever it is that comes
            self._restart_clock()
        self._idle_bytes += len(data)
        super().data_received(data)
        if self._idle_bytes > MOST_HEAD and not self.transport.is_closing():
            if self._in_head:
                self.send_400_response("The head of the request is too large.")
            self.transport.close()

    def on_message_begin(self) -> None:
        """Start the clock for a further request of the connection."""
        super().on_message_begin()
        self._restart_clock()
        self._in_head, self._idle_bytes = True, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; those that come after a body mean nothing here."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop the clock: how long a body may take is the app's to say."""
        self._overdue.cancel()
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > MOST_HEAD:
            raise ValueError  # the base class answers as to any head that is none
        self._in_head, self._idle_bytes = False, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take note that there is a body."""
        self._idle_bytes = 0
        super().on_body(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._overdue.cancel()
        super().connection_lost(exc)

    def _restart_clock(self) -> None:
        self._overdue.cancel()
        self._overdue = self.loop.call_later(HEADERS, self.transport.close)


@dataclass(slots=True)
class _Child:
    """One process that is kept going."""

    name: str
    target: Callable[..., None]
    arguments: tuple[object, ...]
    process: SpawnProcess | None = None
    started: float = 0.0
    deaths: int = 0
    again: float = 0.0


def make_services(settings: Settings, *, processes: int = 1) -> Services:
    """Open everything that a web process works with; end it with `close_services`."""
    store = Store.of(settings)
    database = store.database
    workers = settings.workers or max(1, processors() // processes)
    return Services(
        settings=settings,
        store=store,
        people=People(database, settings),
        sessions=Sessions(database, settings),
        tokens=Tokens(database),
        audit=AuditTrail(database, settings.home),
        jobs=Jobs(database, settings.home),
        webhooks=Webhooks(database),
        matching=Matching(store, settings.limits, workers),
        usage=Usage(database, max(1, settings.server.lookups_per_minute // processes)),
        probes=Probes(database),
        hits=HitLog(database),
        metrics=Metrics(),
    )


def close_services(services: Services) -> None:
    """Write what waits, and close."""
    services.hits.close()
    services.usage.close()
    services.matching.close()
    services.store.close()


def serve(
    settings: Settings,
    *,
    told: Callable[[str], None],
    stop: threading.Event | None = None,
    log: Path | None = None,
) -> None:
    """Run the server until SIGTERM or SIGINT, or until ``stop`` is set; ``told`` gets lines for the operator.

    What is logged goes to stderr, or to the file ``log``.  A further server on the same store answers too; its job
    process waits until the other one's ends.
    Raises `AddressTaken`, and what opening the store raises.
    """
    count = settings.server.processes or processors()
    with Store.of(settings) as store:
        store.snapshots()
        link = People(store.database, settings).first_link()
    listening = _bind(settings)
    address = settings.server.public_url or f"http://{_host(settings.server.host)}:{listening.getsockname()[1]}"
    metrics = settings.home / "run" / f"metrics-{os.getpid()}"
    metrics.mkdir(parents=True, exist_ok=True)
    os.environ[FOLDER] = str(metrics)
    context = multiprocessing.get_context("spawn")
    children = [_Child(f"web {number}", _web, (settings, listening, count, log)) for number in range(count)]
    children.append(_Child("jobs", _jobs, (settings, log)))
    ended = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
    try:
        told(f"Tutela listens on {address}")
        if job_process_alive(settings.home):
            told(
                f"Another server works on {settings.home}, and does its jobs; this one takes them over when that ends."
                " If two were not meant, end one, or give it a home of its own with TUTELA_HOME."
            )
        if link is not None:
            told(f"There is no account yet. Make the first administrator at {address}/setup?key={link}")
        with _own_lines(log):
            while not ended.is_set():
                _keep(children, context)
                ended.wait(0.2)
    finally:
        _end(children)
        listening.close()
        shutil.rmtree(metrics, ignore_errors=True)


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.server.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.server.host, settings.server.port))
    except OSError as error:
        listening.close()
        raise AddressTaken(host=settings.server.host, port=settings.server.port, reason=error.strerror) from None
    listening.listen(2048)
    listening.set_inheritable(True)
    return listening


def _keep(children: list[_Child], context: SpawnContext) -> None:
    """Start what is not running."""
    now = time.monotonic()
    for child in children:
        if child.process is not None and child.process.is_alive():
            continue
        if child.process is not None and child.again == 0.0:
            child.deaths = 0 if now > child.started + SETTLED else child.deaths + 1
            child.again = now + min(10.0, 0.1 * 2**child.deaths)
            _log.error("process ended", extra={"told": {"process": child.name, "code": child.process.exitcode}})
        if now >= child.again:
            child.process = context.Process(target=child.target, args=child.arguments, name=f"tutela {child.name}")
            child.process.start()
            child.started, child.again = now, 0.0


def _end(children: list[_Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    last = time.monotonic() + GRACE + 5
    for process in running:
        process.join(max(0.1, last - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


def log_lines(file: Path | None = None) -> None:
    """Have everything that is logged come out on stderr, or at the end of a file, as lines of JSON."""
    logging.basicConfig(level=logging.INFO, handlers=[_handler(file)], force=True)
    # httpx names whole URLs at this level; what it does is told by whoever calls it.
    for name in ("httpx", "httpcore", "alembic", "dbos"):
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def _own_lines(log: Path | None) -> Iterator[None]:
    """Have what this module tells come out as lines, and nothing else: the process may log in a way of its own."""
    handler = _handler(log)
    _log.addHandler(handler)
    try:
        yield
    finally:
        _log.removeHandler(handler)
        handler.close()


def _handler(file: Path | None) -> logging.Handler:
    handler = logging.StreamHandler() if file is None else logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(JsonLines())
    return handler


def _leave_with_parent() -> None:
    """End this process if its parent dies without a word: the port must be free for the next one."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="tutela-parent", daemon=True).start()


def _web(settings: Settings, listening: socket.socket, count: int, log: Path | None) -> None:
    log_lines(log)
    _leave_with_parent()
    services = make_services(settings, processes=count)
    config = uvicorn.Config(
        create_app(services),
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=GRACE,
    )
    try:
        uvicorn.Server(config).run([listening])
    finally:
        close_services(services)


def _jobs(settings: Settings, log: Path | None) -> None:
    log_lines(log)
    _leave_with_parent()
    os.nice(NICE)
    ended, waits = threading.Event(), False
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while not ended.is_set():
        try:
            run_jobs(settings, stop=ended)
        except JobsRunning as error:  # of another server on this store, which may be about to end
            if not waits:
                _log.warning("jobs wait", extra={"told": {"reason": str(error)}})
            waits = True
            ended.wait(TURN)


def drop_old_metrics(home: Path) -> None:
    """Remove what servers that were killed have left of their counters."""
    for left in (home / "run").glob("metrics-*"):
        number = left.name.removeprefix("metrics-")
        if not number.isdecimal() or not Path("/proc", number).exists():
            shutil.rmtree(left, ignore_errors=True)
