"""What is sent to do harm is refused in plain words, changes nothing, and is never a fault of the server."""

import contextlib
import socket
import threading
from datetime import UTC, datetime
from urllib.parse import quote, urljoin, urlsplit

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from tutela.access.permissions import Role
from tutela.model.errors import ListUnknown
from tutela.store.audit import By
from tutela.store.people_tables import tokens
from web.conftest import PASSWORD, csrf_of, sign_in
from web.running import listening

ME = By("a test", "to see it refused")
FORM = {"name": "made", "owner": "a desk", "purpose": "known", "why": "a test"}


@pytest.fixture
def curator(as_role):
    return as_role("curator")


@pytest.fixture
def at_once(monkeypatch):
    """What a process knows of callers is not gone by, not even for a second."""
    monkeypatch.setattr("tutela.web.signed_in.FRESH", 0.0)


def files_in(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


def told_plainly(answer):
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) >= {"type", "title", "status", "detail", "instance"}
    assert "Traceback" not in answer.text
    return answer.status_code


# ------------------------------------------------------------------------------------------------- forged requests
@pytest.mark.parametrize("csrf", [None, "", "wrong", "\u00e9", "other"])
def test_a_form_without_the_value_of_its_sign_in_changes_nothing(signed_in, services, csrf):
    client, other = signed_in("curator"), signed_in("curator")
    value = {"csrf": other.csrf if csrf == "other" else csrf} if csrf is not None else {}
    assert client.post("/lists/new", data=FORM | value).status_code == 403
    assert client.post(f"/lists/new?csrf={client.csrf}", data=FORM | value).status_code == 403
    assert client.post("/lists/new", data=FORM, headers={"x-csrf-token": other.csrf}).status_code == 403
    with pytest.raises(ListUnknown):
        services.store.info("made")
    assert client.post("/lists/new", data=FORM | {"csrf": client.csrf}).status_code == 303


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_site_cannot_have_a_browser_use_the_api(signed_in, services, kind):
    client = signed_in("curator")
    headers = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site", "content-type": kind}
    assert told_plainly(client.post("/v1/lists", content=b'{"name": "made"}', headers=headers)) in {400, 403}
    assert client.post("/lists/new", content=b"name=made&why=x", headers=headers).status_code in {400, 403}
    with pytest.raises(ListUnknown):
        services.store.info("made")


def test_another_site_may_not_even_ask(signed_in):
    client = signed_in("curator")
    origin = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    for method in ("OPTIONS", "GET"):
        answer = client.request(method, "/v1/lists", headers=origin)
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_nobody_can_be_signed_in_by_another_site(app, people):
    with TestClient(app, base_url="http://tutela.test", follow_redirects=False) as client:
        form = {"name": "curator", "password": PASSWORD, "csrf": "guessed", "next": "/"}
        assert client.post("/sign-in", data=form).status_code == 403
        client.get("/sign-in")
        assert client.post("/sign-in", data=form).status_code == 403
        assert "tutela" not in client.cookies


# -------------------------------------------------------------------------------------------------------- sign-ins
def test_a_cookie_from_before_the_sign_in_is_worth_nothing_after_it(app, people):
    with TestClient(app, base_url="http://tutela.test", follow_redirects=False) as client:
        client.cookies.set("tutela", "chosen-by-somebody-else", domain="tutela.test", path="/")
        answer = sign_in(client, "curator")
        name, *bounds = answer.headers["set-cookie"].split("; ")
        assert "chosen-by-somebody-else" not in name
        assert {"HttpOnly", "SameSite=lax"} <= set(bounds)
    with TestClient(app, base_url="http://tutela.test", follow_redirects=False) as attacker:
        attacker.cookies.set("tutela", "chosen-by-somebody-else")
        assert attacker.get("/account").headers["location"].startswith("/sign-in")


def test_each_sign_in_has_its_own_cookie_and_signing_out_ends_it(app, signed_in, at_once):
    first, second = signed_in("curator"), signed_in("curator")
    kept = first.cookies["tutela"]
    assert kept != second.cookies["tutela"]
    assert first.csrf != second.csrf
    assert first.post("/sign-out", data={"csrf": first.csrf}).status_code == 303
    with TestClient(app, base_url="http://tutela.test", follow_redirects=False, cookies={"tutela": kept}) as replayed:
        assert replayed.get("/account").headers["location"].startswith("/sign-in")
    assert second.get("/account").status_code == 200


def test_a_cookie_is_no_token_and_a_token_no_cookie(app, signed_in, curator):
    secret = curator.headers["authorization"].removeprefix("Bearer ")
    cookie = signed_in("curator").cookies["tutela"]
    with TestClient(app, base_url="http://tutela.test", follow_redirects=False) as client:
        assert client.get("/v1/lists", headers={"authorization": f"Bearer {cookie}"}).status_code == 401
        client.cookies.set("tutela", secret)
        assert client.get("/v1/lists").status_code == 401


# ---------------------------------------------------------------------------------------------------------- tokens
def revoke(services, account, number):
    services.tokens.revoke(number, ME)


def expire(services, account, number):
    with services.store.database.writing() as connection:
        past = int(datetime.now(UTC).timestamp() * 1e6) - 1
        connection.execute(update(tokens).where(tokens.c.id == number).values(until=past))


def shut_out(services, account, number):
    services.people.disable(account.id, ME)


@pytest.mark.parametrize("end", [revoke, expire, shut_out])
def test_a_token_that_has_ended_opens_nothing_again(as_role, services, people, at_once, end):
    secret, token = services.tokens.make(people["curator"].id, "a test", None, 1, ME)
    client = as_role()
    asked = [
        ("/v1/lists", {"authorization": f"Bearer {secret}"}),
        ("/c/banks", {"authorization": f"Bearer {secret}"}),
        (f"/hma/{secret}/c/banks", {}),
    ]
    assert [client.get(path, headers=headers).status_code for path, headers in asked] == [200, 200, 200]
    end(services, people["curator"], token.id)
    assert [client.get(path, headers=headers).status_code for path, headers in asked] == [401, 401, 401]


def test_a_token_loses_what_its_account_loses(as_role, services, people, at_once):
    client = as_role("curator")
    assert client.post("/v1/lists", json={"name": "made"}).status_code == 201
    services.people.set_roles(people["curator"].id, {Role.READER}, ME)
    assert told_plainly(client.post("/v1/lists", json={"name": "another"})) == 403
    assert client.get("/v1/lists").status_code == 200


# ----------------------------------------------------------------------------------------------------------- names
CLIMBING = ["../../etc/passwd", "..", ".", "..\\..\\x", "/etc/passwd", "known/../../x", "x\x00y", "~root", "....//x"]


@pytest.mark.parametrize("name", CLIMBING)
def test_no_name_leads_out_of_the_home(curator, services, tmp_path, name):
    before = files_in(tmp_path) - files_in(services.settings.home)
    assert told_plainly(curator.post("/v1/lists", json={"name": name})) in {400, 422}
    once = quote(name, safe="").replace(".", "%2e")  # a plain dot is taken out by the client
    for path in (once, once.replace("%", "%25")):
        no = {400, 404, 405, 422}  # PostgreSQL has no NUL in texts
        assert told_plainly(curator.get(f"/v1/lists/{path}")) in no
        assert told_plainly(curator.post(f"/v1/lists/{path}/exports")) in no
        assert told_plainly(curator.post(f"/v1/lists/{path}/imports", content=b"md5 " + b"0" * 32)) in no
        assert told_plainly(curator.get(f"/v1/jobs/{path}/file")) in {400, 404, 422}
        assert told_plainly(curator.get(f"/static/{path}")) in {404, 405}
    assert files_in(tmp_path) - files_in(services.settings.home) == before
    assert not list((services.settings.home / "uploads").glob("*"))


def test_the_name_of_an_uploaded_file_names_none_of_ours(signed_in, services, tmp_path):
    client, before = signed_in("curator"), files_in(tmp_path)
    file = ("../../../climbed\x00.csv", b"md5 " + b"0" * 32, "text/plain")
    answer = client.post("/lists/known/imports", data={"csrf": client.csrf, "why": "x"}, files={"file": file})
    assert answer.headers["location"].startswith("/jobs/")
    (made,) = {
        path for path in files_in(tmp_path) - before if "audit" not in path.name and "tutela.db" not in path.name
    }
    assert made.parent == services.settings.home / "uploads"
    assert set(made.name) <= set("0123456789abcdef")


BROKEN_LINES = "x\r\nX-Evil: 1\r\n\r\n<script>"


def test_no_name_breaks_out_of_a_header(signed_in, curator):
    client, entry = signed_in("curator"), {"signals": [{"kind": "md5", "value": "0" * 32}], "why": "x"}
    form = {"csrf": client.csrf, "key": BROKEN_LINES, "values": "md5 " + "1" * 32, "why": "x"}
    answers = [
        curator.post("/v1/lists", json={"name": BROKEN_LINES}),
        curator.get("/v1/lists/" + quote(BROKEN_LINES)),
        curator.post("/v1/lists/known/entries", json=entry | {"key": BROKEN_LINES}),
        curator.post("/v1/lists/known/exports", params={"format": BROKEN_LINES}),
        curator.post("/v1/match", params={"name": BROKEN_LINES}, content=b"no picture"),
        curator.get("/c/bank/" + quote(BROKEN_LINES)),
        client.post("/lists/known/add", data=form),
        client.post("/theme", data={"csrf": client.csrf, "theme": BROKEN_LINES, "back": f"/{BROKEN_LINES}"}),
        client.get("/lists/" + quote(BROKEN_LINES)),
        client.get("/account?told=" + quote(BROKEN_LINES)),
    ]
    for answer in answers:
        assert answer.status_code < 500
        assert "x-evil" not in answer.headers
        assert not [value for value in answer.headers.values() if "\n" in value or "\r" in value]
        assert "text/html" not in answer.headers.get("content-type", "") or "<script>" not in answer.text


ELSEWHERE = [
    "//elsewhere.example",
    "https://elsewhere.example/",
    "/\\elsewhere.example",
    "\\\\elsewhere.example",
    "/\t/elsewhere.example",
    "/\n/elsewhere.example",
    "\x00//elsewhere.example",
    "///elsewhere.example",
    "javascript:alert(1)",
    "http:elsewhere.example",
    "@elsewhere.example",
    "/ok\r\nLocation: https://elsewhere.example",
    "",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_redirect_leads_to_another_site(app, people, signed_in, target):
    with TestClient(app, base_url="http://tutela.test", follow_redirects=False) as client:
        page = client.get("/sign-in", params={"next": target})
        assert page.status_code == 200
        form = {"csrf": csrf_of(page.text), "name": "reader", "password": PASSWORD, "code": "", "next": target}
        answer = client.post("/sign-in", data=form)
    inside = signed_in("reader")
    other = inside.post("/theme", data={"csrf": inside.csrf, "theme": "dark", "back": target})
    for one in (answer, other):
        assert one.status_code == 303
        # As browsers read it: backslashes are slashes, tabs and line ends are nothing.
        read = one.headers["location"].translate({ord("\\"): "/", ord("\t"): None, ord("\n"): None, ord("\r"): None})
        assert urlsplit(urljoin("http://tutela.test/sign-in", read)).netloc == "tutela.test"


# ---------------------------------------------------------------------------------------------------------- bodies
def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(curator, services):
    most = services.settings.server.max_body
    piece = b"x" * 65536

    def pieces():
        for _ in range(most // len(piece) + 2):
            yield piece

    for path in ("/v1/match", "/v1/lookup", "/v1/lists"):
        for body in (b"x" * (most + 1), pieces()):
            answer = curator.post(path, content=body, headers={"content-type": "application/octet-stream"})
            assert answer.status_code == 413, path
    assert told_plainly(curator.post("/v1/match", content=b"", headers={"content-length": str(10**15)})) == 413


DEEP = [b"[" * 200_000, b'{"a":' * 100_000, b'{"signals":' + b"[" * 5000 + b"]" * 5000 + b"}"]
NUMBERS = [
    b"9" * 400,
    b"-" + b"9" * 25,
    b"1e400",
    b"1e-400",
    b"NaN",
    b"0x1",
    b"9" * 5000,
    b"9223372036854775808",
]
LETTERS = [
    b"\xff\xfe",
    b'{"name": "\xc3\x28"}',
    b'{"name": "\\ud800"}',
    b'{"name": "a\\u0000b"}',
    b"\x00",
    b"\xef\xbb\xbf{}",
]
JSON_PATHS = ["/v1/lists", "/v1/lookup", "/v1/match/url", "/v1/lists/known/entries", "/v1/lists/known/entries/withdraw"]


@pytest.mark.parametrize("path", JSON_PATHS)
def test_json_that_is_none_or_too_deep_is_told(curator, path):
    for body in (*DEEP, *LETTERS, b"", b"null", b"[]", b'""', b"{", b"{}"):
        told_plainly(curator.post(path, content=body, headers={"content-type": "application/json"}))


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_beyond_any_measure_are_told(curator, as_role, number):
    json = {"content-type": "application/json"}
    entry = b'{"key": "x", "signals": [{"kind": "pdq", "value": "%s", "quality": %s}]}' % (b"0" * 64, number)
    told_plainly(curator.post("/v1/lists/known/entries", content=entry, headers=json))
    signals = b'{"signals": [{"kind": "pdq", "value": "%s", "quality": %s}]}' % (b"0" * 64, number)
    told_plainly(curator.post("/v1/lookup", content=signals, headers=json))
    limits = b'{"name": "made", "thresholds": {"pdq": {"distance": %s}}}' % number
    if number != b"1e-400":  # which is 0
        told_plainly(curator.post("/v1/lists", content=limits, headers=json))
    until = b'{"until": %s, "why": "x"}' % number
    told_plainly(curator.post("/v1/lists/known/entries/one/disable", content=until, headers=json))
    pages = as_role("administrator")
    for path in ("/people/{}", "/why?account={}", "/audit?before={}", "/v1/jobs/{}", "/v1/jobs?limit={}", "/c/bank/{}"):
        assert pages.get(path.format(number.decode())).status_code < 500, path
    for path in ("/people/{}/disable", "/tokens/{}/revoke", "/webhooks/{}/disable", "/v1/jobs/{}/cancel"):
        assert pages.post(path.format(number.decode())).status_code < 500, path
    content = f"/c/bank/KNOWN/content/{number.decode()}"
    assert curator.get(content).status_code < 500
    assert curator.put(content, content=b'{"disable_until_ts": %s}' % number, headers=json).status_code < 500


@pytest.mark.parametrize("text", ["%00", "%ff%fe", "%ed%a0%80", "%c3%28", "%0d%0aX-Evil:%201", "%2500", "%e2%80%ae"])
def test_letters_that_are_none_are_told(curator, text):
    for path in ("/v1/lists/{}", "/v1/lists/known/entries/{}", "/v1/jobs/{}", "/v1/lookup?kind={}&value=00"):
        told_plainly(curator.get(path.format(text)))
    for name in ("after", "state", "label", "kind", "prefix", "limit"):
        answer = curator.get(f"/v1/lists/known/entries?{name}={text}")
        assert answer.status_code < 500, name
        assert "x-evil" not in answer.headers
    told_plainly(curator.get(f"/v1/lookup?kind=md5&value={'0' * 32}&at={text}"))
    told_plainly(curator.get(f"/v1/lookup?kind=md5&value={'0' * 32}&lists={text}"))


PART = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\nabc\r\n'
FORMS = {
    "no boundary": ("multipart/form-data", b"abc"),
    "an empty boundary": ("multipart/form-data; boundary=", b"abc"),
    "another boundary": ("multipart/form-data; boundary=y", PART % (b"file", b'; filename="a"') + b"--x--\r\n"),
    "no end": ("multipart/form-data; boundary=x", PART % (b"other", b'; filename="a"')),
    "no name": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--x--\r\n"),
    "no disposition": ("multipart/form-data; boundary=x", b"--x\r\n\r\nabc\r\n--x--\r\n"),
    "two files": ("multipart/form-data; boundary=x", PART % (b"file", b'; filename="a"') * 2 + b"--x--\r\n"),
    "too many fields": ("multipart/form-data; boundary=x", PART % (b"a", b"") * 2000 + b"--x--\r\n"),
    "no letters": ("multipart/form-data; boundary=x; charset=nonsense", PART % (b"\xff\xfe", b"") + b"--x--\r\n"),
    "a long header": (
        "multipart/form-data; boundary=x",
        b"--x\r\nA: " + b"b" * 1_000_000 + b"\r\n\r\nabc\r\n--x--\r\n",
    ),
    "nothing": ("multipart/form-data; boundary=x", b""),
}


# The framework's parser leaves the file of a part without an end to the collector of garbage.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("fault", FORMS)
def test_a_form_that_is_none_is_told(curator, signed_in, services, fault):
    kind, body = FORMS[fault]
    told_plainly(curator.post("/v1/match", content=body, headers={"content-type": kind}))
    answer = curator.post("/h/hash", content=body, headers={"content-type": kind})
    assert 400 <= answer.status_code < 500
    assert set(answer.json()) == {"message"}
    client = signed_in("curator")
    for path in ("/match", "/lists/known/imports", "/lists/known/add"):
        page = client.post(path, content=body, headers={"content-type": kind, "x-csrf-token": client.csrf})
        assert 400 <= page.status_code < 500, path
    assert services.store.show("known").entries == 2


# ----------------------------------------------------------------------------------------------------- slow bodies
DRIPPED = [
    ("POST /v1/match", 408),
    ("POST /v1/lists/known/imports", 408),
    ("POST /match", 303),
    ("GET /health/live", 200),
]


def test_who_drips_is_dropped_and_others_are_served_meanwhile(app, services, people, monkeypatch):
    monkeypatch.setattr("tutela.web.policy.PATIENCE", 0.5)
    secret, _ = services.tokens.make(people["curator"].id, "a test", None, 1, ME)
    known, ended = f"Authorization: Bearer {secret}\r\n", threading.Event()

    def drip(line):
        with contextlib.suppress(OSError):
            while not ended.wait(0.02):
                line.sendall(b"x")

    with listening(app) as address, contextlib.ExitStack() as opened:
        place = urlsplit(address).hostname, urlsplit(address).port
        lines = [opened.enter_context(socket.create_connection(place, 20)) for _ in range(20)]
        for line, (way, status) in zip(lines, DRIPPED * 5, strict=True):
            head = f"{way} HTTP/1.1\r\nHost: x\r\n{known if status == 408 else ''}Content-Length: 1000000\r\n\r\n"
            line.sendall(head.encode())
            threading.Thread(target=drip, args=(line,), daemon=True).start()
        with socket.create_connection(place, 20) as other:
            other.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b"200 OK" in received(other)
        for line, (_, status) in zip(lines, DRIPPED * 5, strict=True):
            assert received(line).startswith(f"HTTP/1.1 {status} ".encode())
        ended.set()


def received(line):
    """Return all that comes until the other side closes."""
    pieces = []
    with contextlib.suppress(ConnectionError):
        while piece := line.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)
