"""A server of the real parts over a fresh home, for tests of routes and of the client."""

import contextlib
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import uvicorn
from starlette.testclient import TestClient

from tutela.access.permissions import Role
from tutela.model import Settings, read_settings
from tutela.store.audit import By
from tutela.web.app import create_app
from tutela.web.serving import make_services


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


@contextlib.contextmanager
def listening(app):
    """Serve an app on the loopback; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
