import pytest
from argon2 import PasswordHasher

from tutela.access import secrets
from tutela.access.people import People
from tutela.access.permissions import Role
from tutela.access.sessions import Sessions
from tutela.access.tokens import Tokens
from tutela.model import read_settings
from tutela.store import Store
from tutela.store.audit import By

PASSWORD = "nine swift herons over grey water"
ME = By("a test")


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch):
    monkeypatch.setattr(secrets, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def settings(tmp_path):
    return read_settings({"TUTELA_HOME": str(tmp_path / "home")})


@pytest.fixture
def store(settings):
    with Store.open(settings.home) as opened:
        yield opened


@pytest.fixture
def people(store, settings):
    return People(store.database, settings)


@pytest.fixture
def root(people):
    return people.create_first(people.first_link(), "root", PASSWORD)


@pytest.fixture
def ana(people, root):
    assert root
    account, secret = people.invite("Ana", [Role.ANALYST], ME)
    people.accept(secret, PASSWORD)
    return people.account(account.id)


@pytest.fixture
def sessions(store, settings):
    return Sessions(store.database, settings)


@pytest.fixture
def tokens(store):
    return Tokens(store.database)
