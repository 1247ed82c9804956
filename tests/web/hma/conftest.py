from pathlib import Path

import pytest

from tutela.access.permissions import Role
from tutela.demo import pictures
from tutela.web.serving import close_services
from web.running import make_server

PICTURES = Path(pictures.__path__[0])


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    server = make_server(tmp_path_factory.mktemp("hma"))
    yield server
    close_services(server.services)


@pytest.fixture(scope="session")
def curator(shared_server):
    return shared_server.client(Role.CURATOR)


@pytest.fixture
def server(shared_server):
    """A server without lists; its accounts stay from test to test."""
    for info in shared_server.store.lists():
        shared_server.store.remove_list(info.name, by=shared_server.by)
    shared_server.app.state.hma.forget()
    shared_server.services.probes._seen.clear()
    return shared_server


@pytest.fixture
def client(server, curator):
    """Somebody who may do everything that HMA's API has."""
    return curator


@pytest.fixture
def picture():
    def picture(name="chelsea.jpg"):
        return (PICTURES / name).read_bytes()

    return picture
