from pathlib import Path

import pytest

from tutela.access.permissions import Role
from tutela.demo import pictures
from tutela.web.serving import close_services
from web.running import make_server

PICTURES = Path(pictures.__path__[0])


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
