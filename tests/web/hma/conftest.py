from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from tutela.access.permissions import Role
from tutela.demo import pictures
from tutela.model import Settings, read_settings
from tutela.store.audit import By
from tutela.web.app import create_app
from tutela.web.serving import close_services, make_services

PICTURES = Path(pictures.__path__[0])


def settings_in(home: Path, **server) -> Settings:
    settings = read_settings({"TUTELA_HOME": str(home), "TUTELA_WORKERS": "1"})
    return replace(settings, server=replace(settings.server, **server))


def make_server(home, **server):
    """A server over a fresh home, and a way to have tokens of accounts with given roles."""
    services = make_services(settings_in(home, **server))
    app = create_app(services)
    by = By("a test", "to test")
    names = iter(range(1000))

    def token(*roles: Role) -> str:
        account, link = services.people.invite(f"person{next(names)}", roles, by)
        services.people.accept(link, "a long enough passphrase of words")
        secret, _ = services.tokens.make(account.id, "test", None, 1, by)
        return secret

    def client(*roles: Role, headers=None) -> TestClient:
        given = {"Authorization": f"Bearer {token(*roles)}"} if headers is None else headers
        return TestClient(app, headers=given, raise_server_exceptions=False, follow_redirects=True)

    return SimpleNamespace(services=services, app=app, token=token, client=client, store=services.store, by=by)


@pytest.fixture(scope="session")
def _one_server(tmp_path_factory):
    server = make_server(tmp_path_factory.mktemp("hma"))
    yield server
    close_services(server.services)


@pytest.fixture(scope="session")
def _one_client(_one_server):
    return _one_server.client(Role.CURATOR)


@pytest.fixture
def server(_one_server):
    """A server without lists; its accounts stay from test to test."""
    for info in _one_server.store.lists():
        _one_server.store.remove_list(info.name, by=_one_server.by)
    _one_server.app.state.hma.forget()
    _one_server.services.probes._seen.clear()
    return _one_server


@pytest.fixture
def client(server, _one_client):
    """Somebody who may do everything that HMA's API has."""
    return _one_client


@pytest.fixture
def picture():
    def picture(name="chelsea.jpg"):
        return (PICTURES / name).read_bytes()

    return picture
