import asyncio
from types import SimpleNamespace

import pytest
from starlette.responses import PlainTextResponse

from tutela.model.errors import Refused
from tutela.web.direct import Direct

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
