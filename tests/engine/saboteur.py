"""A decoding worker whose decoder obeys the file: the first word of the content says how it misbehaves."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import stat
import struct
import subprocess
import termios
import time
from pathlib import Path

from tutela.engine import examining, sandbox, worker
from tutela.engine.protocol import HEAD, Type, pack, pack_found
from tutela.media import frames as decode
from tutela.model import Problem, ProblemKind


def abort() -> None:
    os.abort()


def segv() -> None:
    ctypes.string_at(0)


def leave() -> None:
    os._exit(3)


def fail() -> None:
    raise RuntimeError("a fault that no decoder should have")


def eat() -> None:
    """Allocate without end, the way Python code does."""
    held = []
    while True:
        held.append(bytes(16 << 20))


def keep() -> None:
    """Allocate without end and lose the way back to what was allocated."""
    try:
        while True:
            KEPT.append(bytes(16 << 20))
    except MemoryError:
        del KEPT[-2:]
        raise


def eat_and_abort() -> None:
    """Allocate without end, the way C++ code does that does not catch its own exception."""
    try:
        eat()
    except MemoryError:
        os.abort()


def sleep() -> None:
    while True:
        time.sleep(100)


def sleep_deaf() -> None:
    """Hang with the clock's signal blocked, so that only the engine can end it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGXCPU})
    sleep()


def spin() -> None:
    while True:
        pass


KEPT: list[bytes] = []

SINS = {
    name.encode(): sin
    for name, sin in {
        "ABORT": abort,
        "SEGV": segv,
        "LEAVE": leave,
        "FAIL": fail,
        "EAT": eat,
        "KEEP": keep,
        "EAT_AND_ABORT": eat_and_abort,
        "SLEEP": sleep,
        "SLEEP_DEAF": sleep_deaf,
        "SPIN": spin,
    }.items()
}


def sinful(data, limits, report, **more):
    word = data[:20].partition(b" ")[0]
    if word in SINS:
        SINS[word]()
    if word == b"PROBE":
        report(Problem(ProblemKind.DAMAGED, "file", json.dumps(probe(Path(data.split()[1].decode())))))
        return
    yield from decode(data, limits, report, **more)


def attempts(folder: Path) -> dict:
    return {
        "write": lambda: (folder / "written").open("wb"),
        "append": lambda: (folder / "there").open("ab"),
        "remove": lambda: (folder / "there").unlink(),
        "rename": lambda: (folder / "there").rename(folder / "gone"),
        "truncate": lambda: os.truncate(folder / "there", 0),
        "make folder": lambda: (folder / "made").mkdir(),
        "connect": lambda: socket.create_connection(("127.0.0.1", 9), 1),
        "socketpair": socket.socketpair,
        "run a program": lambda: subprocess.run(["/bin/true"], check=True),
        "fork": lambda: os.fork() or os._exit(0),
        "kill the engine": lambda: os.kill(os.getppid(), 0),
        "change the engine's limits": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CORE),
        "slow the engine down": lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), priority()),
        "run the engine only when all is idle": lambda: os.sched_setscheduler(
            os.getppid(), policy(), os.sched_param(0)
        ),
        "hold the engine to a processor": lambda: os.sched_setaffinity(
            os.getppid(), os.sched_getaffinity(os.getppid())
        ),
        "become root": lambda: os.setuid(0),
        "own the socket": lambda: fcntl.fcntl(own_socket(), fcntl.F_SETOWN, os.getppid()),
        "own the socket otherwise": lambda: fcntl.fcntl(own_socket(), 15, struct.pack("ii", 1, os.getppid())),
        "own the socket by ioctl": lambda: fcntl.ioctl(own_socket(), 0x8901, struct.pack("i", os.getppid())),
        "choose a signal": lambda: fcntl.fcntl(own_socket(), fcntl.F_SETSIG, signal.SIGTERM),
        "be signalled": lambda: fcntl.ioctl(own_socket(), termios.FIOASYNC, struct.pack("i", 1)),
        "file in memory": lambda: os.memfd_create("more"),
    }


def priority() -> int:
    """The engine's own, so that nothing is changed where it is allowed."""
    return os.getpriority(os.PRIO_PROCESS, os.getppid())


def policy() -> int:
    return os.sched_getscheduler(os.getppid())


def own_socket() -> int:
    """The handle of the connection to the engine."""
    for handle in range(3, 64):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(handle).st_mode):
                return handle
    raise LookupError


def probe(folder: Path) -> list[str]:
    """The names of the things that this process could do and should not."""
    done = []
    for name, action in attempts(folder).items():
        try:
            action()
        except Exception:  # noqa: BLE001 -- however it fails, it fails
            continue
        done.append(name)
    ours = {"LC_ALL", "LC_CTYPE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    if set(os.environ) - ours - {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"}:
        done.append("see the environment")
    if len(list(Path("/proc/self/fd").iterdir())) > 8:
        done.append("see other files")
    return done


def lies(kind: Type, number: int, answer: bytes) -> dict[str, bytes]:
    """What a worker might send where ``answer`` is due."""
    record = json.loads(answer[HEAD.size :])
    brackets, digits = b"[" * 100_000, b'{"size":' + b"9" * 10_000 + b"}"
    short, strange = ["pdq", "00", 100, 0, "original"], ["photodna", "11" * 144, None, None, "original"]
    return {
        "noise": os.urandom(4096),
        "length": HEAD.pack(kind, number, 1 << 31, 0),
        "body": HEAD.pack(kind, number, 2, 1 << 60) + b"{}",
        "brackets": HEAD.pack(kind, number, len(brackets), 0) + brackets,
        "digits": HEAD.pack(kind, number, len(digits), 0) + digits,
        "other": pack(kind, number + 1000, record),
        "twice": answer * 2,
        "ready": pack(Type.READY, 0, {"measures": {}}),
        "signal": pack(kind, number, record | {"signals": [short]}),
        "unasked": pack(kind, number, record | {"signals": [strange]}),
        "thumbnail": pack(kind, number, record, 4) + b"<svg",
    }


class Liar(worker.Worker):
    """Answers nonsense about files that ask for it."""

    lie = ""

    def _found(self, job):
        head = job.source.head()
        self.lie = head.split()[1].decode() if head.startswith(b"LIE ") else ""
        return super()._found(job)

    def _answer(self, kind, job, found):
        lie, self.lie = self.lie, ""
        answer = pack_found(kind, job.number, found)
        if lie == "hang-up":
            sandbox.disarm()
            self._connection.shutdown(socket.SHUT_RDWR)
            sleep()
        elif lie == "go-on":
            self._connection.setblocking(False)
            while True:
                with contextlib.suppress(BlockingIOError):
                    self._connection.send(answer)
        elif lie == "drip":
            sandbox.disarm()
            for at in range(len(answer)):
                time.sleep(0.02)
                self._connection.sendall(answer[at : at + 1])
        elif lie:
            self._connection.sendall(lies(kind, job.number, answer)[lie])
        else:
            super()._answer(kind, job, found)


def main(start):
    examining.frames = sinful
    worker.Worker = Liar
    worker.main(start)
