import asyncio
import json
from types import SimpleNamespace

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from tutela.access.permissions import Permission
from tutela.model.errors import Refused
from tutela.web.app import create_app
from tutela.web.direct import Direct
from web.conftest import KNOWN, ME, PDQ

OWNER = SimpleNamespace(state=SimpleNamespace())


async def beyond(scope, receive, send):
    await PlainTextResponse("beyond")(scope, receive, send)


async def who(request):
    if "nobody" in request.headers:
        raise Refused(reason="who are you")
    return "somebody"


async def answer(request, actor):
    return PlainTextResponse(
        f"{actor} {request.query_params.get('x')} {request.app is OWNER} {request.scope['route'].path}"
    )


def asked(method, path, headers=()):
    sent = []
    scope = {"type": "http", "method": method, "path": path, "query_string": b"x=1", "headers": list(headers)}
    scope |= {"state": {"request_id": "1"}, "server": ("a", 1), "scheme": "http"}

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        sent.append(message)

    direct = Direct(beyond, ways={("GET", "/quick"): (who, answer)}, owner=lambda: OWNER)
    asyncio.run(direct(scope, receive, send))
    return sent[0]["status"], sent[1]["body"].decode()


def test_its_own_are_answered_before_the_framework():
    assert asked("GET", "/quick") == (200, "somebody 1 True /quick")


@pytest.mark.parametrize(("method", "path"), [("POST", "/quick"), ("GET", "/quick/"), ("GET", "/other")])
def test_every_other_is_handed_on(method, path):
    assert asked(method, path) == (200, "beyond")


def test_what_is_refused_is_told_as_elsewhere():
    status, body = asked("GET", "/quick", [(b"nobody", b"1"), (b"accept", b"application/json")])
    assert status == 403
    assert "urn:tutela:problem:refused" in body


@pytest.mark.parametrize("scope", [{"type": "lifespan"}, {"type": "websocket", "path": "/quick"}])
def test_what_is_no_request_is_handed_on(scope):
    seen = []

    async def app(scope, _receive, _send):
        seen.append(scope["type"])

    direct = Direct(app, ways={("GET", "/quick"): (who, answer)}, owner=lambda: None)
    asyncio.run(direct(scope, None, None))
    assert seen == [scope["type"]]


# ---------------------------------------------------------------------------------- the same as the framework's way
NEAR = bytes([PDQ[0] ^ 1, *PDQ[1:]]).hex()
HIT = {"kind": "md5", "value": KNOWN.hex()}
ONE = [
    HIT,
    {**HIT, "lists": "known"},
    {**HIT, "lists": ""},
    {**HIT, "lists": "nobody"},
    {**HIT, "at": "2001-01-01"},
    {**HIT, "at": "2001-01-01", "lists": "known"},
    {**HIT, "at": "2999-01-01T00:00:00Z"},
    {**HIT, "at": "0001-01-01T00:00:00+23:00"},
    {**HIT, "at": "9999-12-31T23:59:59-23:00"},
    {**HIT, "at": "yesterday"},
    {"kind": "md5", "value": "00" * 16, "more": "ü"},
    {"kind": "md5", "value": KNOWN.hex().upper()},
    {"kind": "pdq", "value": NEAR, "quality": "100"},
    *({"kind": "pdq", "value": NEAR, "quality": bad} for bad in ("-1", "101", "00100", "", "\u0663", "9" * 5000)),
    *({"kind": "md5", "value": bad} for bad in ("", "0", "zz" * 16, "00" * 5000, "\0", "\ud7ff", " " + KNOWN.hex())),
    {"kind": "colour", "value": "00"},
    {"kind": "", "value": ""},
    {"value": "00"},
    {},
]
MANY = [
    {"signals": [HIT, {"kind": "pdq", "value": NEAR, "quality": 0}]},
    {"signals": [HIT], "lists": ["known", "known"], "at": None},
    {"signals": [HIT], "lists": ["known"], "at": "2999-01-01"},
    {"signals": [HIT], "at": 5},
    {"signals": [HIT], "lists": "known"},
    {"signals": [HIT], "lists": [1]},
    {"kind": "md5", "values": [KNOWN.hex(), "00" * 16] * 5000},
    {"kind": "md5", "values": ["00" * 16] * 10_001},
    {"kind": "md5", "values": [KNOWN.hex(), 5]},
    {"kind": "md5", "values": [KNOWN.hex(), "x"]},
    {"kind": "md5", "values": []},
    {"kind": ["md5"], "values": [KNOWN.hex()]},
    *({"signals": [bad]} for bad in (5, None, [], {}, {**HIT, "quality": 1.5}, {**HIT, "quality": True})),
    *({"signals": bad} for bad in ({}, "", 5, None)),
    *([], "text", 5, None, True, [HIT]),
]
NO_JSON = [b"", b"{", b"\xff", b"[" * 100_000, b'{"signals": "\\ud800"}', b"1e999", b"{}x", b"\xef\xbb\xbf{}"]


@pytest.fixture
def both(services, people):
    """A way to ask with and without what goes past the framework; gives both answers."""
    ordinary = create_app(services)
    ordinary.user_middleware = [one for one in ordinary.user_middleware if one.cls is not Direct]
    assert len(ordinary.user_middleware) == len(create_app(services).user_middleware) - 1

    def secret(role, scopes=None):
        return services.tokens.make(people[role].id, "a test", scopes, 1, ME)[0]

    quick, slow = (TestClient(app, base_url="http://tutela.test") for app in (create_app(services), ordinary))

    def ask(method, token, **asked):
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return [told(one.request(method, "/v1/lookup", headers=headers, **asked)) for one in (quick, slow)]

    return SimpleNamespace(ask=ask, secret=secret)


def told(answer):
    """All of an answer but its request's id, which is another each time."""
    own = answer.headers.pop("x-request-id")
    return answer.status_code, sorted(answer.headers.multi_items()), answer.text.replace(own, "")


def test_one_value_is_answered_as_by_the_ordinary_way(both):
    token = both.secret("matcher")
    statuses = []
    for asked in ONE:
        quick, slow = both.ask("GET", token, params=asked)
        assert quick == slow, asked
        statuses.append(quick[0])
    assert set(statuses) == {200, 400, 404}
    assert statuses.count(200) >= 8


def test_many_values_are_answered_as_by_the_ordinary_way(both):
    token = both.secret("matcher")
    statuses = []
    for body in [json.dumps(asked).encode() for asked in MANY] + NO_JSON:
        quick, slow = both.ask("POST", token, content=body)
        assert quick == slow, body[:200]
        statuses.append(quick[0])
    assert set(statuses) == {200, 400}
    assert statuses.count(200) == 4


def test_who_may_not_ask_is_told_as_by_the_ordinary_way(both):
    scoped = both.secret("matcher", [Permission.STATISTICS_READ])
    for token, status in ((None, 401), ("tut_wrong", 401), (both.secret("reader"), 403), (scoped, 403)):
        for method, asked in (("GET", {"params": HIT}), ("POST", {"json": {"signals": [HIT]}})):
            quick, slow = both.ask(method, token, **asked)
            assert quick == slow
            assert quick[0] == status
    for method in ("PUT", "DELETE", "HEAD", "OPTIONS", "X"):
        quick, slow = both.ask(method, None)
        assert quick == slow, method
        assert quick[0] == 405, method
