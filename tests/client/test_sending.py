"""The way of a request, against a server on the loopback that breaks connections and asks for patience."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tutela.client.sending import Sender
from tutela.model.errors import ListUnknown, ServerFailed, ServerUnreachable, TooMany, TutelaError

PROBLEM = {
    "type": "urn:tutela:problem:list-unknown",
    "title": "List unknown",
    "status": 404,
    "detail": "There is no list named 'x'.",
    "instance": "urn:uuid:1",
}


class Script:
    """What a server does with one request after another; the last goes on."""

    def __init__(self):
        self.steps = []
        self.seen = []

    def next(self, handler, body):
        self.seen.append((handler.command, handler.path, dict(handler.headers), body))
        return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def address(script):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length)
            if self.headers.get("transfer-encoding") == "chunked":
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            step = script.next(self, body)
            if step == "break":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            status, headers, told = step
            data = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - its caller's name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def waits():
    return []


@pytest.fixture
def sender(address, waits):
    with httpx.Client(base_url=address) as http:
        yield Sender(http, 3, waits.append)


def test_an_answer_comes_back(sender, script):
    script.steps = [(200, {}, {"a": 1})]
    assert sender.send("GET", "/x", query={"k": "v"}).json() == {"a": 1}
    assert script.seen[0][1] == "/x?k=v"
    assert "Idempotency-Key" not in script.seen[0][2]


def test_a_lost_request_is_sent_again_with_the_same_key(sender, script, waits):
    script.steps = ["break", "break", (200, {}, {})]
    sender.send("POST", "/x", json={"a": 1})
    keys = {headers["Idempotency-Key"] for _, _, headers, _ in script.seen}
    assert len(script.seen) == 3
    assert len(keys) == 1
    assert [body for *_, body in script.seen] == [b'{"a":1}'] * 3
    assert waits == [0.2, 0.4]


def test_two_requests_have_two_keys(sender, script):
    script.steps = [(200, {}, {})]
    sender.send("POST", "/x", json={})
    sender.send("POST", "/x", json={})
    assert len({headers["Idempotency-Key"] for _, _, headers, _ in script.seen}) == 2


def test_a_streamed_body_is_read_anew(sender, script):
    script.steps = ["break", (200, {}, {})]
    sender.send("POST", "/x", body=lambda: iter([b"ab", b"cd"]))
    assert script.seen[-1][3] == b"abcd"


def test_a_server_that_never_answers_is_told_of_without_its_secrets(address, script):
    script.steps = ["break"]
    with httpx.Client(base_url=address.replace("//", "//token:tut_secret@")) as http:
        sender = Sender(http, 2, lambda _: None)
        with pytest.raises(ServerUnreachable) as raised:
            sender.send("GET", "/x")
    assert len(script.seen) == 3
    assert "tut_secret" not in str(raised.value)
    assert "127.0.0.1" in str(raised.value)


def test_nobody_listening_is_told_of():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with httpx.Client(base_url=address) as http, pytest.raises(ServerUnreachable):
            Sender(http, 1, lambda _: None).send("GET", "/")


def test_an_address_that_cannot_be_is_not_tried_again(waits):
    with httpx.Client(base_url="ftp://127.0.0.1") as http, pytest.raises(ServerUnreachable):
        Sender(http, 3, waits.append).send("GET", "/")
    assert waits == []


def test_a_problem_is_raised_as_the_error_it_is(sender, script):
    script.steps = [(404, {"content-type": "application/problem+json"}, PROBLEM)]
    with pytest.raises(ListUnknown) as raised:
        sender.send("GET", "/x")
    assert str(raised.value) == PROBLEM["detail"]
    assert raised.value.fields == {"status": 404, "instance": "urn:uuid:1"}
    assert len(script.seen) == 1


@pytest.mark.parametrize(
    "told", [b"<html>bad gateway</html>", [], {"type": "about:blank"}, {"type": 3, "detail": None}, b""]
)
def test_what_is_no_problem_of_ours_is_told_as_failed(sender, script, told):
    script.steps = [(502, {}, told)]
    with pytest.raises(ServerFailed, match="502"):
        sender.send("GET", "/x")


@pytest.mark.parametrize("name", ["of-the-next-release", "tutela-error-of-nobody", "", "type"])
def test_a_problem_that_is_not_known_here_keeps_its_words(sender, script, name):
    script.steps = [(409, {}, PROBLEM | {"type": f"urn:tutela:problem:{name}"})]
    with pytest.raises(ServerFailed, match="no list named 'x'"):
        sender.send("GET", "/x")


def test_a_busy_server_is_given_its_time(sender, script, waits):
    busy = PROBLEM | {"type": "urn:tutela:problem:store-busy", "status": 503}
    script.steps = [(503, {"retry-after": "2"}, busy), (200, {}, {})]
    sender.send("GET", "/x")
    assert waits == [2.0]


@pytest.mark.parametrize("patience", ["3600", "soon", "-1"])
def test_a_server_that_asks_for_too_much_patience_is_told_of(sender, script, waits, patience):
    script.steps = [(429, {"retry-after": patience}, PROBLEM | {"type": "urn:tutela:problem:too-many"})]
    with pytest.raises(TooMany):
        sender.send("GET", "/x")
    assert waits == []


def test_a_server_that_stays_busy_is_told_of(sender, script, waits):
    script.steps = [(429, {"retry-after": "1"}, PROBLEM | {"type": "urn:tutela:problem:too-many"})]
    with pytest.raises(TooMany):
        sender.send("GET", "/x")
    assert len(script.seen) == 4


def test_every_error_of_ours_can_come_from_a_server():
    error = TutelaError.told("words with {braces}", status=500)
    assert str(error) == "words with {braces}"
    assert error.fields == {"status": 500}
