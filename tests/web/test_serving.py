"""The connections of one web process, in this one; the processes, in processes of their own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from tutela.jobs.process import job_process_alive
from tutela.model import read_settings
from tutela.model.errors import AddressTaken
from tutela.web import serving
from tutela.web.serving import MOST_HEAD, Protocol, drop_old_metrics, serve

HEAD = b"POST /x HTTP/1.1\r\nHost: a\r\n"
PROGRAM = "from tutela.cli.app import main; main()"


async def echo(scope, receive, send):
    """Tell how long the body was, and what headers there were."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)} {scope['path']} {len(scope['headers'])}")(scope, receive, send)


@pytest.fixture
def port():
    """Where an app listens that tells of what it was sent."""
    config = uvicorn.Config(echo, "127.0.0.1", 0, http=Protocol, ws="none", lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(serving, "HEADERS", 0.2)


def until(condition, seconds=60):
    last = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < last
        time.sleep(0.02)
    return found


@contextlib.contextmanager
def connected(port, data=b""):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(data)
        yield client


def rest(client):
    """All that comes until the server ends the connection, which it may do while it is being sent more."""
    told = b""
    with contextlib.suppress(ConnectionError):
        while more := client.recv(1 << 16):
            told += more
    return told


def push(client, piece, most):
    """Send without an end; return how much was taken."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < most:
            sent += client.send(piece)
    return sent


def ask(client, data=b"5\r\nhello\r\n0\r\n\r\n", headers=b"Transfer-Encoding: chunked\r\n"):
    client.sendall(HEAD + headers + b"\r\n" + data)
    answer = client.recv(1 << 16)
    return answer.split(b"\r\n\r\n")[1]


def test_a_connection_that_brings_no_request_is_ended(port, impatient):
    for begun in (b"", b"\r\n", b"GE", HEAD, HEAD + b"X-Slow: 1"):
        with connected(port, begun) as client:
            assert rest(client) == b"", begun


def test_nor_may_a_further_request_of_a_connection_be_slow(port, impatient):
    for begun in (b"\r\n", HEAD):
        with connected(port) as client:
            assert ask(client) == b"5 /x 2"
            client.sendall(begun)
            assert rest(client) == b"", begun


def test_a_body_may_take_its_time(port, impatient):
    with connected(port, HEAD + b"Content-Length: 2\r\n\r\n") as client:
        time.sleep(0.5)
        client.sendall(b"ab")
        assert client.recv(1 << 16).endswith(b"2 /x 2")


def test_a_large_head_is_refused_and_one_that_fits_is_not(port):
    with connected(port) as client:
        assert ask(client, headers=b"X-Large: " + b"a" * (MOST_HEAD - 100) + b"\r\n", data=b"") == b"0 /x 2"
    for line in (b"X-Large: " + b"a" * MOST_HEAD + b"\r\n", b"A: 1\r\n" * 20_000):
        with connected(port, HEAD) as client:
            push(client, line + b"\r\n", len(line) + 2)
            assert rest(client)[:12] in {b"HTTP/1.1 400", b""}
    with connected(port, b"GET /" + b"a" * MOST_HEAD + b" HTTP/1.1\r\n\r\n") as client:
        assert rest(client)[:12] in {b"HTTP/1.1 400", b""}


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        (HEAD + b"X-Large: ", b"a" * 4096),
        (HEAD, b"A: 1\r\n" * 500),
        (b"GET /", b"a" * 4096),
        (b"", b"\r\n" * 2048),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", b"A: 1\r\n" * 500),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Large: ", b"a" * 4096),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;", b"a" * 4096),
    ],
)
def test_what_never_ends_is_not_kept(port, begun, piece):
    most = 64 << 20  # what lies on its way in buffers is far less
    with connected(port, begun) as client:
        assert push(client, piece, most) < most


def test_headers_after_a_body_are_not_taken_for_some_of_the_request(port):
    with connected(port) as client:
        assert ask(client, b"5\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n") == b"5 /x 2"
        assert ask(client, b"3\r\nyou\r\n0\r\n\r\n") == b"3 /x 2"


def test_large_bodies_and_many_requests_of_one_connection_go_through(port):
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        for size in (0, 1, 10 * MOST_HEAD, 5):
            assert client.post("/y", content=bytes(size)).text.startswith(f"{size} /y")
        chunks = (bytes(1000) for _ in range(1000))
        assert client.post("/y", content=chunks).text.startswith("1000000 /y")
    with connected(port, (HEAD + b"Content-Length: 1\r\n\r\na") * 50) as client:
        told = b""
        while told.count(b"1 /x 2") < 50:
            told += client.recv(1 << 16)


def test_a_port_that_is_taken_is_told(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = {"TUTELA_HOME": str(tmp_path), "TUTELA_PORT": str(taken.getsockname()[1])}
        with pytest.raises(AddressTaken, match="in use"):
            serve(read_settings(settings), told=print)


CHUNKED, LONG = b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n"
SMUGGLED = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        LONG + CHUNKED,
        CHUNKED + LONG,
        LONG + b"Content-Length: 6\r\n",
        LONG + LONG,
        b"Content-Length: 5, 6\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: 99999999999999999999999\r\n",
        b"Content-Length : 5\r\n",
        b"Content Length: 5\r\n",
        b" Content-Length: 5\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"No colon at all\r\n",
        b"X: a\x00b\r\n",
    ],
)
def test_a_head_that_two_readers_could_take_in_two_ways_is_refused_and_the_connection_ended(port, headers):
    with connected(port, HEAD + headers + b"\r\n" + SMUGGLED) as client:
        told = rest(client)
    assert told.startswith(b"HTTP/1.1 400 "), told
    assert told.count(b"HTTP/1.1 ") == 1
    assert b"/smuggled" not in told


def test_old_and_odd_requests_are_answered_as_what_they_are(port):
    for begun, path in (
        (b"GET /x HTTP/1.0\r\n\r\n", b"0 /x "),
        (b"GET http://other.example/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"0 /x "),
        (
            (
                b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            ),
            b"0 /x ",
        ),
    ):
        with connected(port, begun) as client:
            told = rest(client)
        assert told.startswith(b"HTTP/1.1 200 "), (begun, told)
        assert path in told, (begun, told)


def test_requests_sent_at_once_are_answered_in_their_order(port):
    asked = [b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (at, at) + b"a" * at for at in range(50)]
    last = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connected(port, b"".join(asked) + last) as client:
        told = rest(client)
    assert [answer.split(b" ")[:2] for answer in told.split(b"\r\n\r\n")[1:-1]] == [
        [b"%d" % at, b"/%d" % at] for at in range(50)
    ]
    assert b"0 /last" in told


def test_counters_of_servers_that_were_killed_are_removed_and_those_of_others_kept(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (str(ended.pid), str(os.getpid()), "x"):
        (tmp_path / "run" / f"metrics-{name}").mkdir(parents=True)
    drop_old_metrics(tmp_path)
    assert [left.name for left in (tmp_path / "run").iterdir()] == [f"metrics-{os.getpid()}"]


# ------------------------------------------------------------------------------------------------------ processes
class Served:
    """`tutela serve` with two web processes, as a process of its own."""

    def __init__(self, home: Path, log: str = "log") -> None:
        self.home, self.log = home, home.parent / log
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {**os.environ, "TUTELA_HOME": str(home), "TUTELA_WORKERS": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        with self.log.open("wb") as lines:
            words = ["serve", "--port", str(self.port), "--processes", "2"]
            self.process = subprocess.Popen([sys.executable, "-c", PROGRAM, *words], env=environment, stderr=lines)

    def answers(self):
        """Whether it answers a new connection in full."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=60).status_code == 200
        return False

    def logged(self, message):
        """The lines of the log that begin with a message."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")]
        return [line for line in lines if line["message"].startswith(message)]

    def web(self):
        """The numbers of the web processes that were started so far."""
        return [int(line["message"].split("[")[1].rstrip("]")) for line in self.logged("Started server process")]

    def ready(self):
        until(lambda: len(self.web()) == 2 and self.answers(), 240)
        return self


@pytest.fixture
def served(tmp_path):
    started = Served(tmp_path / "home")
    yield started
    started.process.kill()
    started.process.wait()


@pytest.mark.slow
def test_requests_go_on_while_a_process_is_replaced_and_are_finished_at_the_end(served):
    first, second = served.ready().web()
    os.kill(first, signal.SIGKILL)
    assert all(served.answers() for _ in range(20))
    until(lambda: len(served.web()) == 3, 120)
    (told,) = served.logged("process ended")
    assert (told["process"][:3], told["code"]) == ("web", -signal.SIGKILL)
    os.kill(second, signal.SIGKILL)  # so that the new one answers
    assert all(served.answers() for _ in range(20))
    half = b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with connected(served.port, half + b"Content-Length: 10\r\n\r\nname=") as client:
        assert served.answers()
        served.process.send_signal(signal.SIGTERM)
        until(lambda: served.logged("Shutting down"))
        client.sendall(b"annas")
        assert rest(client).startswith(b"HTTP/1.1 4")
    assert served.process.wait(60) == 0
    assert not served.answers()
    assert list((served.home / "run").glob("metrics-*")) == []


@pytest.mark.slow
def test_a_second_server_on_the_store_answers_and_takes_the_jobs_over_when_the_first_ends(served, tmp_path):
    served.ready()
    second = Served(served.home, "another log")
    try:
        second.ready()
        until(lambda: second.logged("jobs wait"), 60)
        assert f"Another server works on {served.home}, and does its jobs" in second.log.read_text()
        assert second.logged("process ended") == []
        assert served.answers()
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0
        until(lambda: job_process_alive(second.home), 60)
        assert second.answers()
    finally:
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(60) == 0


@pytest.mark.slow
def test_no_process_outlives_the_one_that_started_it(served):
    served.ready().process.kill()
    with socket.socket() as probe:

        def free():
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", served.port))
                return True
            return False

        until(free)
