import json

import pytest
from sqlalchemy import update

from cli.running import invoke
from tutela.access import people
from tutela.access.people import People
from tutela.model import read_settings
from tutela.model.errors import LinkSpent
from tutela.store import Store
from tutela.store.people_tables import accounts

PASSWORD = "nine swift herons over grey water"


@pytest.fixture
def anna(home):
    """An account that has accepted its invitation."""
    link = invoke("account", "invite", "anna", "--role", "administrator", "--role", "curator").stdout.strip()
    settings = read_settings()
    with Store.of(settings) as store:
        return People(store.database, settings).accept(link.removeprefix("/invite?key="), PASSWORD)


def test_without_accounts_it_says_how_to_make_one(home):
    answer = invoke("account", "list")
    assert answer.stdout == ""
    assert "tutela serve" in answer.stderr


def test_an_account_is_invited_and_named(anna):
    listed = invoke("account", "list").stdout.splitlines()
    assert listed == ["anna\tactive\tadministrator curator\tno second factor"]


def test_a_lost_password_gets_a_link_that_works_once(anna):
    key = invoke("account", "link", "anna").stdout.strip().removeprefix("/invite?key=")
    settings = read_settings()
    with Store.of(settings) as store:
        those = People(store.database, settings)
        assert those.accept(key, PASSWORD + " again").id == anna.id
        assert those.invited(key) is None


def test_roles_are_replaced(anna):
    assert invoke("account", "roles", "anna", "--role", "administrator").exit_code == 0
    assert "administrator\tno" in invoke("account", "list").stdout


def test_the_last_administrator_stays(anna):
    for words in (("roles", "anna", "--role", "reader"), ("disable", "anna")):
        ended = invoke("account", *words)
        assert ended.exit_code != 0
        assert "administrator" in ended.stderr
    assert "anna\tactive\tadministrator curator" in invoke("account", "list").stdout


def test_somebody_is_shut_out_with_every_link(anna):
    key = invoke("account", "invite", "berta", "--role", "reader").stdout.strip().removeprefix("/invite?key=")
    assert invoke("account", "disable", "berta").exit_code == 0
    assert "berta\tdisabled" in invoke("account", "list").stdout
    settings = read_settings()
    with Store.of(settings) as store:
        assert People(store.database, settings).invited(key) is None


def test_whoever_is_shut_out_while_choosing_a_password_stays_out(anna, monkeypatch):
    key = invoke("account", "invite", "berta", "--role", "reader").stdout.strip().removeprefix("/invite?key=")
    real = people.hash_password

    def slowly(*given):
        assert invoke("account", "disable", "berta").exit_code == 0
        return real(*given)

    monkeypatch.setattr(people, "hash_password", slowly)
    settings = read_settings()
    with Store.of(settings) as store, pytest.raises(LinkSpent):
        people.People(store.database, settings).accept(key, PASSWORD)
    assert "berta\tdisabled" in invoke("account", "list").stdout


def test_a_second_factor_is_dropped(anna):
    with Store.of(read_settings()) as store, store.database.writing() as connection:
        connection.execute(update(accounts).values(second_factor=b"twenty bytes of a key"))
    assert "\tsecond factor" in invoke("account", "list").stdout
    assert "password alone" in invoke("account", "drop-second-factor", "anna").stderr
    assert "\tno second factor" in invoke("account", "list").stdout


def test_what_was_done_is_in_the_audit_trail_without_any_secret(anna):
    key = invoke("account", "link", "anna").stdout.strip().removeprefix("/invite?key=")
    invoke("account", "roles", "anna", "--role", "administrator")
    invoke("account", "drop-second-factor", "anna")
    told = invoke("audit", "show").stdout
    rows = [json.loads(line) for line in told.splitlines()]
    assert [(row["who"], row["action"]) for row in rows[:3]] == [
        ("the command line", "account.second-factor"),
        ("the command line", "account.roles"),
        ("the command line", "account.link"),
    ]
    assert rows[1]["before"]["roles"] == ["administrator", "curator"]
    assert rows[1]["after"]["roles"] == ["administrator"]
    assert key not in told
    assert PASSWORD not in told
    assert invoke("audit", "verify").exit_code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("invite", "carl", "--role", "king"), "A role is one of"),
        (("invite", "anna", "--role", "reader"), "anna"),
        (("invite", "A b", "--role", "reader"), "An account's name has"),
        (("disable", "nobody"), "nobody"),
        (("drop-second-factor", "nobody"), "nobody"),
        (("link", "nobody"), "nobody"),
        (("roles", "nobody", "--role", "reader"), "nobody"),
    ],
)
def test_what_cannot_be_done_is_said(anna, words, told):
    ended = invoke("account", *words)
    assert ended.exit_code != 0
    assert told in ended.stderr
