"""A server in this process: its services over a fresh store, people of every role, and clients that act for them."""

import contextlib
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from tutela.access import secrets
from tutela.access.permissions import Role
from tutela.model import Entry, Grade, Signal, read_settings
from tutela.store.audit import By
from tutela.web.app import create_app
from tutela.web.serving import close_services, make_services

PASSWORD = "nine swift herons over grey water"
ME = By("a test")
KNOWN = bytes(range(16))
PDQ = bytes.fromhex("f8f8f0cee0f4a84f06370a2ea0a5f4c1d2b68d0e3dc0b1f2a0c9f1e05c3c2d3b")


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch):
    """Argon2 as it is meant takes a tenth of a second a password, which tests of other things need not wait for."""
    monkeypatch.setattr(secrets, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def settings(tmp_path):
    read = read_settings({"TUTELA_HOME": str(tmp_path / "home"), "TUTELA_WORKERS": "1"})
    return replace(read, server=replace(read.server, max_body=4 << 20))


@pytest.fixture
def services(settings):
    made = make_services(settings)
    made.store.create_list("known", owner="a desk")
    made.store.import_entries(
        "known",
        [
            Entry("one", (Signal("md5", KNOWN),), (Grade("demo", "A"),), ("first",), "desk 3"),
            Entry("two", (Signal("pdq", PDQ, 100),)),
        ],
    )
    made.matching.refresh()
    yield made
    close_services(made)


@pytest.fixture
def app(services):
    return create_app(services)


@pytest.fixture
def people(services):
    """An account of each role, and an administrator called ``root``; all have one password."""
    first = services.people.create_first(services.people.first_link(), "root", PASSWORD)
    found = {"root": first}
    for role in Role:
        account, secret = services.people.invite(role.value, {role}, ME)
        found[role.value] = services.people.accept(secret, PASSWORD)
        assert account.id == found[role.value].id
    return found


@pytest.fixture
def as_role(app, services, people):
    """A client that sends a token of the account of a role; of nobody without one."""
    with contextlib.ExitStack() as opened:

        def client(role=None, scopes=None, **more):
            made = opened.enter_context(TestClient(app, base_url="http://tutela.test", follow_redirects=False, **more))
            if role is not None:
                secret, _ = services.tokens.make(people[role].id, "a test", scopes, 1, ME)
                made.headers["authorization"] = f"Bearer {secret}"
            return made

        yield client


@pytest.fixture
def signed_in(app, people):
    """A client with the cookie of a sign-in, whose CSRF value is in ``client.csrf``."""
    assert people
    with contextlib.ExitStack() as opened:

        def client(name):
            made = opened.enter_context(TestClient(app, base_url="http://tutela.test", follow_redirects=False))
            sign_in(made, name)
            return made

        yield client


def sign_in(client, name, password=PASSWORD, code=""):
    page = client.get("/sign-in")
    form = {"csrf": csrf_of(page.text), "name": name, "password": password, "code": code, "next": "/account"}
    answer = client.post("/sign-in", data=form)
    if answer.status_code == 303:
        client.csrf = csrf_of(client.get("/account").text)
    return answer


def csrf_of(page):
    return page.split('name="csrf" value="')[1].split('"')[0]
