import pytest

from tutela.store import Store


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def store(home):
    with Store.open(home, patience=1) as opened:
        yield opened
