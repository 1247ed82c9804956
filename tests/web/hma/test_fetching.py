import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from starlette.exceptions import HTTPException

from tutela.exchange.guarded import GuardedClient
from tutela.model.errors import FetchingOff
from tutela.model.settings import ServerSettings
from tutela.web.hma.fetching import fetch

ON = ServerSettings(fetch_urls=True)


@pytest.fixture
def address(picture):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            self.send_response(200 if self.path == "/a.jpg" else 404)
            self.send_header("content-type", "image/jpeg")
            self.end_headers()
            self.wfile.write(picture())

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_is_fetched_unless_it_is_switched_on():
    with pytest.raises(FetchingOff):
        fetch(ServerSettings(), "https://example.com/")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://127.0.0.1/", "http://localhost:5432/", "x", "http://[::1]/"]
)
def test_what_may_not_be_fetched_is_refused_without_repeating_it(url):
    with pytest.raises(HTTPException) as refused:
        fetch(ON, url)
    assert refused.value.status_code == 400
    assert url not in refused.value.detail


def test_what_is_there_comes_with_its_type(address, picture):
    client = GuardedClient(allowed=frozenset({"127.0.0.1"}), ports=frozenset({address}))
    assert fetch(ON, f"http://127.0.0.1:{address}/a.jpg", client) == ("image/jpeg", picture())
    with pytest.raises(HTTPException, match="404"):
        fetch(ON, f"http://127.0.0.1:{address}/b.jpg", client)


def test_the_api_says_that_it_fetches_nothing(client):
    for path in ("/h/hash?url=https://example.com/", "/m/lookup?url=https://example.com/"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "fetch_urls" in answer.json()["message"]
