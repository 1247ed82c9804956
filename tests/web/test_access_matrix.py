"""Every route, asked by every role and by nobody, against the table that says who may ask it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from tutela.access.permissions import GRANTS, Permission, Role
from tutela.store.audit import By
from web.conftest import KNOWN

#: Route -> the permission it needs; ``signed-in`` for any account, ``anybody`` for no account at all.
TABLE = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "access.json").read_text())
#: HMA's routes are there a second time, below a token.
BELOW = "/hma/{token}"
#: What opens with a password or a one-time link: without a right one they are refused, and not for want of a role.
WITH_A_SECRET = {"POST /setup", "GET /invite", "POST /invite", "POST /sign-in"}
FILLED = {"name": "known", "key": "one", "number": "999", "content_id": "999", "action": "nothing"}
ME = By("a test")


def routes(app):
    """Return (method, path) of every route, as the app itself has them."""
    found = []
    for route in iter_route_contexts(app.routes):
        methods = {"GET"} if route.methods is None else route.methods - {"HEAD"}
        found += [(method, route.path) for method in sorted(methods)]
    return found


def needed(method, path):
    return TABLE[f"{method} {path.removeprefix(BELOW)}"]


def ask(client, method, path, token=""):
    filled = re.sub(r"{(\w+)(?::\w+)?}", lambda found: (FILLED | {"token": token or "none"})[found[1]], path)
    client.headers.pop("authorization", None)
    if token and not path.startswith(BELOW):
        client.headers["authorization"] = f"Bearer {token}"
    return client.request(method, filled)


def says_no(answer):
    """Whether an answer refuses for who asks: 401 or 403, or the way to the sign-in for pages."""
    away = answer.headers.get("location", "")
    return answer.status_code in {401, 403} or away == "/sign-in" or away.startswith("/sign-in?next=")


def wrongly_answered(app, client, token, allowed):
    """Return what is answered otherwise than the table has it; ``allowed`` are the permissions of whoever asks."""
    wrong = []
    for method, path in routes(app):
        need, answer = needed(method, path), ask(client, method, path, token)
        may = need == "anybody" or (bool(token) and (need == "signed-in" or need in allowed))
        if f"{method} {path}" in WITH_A_SECRET:
            continue
        failed = answer.status_code >= 500 and answer.status_code != 501
        refused_otherwise = not may and bool(token) and answer.status_code != 403
        if failed or refused_otherwise or says_no(answer) is may:
            wrong.append((method, path, need, answer.status_code))
    return wrong


@pytest.fixture
def settings(settings):
    """URLs are fetched here, since where they are not that is refused to everybody."""
    return replace(settings, server=replace(settings.server, fetch_urls=True))


@pytest.fixture
def client(app, people):
    with TestClient(app, base_url="http://tutela.test", follow_redirects=False, raise_server_exceptions=False) as made:
        yield made


def test_every_route_is_in_the_table_and_the_table_has_no_other(app):
    there = {f"{method} {path.removeprefix(BELOW)}" for method, path in routes(app)}
    assert there - set(TABLE) == set()
    assert set(TABLE) - there == set()
    asked = set(Permission) - {Permission.HASHES_READ}  # which decides what an answer holds, not whether there is one
    assert set(TABLE.values()) == {"anybody", "signed-in"} | asked


def test_what_is_below_a_token_is_what_is_there_without(app):
    below = {(method, path.removeprefix(BELOW)) for method, path in routes(app) if path.startswith(BELOW)}
    beside = {(method, path) for method, path in routes(app) if path.split("/")[1] in {"h", "m", "c", "status"}}
    assert below == beside | {("GET", "/site-map")}


def test_nobody(app, client):
    assert wrongly_answered(app, client, "", frozenset()) == []


@pytest.mark.parametrize("role", Role)
def test_a_role(app, client, services, people, role):
    token, _ = services.tokens.make(people[role.value].id, "a test", None, 1, ME)
    assert wrongly_answered(app, client, token, GRANTS[role]) == []


@pytest.mark.parametrize("opened", [True, False])
def test_a_token_opens_what_its_scopes_name_and_nothing_else(app, client, services, people, opened):
    account = people["root"]
    services.people.set_roles(account.id, set(Role), ME)
    for permission in Permission:
        scopes = {permission} if opened else set(Permission) - {permission}
        token, _ = services.tokens.make(account.id, "a test", scopes, 1, ME)
        for method, path in routes(app):
            if needed(method, path) == permission:
                assert says_no(ask(client, method, path, token)) is not opened, (method, path)


@pytest.mark.parametrize("way", sorted(WITH_A_SECRET))
def test_what_opens_with_a_secret_asks_for_no_role(app, client, way):
    method, path = way.split()
    answer = ask(client, method, path)
    assert answer.status_code == 403
    assert "is needed" not in answer.text
    assert "location" not in answer.headers


@pytest.mark.parametrize("secret", ["tut_", "tut_" + "a" * 43, "\x01", "\xe9" * 40, ""])
def test_a_token_that_is_none_is_nobodys(app, client, secret):
    for path in ("/v1/lists", "/v1/lookup", "/m/lookup", "/metrics"):
        answer = client.get(path, headers=[(b"authorization", b"Bearer " + secret.encode("latin-1"))])
        assert answer.status_code == 401, path


def test_a_session_opens_pages_and_not_the_face_for_programs_of_hma(app, signed_in):
    client = signed_in("curator")
    for method, path in routes(app):
        if method == "GET" and path.split("/")[1] in {"h", "m", "c"}:
            assert ask(client, method, path).status_code == 401, path
    assert client.get("/lists").status_code == 200


@pytest.mark.parametrize("role", Role)
def test_a_list_is_searched_by_value_only_for_who_may_see_values(signed_in, role):
    page = signed_in(role.value).get("/lists/known", params={"q": KNOWN.hex()})
    if Permission.LISTS_READ in GRANTS[role]:
        assert ("key=one" in page.text) is (Permission.HASHES_READ in GRANTS[role])
    else:
        assert page.status_code == 403
