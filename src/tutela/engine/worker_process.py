"""`WorkerProcess`: the engine's side of one decoding worker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tutela.engine.examining import Examined, Wanted
from tutela.engine.protocol import (
    EXIT_MEMORY,
    Breach,
    Inbox,
    Message,
    Step,
    Type,
    limits_to_json,
    most_frames,
    pack,
    pack_job,
    read_found,
    read_measures,
    reading_seconds,
)
from tutela.engine.source import HEAD as SNIFFED
from tutela.engine.source import open_file
from tutela.media import is_video
from tutela.model import Content, Limits, Problem, ProblemKind

#: Jobs that one worker holds: one in decoding, one hashed while the engine looks its digests up, one that waits to be
#: taken.
DEPTH = 3

#: Seconds that a worker may take from its start until it is ready.
_START_SECONDS = 120.0

_PIECE = 1 << 18

#: A worker's death must not be a signal to this process, whatever it does with SIGPIPE.
_QUIETLY = getattr(socket, "MSG_NOSIGNAL", 0)

#: Seconds from the end of the connection to the end of the process, before it is killed.
_LAST_WORDS = 1.0

#: The interpreter finds our modules where this process found them; it has no environment to tell it.
_BOOT = (
    "import sys, json, importlib\n"
    "start = json.loads(sys.argv[1])\n"
    "sys.path[:] = start['path']\n"
    "importlib.import_module(start['module']).main(start)"
)


@dataclass(frozen=True, slots=True)
class WorkerStart:
    """How workers are started.  ``module`` has the ``main`` that a worker runs: tests start one that misbehaves.

    ``grace`` is how long, in seconds, a worker may go beyond ``limits.max_seconds``, so that its own, softer stop comes
    first; ``memory_files``: pass bytes from memory as files in memory, where the system has them.
    """

    limits: Limits
    module: str = "tutela.engine.worker"
    grace: float = 2.0
    memory_files: bool = True


@dataclass(slots=True)
class Job:
    """A content on its way through a worker.

    ``found`` is what has been learned so far, ``lost`` the problem that cost an earlier worker, ``moves`` how often a
    worker died that held the job and was busy with another, ``suspect`` that a worker ended while busy with it for a
    doubtful reason; ``video``: it is one by its first bytes, and may take longer.  ``owner`` and ``position`` are the
    pool's.
    """

    number: int
    content: Content
    wanted: Wanted
    step: Step
    size: int = 0
    found: Examined | None = None
    lost: Problem | None = None
    moves: int = 0
    suspect: bool = False
    video: bool = False
    position: int = 0
    owner: object = None

    @property
    def hashed(self) -> bool:
        """Whether the digests were asked for first and are there."""
        return self.step is Step.ASK and self.found is not None


class Gone(Exception):
    """The worker is dead or no longer makes sense."""


class WorkerProcess:
    """A started worker and the jobs that it holds.

    ``ready``: it has said that it is warm; ``taken`` counts its jobs; ``spent``: it should be replaced; ``doubtful``:
    it ended in a way that the job it was busy with need not have brought about.
    """

    def __init__(self, start: WorkerStart) -> None:
        self._start = start
        self._inbox = Inbox(most_frames(start.limits))
        self._outbox: deque[tuple[memoryview, int | None]] = deque()
        self.jobs: dict[int, Job] = {}
        self._decoding: deque[int] = deque()
        self.ready = False
        self.spent = False
        self.doubtful = False
        self.taken = 0
        self.measures: dict[str, bool] = {}
        self._heard = time.monotonic()
        self.connection, theirs = socket.socketpair()
        try:
            self._process = self._spawn(theirs)
        except BaseException:
            self.connection.close()
            raise
        finally:
            theirs.close()
        self.connection.setblocking(False)

    def _spawn(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        start = {
            "path": [place for place in sys.path if Path(place).is_absolute()],
            "module": self._start.module,
            "handle": theirs.fileno(),
            "parent": os.getpid(),
            # The kernel ends a tied worker with the *thread* that started it, which may end long before the process.
            "tied": threading.current_thread() is threading.main_thread(),
            "limits": limits_to_json(self._start.limits),
            "grace": self._start.grace,
        }
        return subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", _BOOT, json.dumps(start)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            env=dict(_ENVIRONMENT),
            cwd="/",
            start_new_session=True,
        )

    # ---------------------------------------------------------------------------------------------- sending

    @property
    def sending(self) -> bool:
        """Whether bytes wait until the worker takes them."""
        return bool(self._outbox)

    def hand(self, job: Job) -> Problem | None:
        """Hand over a job; or return why its file cannot be opened.  Raises `Gone`."""
        opened = self._open(job.content)
        if isinstance(opened, Problem):
            return opened
        handle, job.size = opened
        job.video = is_video(_head(job.content, handle))
        if not self.jobs:
            self._heard = time.monotonic()
        self.jobs[job.number] = job
        self.taken += 1
        if job.step is not Step.ASK:
            self._decoding.append(job.number)
        body = job.content.data if handle is None and job.content.data else b""
        self._send(pack_job(job.number, job.step, job.wanted, job.size, len(body)), handle)
        if body:
            self._send(body)
        return None

    def go(self, job: Job, *, pixels: bool) -> None:
        """Say whether a job whose digests are there is to be decoded; if not, it is done.  Raises `Gone`."""
        if pixels:
            self._decoding.append(job.number)
        else:
            del self.jobs[job.number]
        self._send(pack(Type.GO, job.number, {"pixels": pixels}))

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it.  Raises `Gone`."""
        while self._outbox:
            data, handle = self._outbox[0]
            try:
                if handle is None:
                    sent = self.connection.send(data, _QUIETLY)
                else:
                    sent = socket.send_fds(self.connection, [data], [handle], _QUIETLY)
            except BlockingIOError:
                return
            except OSError:
                raise Gone from None
            if handle is not None:
                os.close(handle)
            if sent < len(data):
                self._outbox[0] = data[sent:], None
            else:
                self._outbox.popleft()

    def _send(self, data: bytes, handle: int | None = None) -> None:
        """Send as much as the socket takes now and keep the rest; ``handle`` is closed once it is sent."""
        self._outbox.append((memoryview(data), handle))
        self.flush()

    def _open(self, content: Content) -> tuple[int | None, int] | Problem:
        """Return a handle to send (or ``None``: send the bytes) and the size."""
        if content.path is not None:
            return open_file(content.path)
        data = content.data or b""
        if not self._start.memory_files or not hasattr(os, "memfd_create"):
            return None, len(data)
        handle = None
        try:
            handle = os.memfd_create("content", os.MFD_CLOEXEC)
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
        except OSError:  # memory or handles are short, or this process may write no files; the socket needs none of it
            if handle is not None:
                os.close(handle)
            return None, len(data)
        return handle, len(data)

    # -------------------------------------------------------------------------------------------- receiving

    def receive(self) -> Iterator[Job]:
        """Take what has arrived and yield every job that it moved on.

        A job that is `Job.hashed` and still in ``jobs`` waits for `go`; any other is done.  Raises `Gone` and `Breach`.
        """
        try:
            piece = self.connection.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            raise Gone from None
        if not piece:
            raise Gone
        for message in self._inbox.feed(piece):
            self._heard = time.monotonic()  # only a whole message counts: single bytes could be dripped for ever
            if message.type is Type.READY:
                self._take_ready(message)
            else:
                yield self._take_found(message)

    def _take_ready(self, message: Message) -> None:
        if self.ready:
            raise Breach("ready twice")
        self.measures = read_measures(message)
        self.ready = True

    def _take_found(self, message: Message) -> Job:
        job = self.jobs.get(message.job)
        if job is None or not self.ready:
            raise Breach("an answer to nothing")
        found = read_found(message, most_frames(self._start.limits))
        if any(signal.kind not in job.wanted.kinds for signal in found.signals):
            raise Breach("a signal that nobody asked for")
        if message.type is Type.SPENT:
            self.spent = True
        if job.step is Step.ASK and job.found is None:
            job.found = found
            return job
        if not self._decoding or self._decoding[0] != job.number:
            raise Breach("an answer out of turn")
        self._decoding.popleft()
        del self.jobs[job.number]
        job.found = found if job.found is None else job.found.joined(found)
        return job

    # ------------------------------------------------------------------------------------------- life's end

    @property
    def deadline(self) -> float | None:
        """When its next word is due, on the monotonic clock; ``None`` if it has nothing to do."""
        if not self.ready:
            return self._heard + _START_SECONDS
        if not self.jobs:
            return None
        reading = sum(reading_seconds(job.size) for job in self.jobs.values())
        return self._heard + self._seconds() + 2 * self._start.grace + reading

    def _seconds(self) -> float:
        """Return how long the jobs that it holds may take until it says its next word."""
        limits = self._start.limits
        return limits.max_video_seconds if any(job.video for job in self.jobs.values()) else limits.max_seconds

    def guilty(self) -> Job | None:
        """Return the job that it was busy with: it decodes in the order in which it was told to, and hashes before."""
        if not self.ready:
            return None
        if self._decoding:
            return self.jobs[self._decoding[0]]
        return next((job for job in self.jobs.values() if not job.hashed), None)

    def end(self, *, overdue: bool = False, breach: bool = False) -> Problem:
        """Make sure that it is dead; return what its death says of the job it was busy with.

        ``doubtful`` is set where that job may not have been the reason.
        """
        self.connection.close()
        for _, handle in self._outbox:
            if handle is not None:
                os.close(handle)
        self._outbox.clear()
        if overdue or breach:
            self._process.kill()
        code, hung_up = self._reap()
        breach = breach or hung_up
        self.doubtful = breach or code == -signal.SIGKILL
        guilty, limits = self.guilty(), self._start.limits
        seconds = f"{limits.max_video_seconds if guilty is not None and guilty.video else limits.max_seconds:g} s"
        if overdue or code in (-signal.SIGALRM, -signal.SIGXCPU):
            return Problem(ProblemKind.TIMEOUT, "file", f"it took more than {seconds}; its worker was stopped")
        if breach:
            return Problem(ProblemKind.CRASH, "file", "its worker answered nonsense and was stopped")
        if code == EXIT_MEMORY:
            return Problem(ProblemKind.MEMORY, "file", "decoding wanted more memory than it may have")
        if code == -signal.SIGKILL:
            text = "its worker was killed from outside, as the system does when memory runs out"
            return Problem(ProblemKind.MEMORY, "file", text)
        return Problem(ProblemKind.CRASH, "file", f"the decoder crashed ({_exit_name(code)}); its worker was replaced")

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self._process.kill()
        self.end()

    def forget(self) -> None:
        """Let go of it in a forked child, whose parent still has it: nothing is killed."""
        self.connection.close()
        self._process.returncode = 0

    def _reap(self) -> tuple[int | None, bool]:
        """Wait for its death: the exit code, ``None`` if it does not come, and whether it had to be killed for it."""
        for killed in (False, True):
            with suppress(subprocess.TimeoutExpired):
                return self._process.wait(_LAST_WORDS), killed
            self._process.kill()
        return None, True  # asleep in the kernel (a dead network disk): Popen itself reaps it later


def _head(content: Content, handle: int | None) -> bytes:
    """Return the first bytes, to tell videos by: where they cannot be read, the worker will say so."""
    if content.data is not None:
        return content.data[:SNIFFED]
    try:
        return b"" if handle is None else os.pread(handle, SNIFFED, 0)
    except OSError:
        return b""


def _exit_name(code: int | None) -> str:
    if code is None:
        return "no exit"
    if code >= 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


#: A worker needs no variable of its parent's; these keep libraries from starting threads and set text to UTF-8.
#: The last two keep what one picture's working memory took for the next one's: to have it from the system anew, page by
#: page, takes longer than many a picture.
_ENVIRONMENT = (
    ("LC_ALL", "C.UTF-8"),
    ("OMP_NUM_THREADS", "1"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("MALLOC_MMAP_THRESHOLD_", str(32 << 20)),
    ("MALLOC_TRIM_THRESHOLD_", str(64 << 20)),
)
