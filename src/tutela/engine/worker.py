"""The decoding worker: a process of its own, locked in, that looks at one file after another.

Started by `tutela.engine.worker_process`; it trusts what it is told and nothing that it decodes.  Whatever happens to
it costs the file that it was looking at.
"""

from __future__ import annotations

import gc
import json
import os
import select
import socket
from collections import deque
from dataclasses import dataclass
from typing import Any, NoReturn

import pi_heif
from PIL import AvifImagePlugin, Image

from tutela.engine import sandbox
from tutela.engine.examining import Examined, Wanted, examine_bytes, examine_pixels, examine_source, out_of_memory
from tutela.engine.protocol import (
    EXIT_FAULT,
    EXIT_MEMORY,
    HEAD,
    Json,
    Step,
    Type,
    pack,
    pack_found,
    reading_seconds,
    unpack_wanted,
)
from tutela.engine.source import Source
from tutela.media import is_video, warm_up_videos
from tutela.model import Limits, ProblemKind


@dataclass(slots=True)
class _Job:
    number: int
    step: Step
    wanted: Wanted
    source: Source


class Worker:
    """Takes jobs from ``connection`` and answers on it until the other side is gone.

    New jobs are hashed before older ones are decoded, so that the engine can say whether pixels are needed while this
    process is busy: no round trip is ever waited for.
    """

    def __init__(self, connection: socket.socket, limits: Limits, grace: float) -> None:
        self._connection = connection
        self._limits = limits
        self._grace = grace
        self._asked: dict[int, _Job] = {}
        self._ready: deque[_Job] = deque()
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    def run(self) -> None:
        """Work until the engine closes the connection."""
        while True:
            if self._ready and not self._poll.poll(0):
                self._look(self._ready.popleft())
            elif not self._take():
                return

    def _take(self) -> bool:
        """Take one message, waiting for it; false when the engine is gone."""
        head, handle = self._receive_head()
        if len(head) < HEAD.size:
            return False
        kind, number, json_length, body_length = HEAD.unpack(head)
        record: Json = json.loads(self._receive(json_length))
        if kind == Type.GO:
            job = self._asked.pop(number)
            if record["pixels"]:
                self._ready.append(job)
            else:
                job.source.close()
            return True
        if handle is None:
            source = Source(self._receive(body_length))
        else:
            source = Source(handle=handle, size=record["size"], limit=self._limits.max_bytes)
        job = _Job(number, Step(record["step"]), unpack_wanted(record), source)
        if job.step is Step.ASK:
            self._hash(job)
        else:
            self._ready.append(job)
        return True

    def _hash(self, job: _Job) -> None:
        """Answer with the digests, and keep the job until it is said whether its pixels are needed."""
        sandbox.arm(self._limits.max_seconds + self._grace + reading_seconds(job.source.size))
        found = examine_bytes(job.source, job.wanted)
        self._asked[job.number] = job
        self._answer(Type.FOUND, job, found)

    def _look(self, job: _Job) -> None:
        """Do all that is left of a job and answer."""
        sandbox.arm(self._seconds(job.source) + self._grace + reading_seconds(job.source.size))
        try:
            found = self._found(job)
        except MemoryError:
            found = Examined(problems=(out_of_memory(),))
        job.source.close()
        starved = any(problem.kind is ProblemKind.MEMORY for problem in found.problems)
        spent = starved and sandbox.memory_held() > self._limits.max_memory // 2
        self._answer(Type.SPENT if spent else Type.FOUND, job, found)

    def _seconds(self, source: Source) -> float:
        """Return how long looking at a source may take."""
        try:
            video = is_video(source.head())
        except OSError:  # whoever reads it proper tells of it
            video = False
        return self._limits.max_video_seconds if video else self._limits.max_seconds

    def _found(self, job: _Job) -> Examined:
        if job.step is Step.ALL:
            return examine_source(job.source, self._limits, job.wanted)
        if job.step is Step.ASK:
            return examine_pixels(job.source, self._limits, job.wanted)
        return examine_bytes(job.source, job.wanted)

    def _answer(self, kind: Type, job: _Job, found: Examined) -> None:
        sandbox.disarm()
        self._connection.sendall(pack_found(kind, job.number, found))

    def _receive_head(self) -> tuple[bytes, int | None]:
        """Return the next head and the file that came with it; fewer bytes at the end of the connection.

        Never reads beyond the head, so that every file handle arrives with the head that it was sent with.
        """
        head, handle = b"", None
        while len(head) < HEAD.size:
            piece, handles, _, _ = socket.recv_fds(self._connection, HEAD.size - len(head), 1)
            if not piece:
                break
            head += piece
            handle = handles[0] if handles else handle
        return head, handle

    def _receive(self, length: int) -> bytes:
        pieces = []
        while length:
            piece = self._connection.recv(min(length, 1 << 20))
            if not piece:
                os._exit(0)
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)


def main(start: dict[str, Any]) -> NoReturn:
    """Lock this process in and work.  ``start`` is what `tutela.engine.worker_process` passes on the command line."""
    limits = Limits(**start["limits"])
    warm_up()
    measures = sandbox.enter(limits, start["parent"], tied=start["tied"])
    connection = socket.socket(fileno=start["handle"])
    try:
        connection.sendall(pack(Type.READY, 0, {"measures": measures}))
        Worker(connection, limits, start["grace"]).run()
    except MemoryError:
        os._exit(EXIT_MEMORY)
    except OSError:  # the engine is gone
        os._exit(0)
    # Whatever else went wrong is a fault of ours: the engine sees a worker that died, and nothing is printed, since a
    # traceback may hold what was looked at.
    except BaseException:  # noqa: BLE001 - as said above
        os._exit(EXIT_FAULT)
    os._exit(0)


def warm_up() -> None:
    """Load everything that decoding may want later, when files can no longer be opened; one thread is enough here."""
    Image.preinit()
    warm_up_videos()
    pi_heif.options.DECODE_THREADS = 1
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    gc.collect()
    gc.freeze()
