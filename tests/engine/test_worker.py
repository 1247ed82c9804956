"""A real worker, spoken to directly."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time

import pytest

from engine.small_pictures import gif, jpeg, png
from tutela.engine.examining import Wanted, examine
from tutela.engine.protocol import Inbox, Step, Type, pack_job, read_found
from tutela.engine.worker_process import Job, WorkerProcess, WorkerStart
from tutela.model import Content, Limits


@pytest.fixture
def worker():
    started = WorkerProcess(WorkerStart(Limits(max_seconds=20)))
    listen(started, lambda: started.ready)
    yield started
    started.kill()


def listen(worker, enough, seconds=60):
    """Take what the worker says until it is enough."""
    came, until = [], time.monotonic() + seconds
    while not enough() and time.monotonic() < until:
        if select.select([worker.connection], [], [], 1)[0]:
            came += worker.receive()
    assert enough()
    return came


def job(number, data, step):
    return Job(number, Content(str(number), data=data), Wanted(), step)


def test_digests_come_before_any_pixels_are_asked_for(worker):
    jobs = [job(number, jpeg(number), Step.ASK) for number in range(3)]
    for each in jobs:
        assert worker.hand(each) is None
    came = listen(worker, lambda: all(each.hashed for each in jobs))
    assert came == jobs
    assert all([s.kind for s in each.found.signals] == ["md5", "sha1", "sha256"] for each in jobs)
    assert worker.guilty() is None, "it waits, and is busy with nothing"

    worker.go(jobs[1], pixels=True)
    worker.go(jobs[0], pixels=False)
    worker.go(jobs[2], pixels=True)
    assert worker.guilty() is jobs[1]
    came = listen(worker, lambda: not worker.jobs)
    assert came == [jobs[1], jobs[2]]
    assert [each.found == examine(jpeg(each.number), Limits()) for each in jobs] == [False, True, True]


def test_one_answer_where_nothing_is_asked(worker):
    whole, bytes_only = job(1, jpeg(1), Step.ALL), job(2, jpeg(1), Step.BYTES)
    for each in (whole, bytes_only):
        worker.hand(each)
    assert listen(worker, lambda: not worker.jobs) == [whole, bytes_only]
    assert whole.found == examine(jpeg(1), Limits())
    assert len(bytes_only.found.signals) == 3


def test_a_message_may_come_in_pieces_and_its_file_with_the_first(worker, tmp_path):
    (tmp_path / "file").write_bytes(jpeg(1))
    packed = pack_job(5, Step.ALL, Wanted(), len(jpeg(1)))
    handle = os.open(tmp_path / "file", os.O_RDONLY)
    socket.send_fds(worker.connection, [packed[:3]], [handle])
    os.close(handle)
    for at in range(3, len(packed), 7):
        time.sleep(0.002)
        worker.connection.send(packed[at : at + 7])
    inbox = Inbox(256)
    came = []
    while not came:
        select.select([worker.connection], [], [], 60)
        came += inbox.feed(worker.connection.recv(1 << 16))
    assert (came[0].type, came[0].job) == (Type.FOUND, 5)
    assert read_found(came[0], 256) == examine(jpeg(1), Limits())


def test_it_ends_when_the_engine_hangs_up(worker):
    worker.connection.shutdown(socket.SHUT_RDWR)
    assert worker._process.wait(20) == 0


def test_warming_up_leaves_nothing_to_be_opened_later():
    """Opening files after the lock-in may fail, so whatever decoding loads is loaded before."""
    script = (
        "import sys\n"
        "from tutela.engine import worker\n"
        "from tutela.engine.examining import Wanted, examine\n"
        "from tutela.model import Limits\n"
        "contents = [bytes.fromhex(text) for text in sys.stdin.read().split()]\n"
        "worker.warm_up()\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, args: seen.append(args[0]) if event in ('open', 'import') else None)\n"
        "for content in contents:\n"
        "    examine(content, Limits(), Wanted(orientations=True, thumbnail=True))\n"
        "print(seen)\n"
    )
    contents = [jpeg(1), png(2), gif([3, 4]), b"no picture", jpeg(1)[:500]]
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=" ".join(content.hex() for content in contents),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout == "[]\n"
