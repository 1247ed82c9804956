import pytest

from cli.running import invoke
from tutela.access.people import People
from tutela.model import read_settings
from tutela.store import Store

PASSWORD = "nine swift herons over grey water"


@pytest.fixture
def anna(home):
    """An account that has accepted its invitation."""
    link = invoke("account", "invite", "anna", "--role", "administrator", "--role", "curator").stdout.strip()
    settings = read_settings()
    with Store.of(settings) as store:
        return People(store.database, settings).accept(link.removeprefix("/invite?key="), PASSWORD)


def test_an_account_is_invited_and_named(anna):
    listed = invoke("account", "list").stdout.splitlines()
    assert listed == ["anna\tactive\tadministrator curator\tno second factor"]


def test_a_lost_password_gets_a_link_that_works_once(anna):
    key = invoke("account", "link", "anna").stdout.strip().removeprefix("/invite?key=")
    settings = read_settings()
    with Store.of(settings) as store:
        people = People(store.database, settings)
        assert people.accept(key, PASSWORD + " again").id == anna.id
        assert people.invited(key) is None


def test_roles_are_replaced(anna):
    assert invoke("account", "roles", "anna", "--role", "administrator").exit_code == 0
    assert "administrator\tno" in invoke("account", "list").stdout


def test_the_last_administrator_stays(anna):
    for words in (("roles", "anna", "--role", "reader"), ("disable", "anna")):
        ended = invoke("account", *words)
        assert ended.exit_code != 0
        assert "administrator" in ended.stderr
    assert "anna\tactive\tadministrator curator" in invoke("account", "list").stdout


def test_somebody_is_shut_out(anna):
    invoke("account", "invite", "berta", "--role", "reader")
    assert invoke("account", "disable", "berta").exit_code == 0
    assert "berta\tdisabled" in invoke("account", "list").stdout


def test_a_second_factor_is_dropped(anna):
    assert "password alone" in invoke("account", "drop-second-factor", "anna").stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("invite", "carl", "--role", "king"), "A role is one of"),
        (("invite", "anna", "--role", "reader"), "anna"),
        (("link", "nobody"), "nobody"),
        (("roles", "nobody", "--role", "reader"), "nobody"),
    ],
)
def test_what_cannot_be_done_is_said(anna, words, told):
    ended = invoke("account", *words)
    assert ended.exit_code != 0
    assert told in ended.stderr
