import contextlib
import re
import signal
import socket
import subprocess
import time

import httpx

from cli.running import PROGRAM, environment, invoke, run
from tutela.model.errors import AddressTaken


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(home, port, *words):
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--port", str(port), "--processes", "1", *words],
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def answer(port, path):
    for _ in range(600):
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{port}{path}")
        time.sleep(0.1)
    raise AssertionError("the server did not come up")


def test_the_first_start_prints_a_link_and_a_signal_ends_it(home):
    port = free_port()
    with serving(home, port) as process:
        assert process.stderr.readline().strip() == f"Tutela listens on http://127.0.0.1:{port}"
        link = re.search(r"http://\S+/setup\?key=\S+", process.stderr.readline()).group()
        assert answer(port, "/health/live").json() == {"status": "live"}
        assert answer(port, link.partition(str(port))[2]).status_code == 200
        assert answer(port, "/v1/lists").status_code == 401
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0


def test_a_port_that_is_taken_is_said(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run(home, "serve", "--port", taken.getsockname()[1])
    assert ended.returncode == AddressTaken(host="", port=0, reason="").exit_code
    assert b"in use" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_its_help_names_what_can_be_set(home):
    told = invoke("serve", "--help").stdout
    assert [option for option in ("--host", "--port", "--processes") if option not in told] == []
    assert not home.exists()
