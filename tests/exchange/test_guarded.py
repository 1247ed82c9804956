"""Against real servers of this machine, which the client may ask only because the tests say so."""

import http.server
import threading
import time

import pytest

from tutela.exchange import guarded
from tutela.exchange.guarded import FetchLimits, GuardedClient, is_public
from tutela.model.errors import FetchRefused


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.strip("/").partition("?")[0]
        self.server.asked.append((self.path, dict(self.headers)))
        answer = getattr(self, f"_{name}", None)
        answer() if answer else self._plain()

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, dict(self.headers)))
        self._inside() if self.path == "/inside" else self._plain()

    def _plain(self, data=b"a picture", **headers):
        self.send_response(200)
        self.send_header("content-type", "image/png")
        self.send_header("content-length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def _to(self, place):
        self.send_response(302)
        self.send_header("location", place)
        self.send_header("content-length", "0")
        self.end_headers()

    def _moved(self):
        self._to("/plain")

    def _inside(self):
        self._to("http://10.0.0.1/")

    def _round(self):
        self._to("/round")

    def _large(self):
        self._plain(bytes(300_000))

    def _packed(self):
        self._plain(b"\x1f\x8b", content_encoding="gzip")

    def _drip(self):
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that hangs up on the dripping answer is what the test is about."""


@pytest.fixture
def server():
    made = Server(("127.0.0.1", 0), Handler)
    made.asked = []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def client(server):
    return GuardedClient(
        FetchLimits(most_bytes=200_000, seconds=3),
        allowed=frozenset({"127.0.0.1"}),
        ports=frozenset({80, 443, server.server_port}),
        resolve=lambda host, port: guarded.resolve(host, port) if host[0].isdigit() else ["127.0.0.1"],
    )


@pytest.fixture
def url(server):
    return f"http://pictures.example:{server.server_port}"


def test_a_picture_is_fetched_from_the_address_that_was_checked(client, url, server):
    found = client.get(f"{url}/plain?size=3")
    assert (found.status, found.media_type, found.data) == (200, "image/png", b"a picture")
    path, headers = server.asked[0]
    assert path == "/plain?size=3"
    assert headers["Host"] == f"pictures.example:{server.server_port}"
    assert headers["Accept-Encoding"] == "identity"


def test_a_redirect_is_followed_and_checked_as_the_first(client, url):
    assert client.get(f"{url}/moved").data == b"a picture"
    with pytest.raises(FetchRefused, match="public network"):
        client.get(f"{url}/inside")
    with pytest.raises(FetchRefused, match="more than 5 times"):
        client.get(f"{url}/round")


@pytest.mark.parametrize(
    ("path", "reason"), [("large", "more than"), ("packed", "packed"), ("drip", "too slowly|in time")]
)
def test_an_answer_that_costs_too_much(client, url, path, reason):
    with pytest.raises(FetchRefused, match=reason):
        client.get(f"{url}/{path}")


def test_a_name_that_changes_its_address_between_looking_and_asking(server, url):
    """The address that was checked is the one that is asked: there is no second look."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    client = GuardedClient(
        FetchLimits(seconds=1, connect=0.3), ports=frozenset({server.server_port}), resolve=lambda *_: next(answers)
    )
    with pytest.raises(FetchRefused):
        client.get(f"{url}/plain")
    assert server.asked == []


def test_one_inner_address_among_several_is_enough(client, url):
    client.resolve = lambda *_: ["93.184.216.34", "192.168.0.1"]
    with pytest.raises(FetchRefused, match="public network"):
        client.get(url)


def test_a_post_follows_no_redirect(client, url, server):
    assert client.post(f"{url}/inside", b"x", {"a": "b"}).status == 302
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://x/",
        "http://",
        "http://[",
        "http://user:word@example.org/",
        "http://example.org:22/",
        "http://example.org:99999/",
        "nonsense",
        "",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest",
        "http://0/",
        "http://2130706433/",
    ],
)
def test_what_is_never_asked(url):
    with pytest.raises(FetchRefused) as told:
        GuardedClient(FetchLimits(seconds=1)).get(url)
    assert not url or url not in str(told.value)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("169.254.1.1", False),
        ("192.168.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:192.168.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_what_is_public(address, public):
    assert is_public(address) is public
