import pytest
from starlette.testclient import TestClient

from tutela.access.permissions import Role
from web.conftest import ME, PASSWORD, csrf_of, sign_in


def filled(client, path, **fields):
    page = client.get(path)
    assert page.status_code == 200
    return {"csrf": csrf_of(page.text)} | fields


def test_the_first_administrator_is_made_once(app, services):
    key = services.people.first_link()
    client = TestClient(app, base_url="http://tutela.test", follow_redirects=False)
    form = filled(client, f"/setup?key={key}", key=key, name="anna", password=PASSWORD, again=PASSWORD + "x")
    assert client.post("/setup", data=form).status_code == 400
    assert client.post("/setup", data=form | {"password": "short", "again": "short"}).status_code >= 400
    assert client.post("/setup", data=form | {"key": "guessed", "again": PASSWORD}).status_code >= 400
    assert services.people.accounts() == ()
    answer = client.post("/setup", data=form | {"again": PASSWORD})
    assert answer.headers["location"].startswith("/sign-in")
    assert [account.roles for account in services.people.accounts()] == [{Role.ADMINISTRATOR}]
    assert client.post("/setup", data=form | {"again": PASSWORD}).status_code >= 400
    again = client.get(f"/setup?key={key}")
    assert again.status_code == 410
    assert "There is an administrator already" in again.text


@pytest.fixture
def invited(services, people):
    return services.people.invite("bea", {Role.READER}, ME)[1]


def test_an_invitation_is_taken_up_once(as_role, services, invited):
    client = as_role()
    form = filled(client, f"/invite?key={invited}", key=invited, password=PASSWORD, again=PASSWORD)
    wrong = client.post("/invite", data=form | {"again": "other"})
    assert wrong.status_code == 400
    assert "not the same" in wrong.text
    assert client.post("/invite", data=form).headers["location"].startswith("/sign-in")
    assert client.post("/invite", data=form).status_code == 403
    assert "spent" in client.get(f"/invite?key={invited}").text
    assert sign_in(client, "bea").status_code == 303


def test_whoever_signs_in_gets_where_they_wanted(as_role, people):
    client = as_role()
    assert client.get("/lists/known").headers["location"] == "/sign-in?next=/lists/known"
    form = filled(client, "/sign-in?next=/lists/known", name="Reader", password=PASSWORD, code="", next="/lists/known")
    answer = client.post("/sign-in", data=form)
    assert answer.headers["location"] == "/lists/known"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize("target", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "x"])
def test_nobody_is_sent_elsewhere(as_role, people, target):
    client = as_role()
    form = filled(client, "/sign-in", name="reader", password=PASSWORD, code="", next=target)
    assert client.post("/sign-in", data=form).headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_name_look_alike(as_role, people):
    client = as_role()
    answers = []
    for name in ("reader", "nobody"):
        form = filled(client, "/sign-in", name=name, password="not the password", code="", next="/")
        answers.append(client.post("/sign-in", data=form))
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text.replace("reader", "x") == answers[1].text.replace("nobody", "x")


def test_signing_out_ends_the_sign_in(signed_in):
    client = signed_in("reader")
    kept = dict(client.cookies)
    assert client.post("/sign-out", data={"csrf": client.csrf}).headers["location"].startswith("/sign-in")
    client.cookies.update(kept)
    assert client.get("/lists").status_code == 303
