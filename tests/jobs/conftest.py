"""The real job process, started, killed and started again."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from tutela.jobs import Jobs
from tutela.model import read_settings
from tutela.store import Store
from tutela.store.audit import By

ME = By("a test", "to see it work")


@pytest.fixture
def settings(tmp_path):
    return read_settings({"TUTELA_HOME": str(tmp_path / "home")})


@pytest.fixture
def store(settings):
    with Store.open(settings.home) as opened:
        opened.create_list("known")
        yield opened


@pytest.fixture
def jobs(store, settings):
    return Jobs(store.database, settings.home)


class Process:
    """A job process in a process of its own; ``ports`` are those of this machine that it may post to."""

    def __init__(self, settings, url, ports):
        self._settings, self._url, self._ports = settings, url, ports
        self._running = None

    def start(self):
        code = (
            "import sys; from tutela.model import read_settings; from tutela.jobs import run_jobs;"
            "from tutela.jobs import process; from tutela.exchange.guarded import GuardedClient;"
            "process.WAITS = (1, 1, 1);"
            f"client = GuardedClient(allowed=frozenset(['127.0.0.1']), ports=frozenset({sorted(self._ports)}));"
            "run_jobs(read_settings(), client=client)"
        )
        environment = {**os.environ, "TUTELA_HOME": str(self._settings.home), "TUTELA_DATABASE": self._url}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        log = (self._settings.home / "jobs.log").open("ab")
        self._running = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=log, stdout=log)
        log.close()

    def kill(self):
        self._running.send_signal(signal.SIGKILL)
        self._running.wait(20)

    def end(self):
        self._running.terminate()
        assert self._running.wait(40) == 0, (self._settings.home / "jobs.log").read_text()[-2000:]

    @property
    def alive(self):
        return self._running is not None and self._running.poll() is None


@pytest.fixture
def process(settings, store):
    url = "" if store.database.dialect == "sqlite" else store.database.engine.url.render_as_string(hide_password=False)
    ports = set()
    made = Process(settings, url, ports)
    made.ports = ports
    yield made
    if made.alive:
        with contextlib.suppress(ProcessLookupError):
            made.kill()


def until(condition, seconds=60):
    """Wait until something is so; fail if it is not for a long time."""
    last = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < last, "it did not come about"
        time.sleep(0.05)
    return found


def ended(jobs, job):
    return until(lambda: (found := jobs.get(job.id)).over and found)


def upload(settings, lines, name="a file"):
    folder = settings.home / "uploads"
    folder.mkdir(exist_ok=True)
    path = folder / name.replace(" ", "-")
    path.write_text(lines)
    return path.name


def lines(number, start=0):
    return "".join(f"md5 {start + at + 1:032x}\n" for at in range(number))
