import base64
from types import SimpleNamespace

import pytest

from tutela.access import sessions, tokens
from tutela.access.permissions import Permission, Role
from tutela.web import signed_in as under_test
from tutela.web.signed_in import needs
from web.conftest import KNOWN, ME

ASKED = {"kind": "md5", "value": KNOWN.hex()}
MANY = {"kind": "md5", "values": [KNOWN.hex()]}


@pytest.fixture(autouse=True)
def read_each_time(monkeypatch):
    """What is remembered for a second would let the next request of a test go on."""
    monkeypatch.setattr(under_test, "FRESH", -1.0)


def basic(secret, name="whoever"):
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def made(services, people, role="matcher", days=1, scopes=None):
    return services.tokens.make(people[role].id, "a test", scopes, days, ME)


def status(client, authorization=None):
    headers = {} if authorization is None else {"authorization": authorization}
    return client.get("/v1/lookup", params=ASKED, headers=headers).status_code


def test_a_token_is_taken_as_bearer_and_as_the_password_of_basic(as_role, services, people):
    secret, _ = made(services, people)
    for told in (f"Bearer {secret}", f"bearer  {secret} ", basic(secret), basic(secret, "")):
        assert status(as_role(), told) == 200, told


def test_what_is_no_token_of_anybody_opens_nothing(as_role, services, people):
    secret, _ = made(services, people)
    client = as_role()
    told = ["", "Bearer", "Bearer ", "Bearer tut_nothing", f"Bearer {secret[:-1]}", f"Digest {secret}", secret]
    told += [f"Basic {secret}", "Basic ????", "Basic /w==", "Basic ", basic("tut_nothing"), basic("")]
    for each in told:
        answer = client.get("/v1/lookup", params=ASKED, headers={"authorization": each})
        assert answer.status_code == 401, each
        assert answer.json()["type"] == "urn:tutela:problem:not-signed-in"
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_that_was_revoked_or_is_over_opens_nothing(as_role, services, people, monkeypatch):
    secret, token = made(services, people)
    later, _ = made(services, people, days=3)
    client = as_role()
    services.tokens.revoke(token.id, ME)
    assert status(client, f"Bearer {secret}") == 401
    assert status(client, f"Bearer {later}") == 200
    moment = tokens.precise_now() + 4 * tokens.DAY
    monkeypatch.setattr(tokens, "precise_now", lambda: moment)
    assert status(client, f"Bearer {later}") == 401
    assert status(client, basic(later)) == 401


def test_an_account_that_is_shut_out_is_so_by_token_and_by_cookie(as_role, signed_in, services, people):
    secret, _ = made(services, people)
    client = signed_in("matcher")
    assert (status(client), status(as_role(), f"Bearer {secret}")) == (200, 200)
    services.people.disable(people["matcher"].id, ME)
    assert (status(client), status(as_role(), f"Bearer {secret}")) == (401, 401)


def test_a_cookie_opens_until_its_sign_in_is_ended(signed_in, services, people, monkeypatch):
    first, second = signed_in("matcher"), signed_in("matcher")
    assert status(first) == 200
    _, oldest = services.sessions.of(people["matcher"].id)
    services.sessions.end(oldest.id, ME)
    assert (status(first), status(second)) == (401, 200)
    idle = services.settings.server.session_idle_minutes * sessions.MINUTE
    moment = sessions.precise_now() + idle + sessions.SECOND
    monkeypatch.setattr(sessions, "precise_now", lambda: moment)
    assert status(second) == 401


def test_a_cookie_needs_its_csrf_value_for_whatever_is_not_just_read(signed_in):
    client, other = signed_in("curator"), signed_in("curator")
    assert client.csrf != other.csrf
    for headers in ({}, {"x-csrf-token": ""}, {"x-csrf-token": other.csrf}, {"x-csrf-token": "ü"}):
        answer = client.post("/v1/lookup", json=MANY, headers=[(k, v.encode()) for k, v in headers.items()])
        assert answer.status_code == 403, headers
        assert answer.json()["type"] == "urn:tutela:problem:form-stale"
    assert client.post("/v1/lookup", json=MANY, headers={"x-csrf-token": client.csrf}).status_code == 200


@pytest.mark.parametrize("as_file", [False, True])
def test_the_csrf_value_may_come_in_a_form(signed_in, as_file):
    client = signed_in("curator")
    files = {"file": ("a.txt", b"just text")} if as_file else None

    def sent(csrf):
        return client.post("/sign-out", data={"csrf": csrf}, files=files).status_code

    assert sent("wrong") == 403
    assert status(client) == 200
    assert sent(client.csrf) == 303
    assert status(client) == 401


def test_the_csrf_value_may_not_come_in_the_address_or_in_json(signed_in):
    client = signed_in("curator")
    answer = client.post("/v1/lookup", json={**MANY, "csrf": client.csrf}, params={"csrf": client.csrf})
    assert answer.status_code == 403


def test_a_token_needs_no_csrf_value_and_goes_before_a_cookie(signed_in, services, people):
    client = signed_in("curator")
    secret, _ = made(services, people, "matcher")
    told = {"authorization": f"Bearer {secret}"}
    assert client.post("/v1/lookup", json=MANY, headers=told).status_code == 200
    assert client.post("/v1/lists", json={"name": "more"}, headers=told).status_code == 403, "a matcher's token"
    assert status(client, "Bearer tut_wrong") == 401, "a wrong token is not made good by a cookie"


def test_what_is_refused_is_told_with_its_reason(as_role, services, people):
    scoped, _ = made(services, people, "curator", scopes=[Permission.LISTS_READ])
    answer = as_role("reader").get("/v1/lookup", params=ASKED)
    assert answer.status_code == 403
    assert "reader has the role reader; to match pictures" in answer.json()["detail"]
    answer = as_role().get("/v1/lookup", params=ASKED, headers={"authorization": f"Bearer {scoped}"})
    assert answer.status_code == 403
    assert "match is not among them" in answer.json()["detail"]


def test_roles_are_those_that_the_account_has_now(as_role, services, people):
    client = as_role("matcher")
    assert status(client) == 200
    services.people.set_roles(people["matcher"].id, {Role.READER}, ME)
    assert status(client) == 403


def test_who_was_just_read_is_remembered_until_it_is_to_be_forgotten(app, as_role, monkeypatch):
    client = as_role("matcher")
    callers, reads = app.state.callers, []
    real = type(callers.tokens).actor
    monkeypatch.setattr(type(callers.tokens), "actor", lambda self, secret: (reads.append(1), real(self, secret))[1])
    monkeypatch.setattr(under_test, "FRESH", 3600.0)
    assert [status(client), status(client), len(reads)] == [200, 200, 1]
    callers.forget()
    assert [status(client), len(reads)] == [200, 2]
    assert "tut_" not in str(callers._known)


def test_guessing_does_not_fill_the_memory(app, as_role, monkeypatch):
    monkeypatch.setattr(under_test, "MOST", 5)
    client = as_role()
    for number in range(12):
        assert status(client, f"Bearer tut_{number}") == 401
    assert len(app.state.callers._known) <= 5


def test_a_dependency_says_which_permission_it_needs():
    check = needs(Permission.AUDIT_READ)
    assert (check.permission, check.__name__) == (Permission.AUDIT_READ, "needs_audit_read")


def test_the_audit_trail_is_told_of_the_token_and_the_request():
    actor = SimpleNamespace(who="account 1 (anna), token 2")
    by = under_test.by(SimpleNamespace(state=SimpleNamespace(request_id="r")), actor, "a doubt")
    assert (by.who, by.why, by.request) == ("account 1 (anna), token 2", "a doubt", "r")
