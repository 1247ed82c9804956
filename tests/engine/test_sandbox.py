"""What a worker can no longer do, tried in a real one."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys

import pytest

from engine import saboteur
from engine.saboteur import attempts, probe
from tutela.engine.examining import Wanted
from tutela.engine.pool import Pool
from tutela.engine.worker_process import WorkerStart
from tutela.model import Content, Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "there").write_bytes(b"something")
    tmp_path.chmod(0o777)
    (tmp_path / "there").chmod(0o666)
    return tmp_path


def test_a_worker_can_do_none_of_it(folder, monkeypatch):
    monkeypatch.setenv("SECRET", "of the engine")
    pool = Pool(WorkerStart(Limits(), module="engine.saboteur"), 1)
    content = Content("probe", data=b"PROBE " + str(folder).encode())
    ((_, found),) = next(pool.run([content], Wanted()))
    measures = pool.measures()
    pool.close()
    done = json.loads(found.problems[0].message)
    if not measures["system calls filtered"]:
        pytest.skip("no filter on this machine")
    assert done == []
    assert [path.name for path in folder.iterdir()] == ["there"]
    assert (folder / "there").read_bytes() == b"something"


def test_the_probe_would_notice(folder, monkeypatch):
    """The same attempts succeed without a sandbox, or the test above could not fail."""
    done = []
    slowing = ("slow the engine down", "run the engine only when all is idle", "hold the engine to a processor")
    for name in ("write", "append", "make folder", "socketpair", "kill the engine", "file in memory", *slowing):
        result = attempts(folder)[name]()
        for opened in result if isinstance(result, tuple) else (result,):
            if hasattr(opened, "close"):
                opened.close()
        done.append(name)
    assert len(done) == 9
    assert (folder / "made").is_dir()
    ours, theirs = socket.socketpair()
    with ours, theirs:  # with an owner alone nothing is signalled yet
        monkeypatch.setattr(saboteur, "own_socket", ours.fileno)
        for name in ("own the socket", "own the socket otherwise", "own the socket by ioctl"):
            attempts(folder)[name]()
            assert fcntl.fcntl(ours, fcntl.F_GETOWN) == os.getppid()
            fcntl.fcntl(ours, fcntl.F_SETOWN, 0)
    assert callable(probe)


def test_every_measure_is_in_force_or_said_not_to_be():
    pool = Pool(WorkerStart(Limits()), 1)
    measures = pool.measures()
    pool.close()
    for name in ("memory limit", "no file written", "no core dump", "few open files", "processor time limit"):
        assert measures[name], name
    assert measures["no new privileges"]
    assert measures["ends with its parent"]
