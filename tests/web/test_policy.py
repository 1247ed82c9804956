import asyncio

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tutela.model.errors import BodyTooLarge, BodyTooSlow
from tutela.web import policy
from tutela.web.policy import Policy
from tutela.web.problems import of_error


async def length(request: Request):
    return PlainTextResponse(str(len(await request.body())))


async def own_cache(_request: Request):
    return PlainTextResponse("kept", headers={"cache-control": "max-age=60"})


async def broken(_request: Request):
    raise RuntimeError("the light went out")


@pytest.fixture
def told():
    return []


@pytest.fixture
def client(told):
    app = Starlette(
        routes=[
            Route("/length", length, methods=["GET", "POST"]),
            Route("/x/imports", length, methods=["POST"]),
            Route("/cached", own_cache),
            Route("/broken", broken),
        ],
        exception_handlers={
            BodyTooLarge: lambda request, error: of_error(request, error),
            BodyTooSlow: lambda request, error: of_error(request, error),
        },
    )
    app.add_middleware(
        Policy, most=1000, told=lambda scope, status, _: told.append((scope["path"], status)), unlimited=("/imports",)
    )
    return TestClient(app, raise_server_exceptions=False)


def test_every_answer_has_the_policy_of_content(client):
    for path in ("/length", "/nowhere", "/cached"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert len(headers["x-request-id"]) == 36


def test_answers_are_not_stored_unless_a_route_says_so(client):
    assert client.get("/length").headers["cache-control"] == "no-store"
    assert client.get("/cached").headers["cache-control"] == "max-age=60"


def test_request_ids_differ(client):
    assert client.get("/length").headers["x-request-id"] != client.get("/length").headers["x-request-id"]


def test_a_body_of_the_most_is_taken_and_a_larger_one_is_not(client, told):
    assert client.post("/length", content=b"x" * 1000).text == "1000"
    answer = client.post("/length", content=b"x" * 1001)
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:tutela:problem:body-too-large"
    assert told == [("/length", 200), ("/length", 413)]


def test_a_body_that_does_not_say_its_length_is_measured(client):
    def pieces(number):
        return (b"x" * 100 for _ in range(number))

    assert client.post("/length", content=pieces(10)).text == "1000"
    assert client.post("/length", content=pieces(11)).status_code == 413


def test_an_import_has_any_length(client):
    assert client.post("/x/imports", content=b"x" * 5000).text == "5000"


def test_a_body_that_drips_is_given_up(monkeypatch):
    monkeypatch.setattr(policy, "PATIENCE", 0.05)
    paced = policy._Paced(receive=dripping(), most=None)

    async def read():
        while True:
            await paced.receive()

    with pytest.raises(BodyTooSlow):
        asyncio.run(read())


def dripping():
    async def receive():
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    return receive


def test_a_crash_is_told_and_has_the_headers(client, told):
    answer = client.get("/broken")
    assert answer.status_code == 500
    assert told == [("/broken", 500)]
    assert "the light" not in answer.text
