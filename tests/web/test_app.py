import json
import logging

import pytest
from starlette.routing import Mount
from starlette.testclient import TestClient

from tutela.model.errors import IndexDamaged
from tutela.web.app import JsonLines, create_app

VALUE = "00112233445566778899aabbccddeeff"


def test_every_route_for_programs_wants_an_account(app, as_role):
    nobody = as_role()
    asked = 0
    for path, ways in app.openapi()["paths"].items():
        if path.startswith("/v1/"):
            for method in ways:
                answer = nobody.request(method, path.replace("{", "").replace("}", ""))
                assert answer.status_code == 401, (method, path)
                assert answer.headers["content-type"] == "application/problem+json"
                asked += 1
    assert asked >= 20


def test_what_is_not_there_and_what_cannot_be_done_there(as_role):
    client = as_role("administrator")
    assert client.get("/v1/nothing").json()["type"].startswith("urn:tutela:problem:")
    assert client.get("/v1/nothing").status_code == 404
    assert client.get("/v1/nothing").json()["detail"] == "There is nothing at this address."
    answer = client.put("/v1/lookup")
    assert answer.status_code == 405


def test_every_path_for_programs_is_described_and_nothing_else_is(app):
    described = app.openapi()["paths"]
    there = {route.path.replace(":path", "") for route in routes_of(app) if route.path.startswith("/v1/")} - {
        "/v1/openapi.json"
    }
    assert there == {path for path in described if path.startswith("/v1/")}
    assert not [path for path in described if path.startswith(("/m/", "/h/", "/hma/"))]


def routes_of(app):
    """Every route, of the app and of what it includes."""
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        yield from routes_of(inner) if inner is not None else [route]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_what_is_not_there_has_the_form_of_every_error(as_role, method):
    answer = as_role("administrator").request(method, "/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    if method != "HEAD":
        assert answer.json()["type"] == "urn:tutela:problem:not-found"


def test_no_page_loads_anything_from_elsewhere(as_role):
    client = as_role("administrator")
    for path in ("/docs", "/redoc"):
        assert client.get(path).status_code == 404


def test_files_of_the_console_may_be_kept_and_are_of_this_package(app, as_role):
    answer = as_role().get("/static/console.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=86400"
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/"):
        assert as_role().get(path).status_code in {404, 405}
    assert [route.path for route in app.routes if isinstance(route, Mount)] == ["/static"]


def test_the_log_has_the_pattern_of_a_route_and_not_what_was_asked(as_role, caplog):
    client = as_role("curator")
    with caplog.at_level(logging.INFO, "tutela.web"):
        client.get("/v1/lists/known/entries/one", params={"secret": VALUE})
        client.get("/v1/lookup", params={"kind": "md5", "value": VALUE})
        client.get("/v1/lookup", params={"kind": "md5", "value": VALUE + "x"})
    told = [record.told for record in caplog.records if record.message == "request"]
    assert [(one["route"], one["status"]) for one in told] == [
        ("/v1/lists/{name}/entries/{key:path}", 200),
        ("/v1/lookup", 400),
    ]
    assert all("curator" in one["who"] for one in told)
    assert VALUE not in str(told)


@pytest.mark.parametrize("path", ["/v1/lookup?kind=md5&value=", "/v1/lists", "/m/lookup?signal_type=md5&signal="])
def test_the_log_says_what_an_answer_does_not(as_role, services, monkeypatch, caplog, path):
    def broken(*_args):
        raise IndexDamaged(path="/a/secret/place", reason="a bit fell over")

    client = as_role("curator")
    monkeypatch.setattr(type(services.matching), "lists", broken)
    monkeypatch.setattr(type(services.store), "lists", broken)
    answer = client.get(path + VALUE if path.endswith("=") else path)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    (told,) = [record.told for record in caplog.records if record.message == "request failed"]
    assert (told["request"], told["error"]) == (answer.headers["x-request-id"], "IndexDamaged")
    assert "/a/secret/place" in told["reason"]


@pytest.mark.parametrize("path", ["/v1/lookup?kind=md5&value=" + VALUE, "/v1/lists", "/lists", "/m/lookup"])
def test_a_fault_that_nobody_foresaw_is_told_in_the_form_of_every_other(
    app, as_role, services, monkeypatch, caplog, path
):
    def broken(*_args):
        raise ZeroDivisionError("in a secret place")

    headers = as_role("curator").headers
    client = TestClient(app, headers=headers, raise_server_exceptions=False)
    monkeypatch.setattr(type(services.tokens), "actor", broken)
    answer = client.get(path)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    if path != "/lists":
        assert answer.json()["instance"] == "urn:uuid:" + answer.headers["x-request-id"]
    (record,) = [record for record in caplog.records if record.message == "request failed"]
    assert record.told == {"request": answer.headers["x-request-id"], "error": "ZeroDivisionError"}
    assert "in a secret place" in JsonLines().format(record)


def test_a_line_of_the_log_is_json_whatever_it_tells():
    line = logging.LogRecord("tutela.web", logging.ERROR, "", 1, "it said\n%s", ("“no”",), None)
    line.told = {"request": "1", "when": object}
    read = json.loads(JsonLines().format(line))
    assert (read["level"], read["message"], read["request"]) == ("error", "it said\n“no”", "1")
    line.exc_info = (ValueError, ValueError("x"), None)
    told = JsonLines().format(line)
    assert "\n" not in told
    assert "ValueError: x" in json.loads(told)["trace"]


@pytest.mark.parametrize("address", ["https://tutela.example", ""])
def test_behind_tls_the_cookie_is_bound_to_the_host(services, address):
    from dataclasses import replace

    services.settings = replace(services.settings, server=replace(services.settings.server, public_url=address))
    name = create_app(services).state.callers.cookie
    assert name.startswith("__Host-") is address.startswith("https")
