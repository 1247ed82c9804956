import pyotp
import pytest

from access.conftest import ME, PASSWORD
from tutela.access.permissions import Role
from tutela.model.errors import (
    AccountExists,
    AccountUnknown,
    LastAdministrator,
    LinkSpent,
    PasswordWeak,
    SignInRefused,
    UsageError,
)
from tutela.store.audit import rows


def audited(store):
    with store.database.reading() as connection:
        return [row.action for row in reversed(rows(connection))]


def test_the_first_link_makes_one_administrator_and_no_more(people, store):
    old = people.first_link()
    link = people.first_link()
    with pytest.raises(LinkSpent):
        people.create_first(old, "root", PASSWORD)
    with pytest.raises(PasswordWeak):
        people.create_first(link, "root", "short")
    made = people.create_first(link, " Root ", PASSWORD)
    assert (made.name, made.roles, made.state) == ("root", {Role.ADMINISTRATOR}, "active")
    assert people.first_link() is None
    with pytest.raises(LinkSpent):
        people.create_first(link, "other", PASSWORD)
    assert audited(store) == ["account.create"]


@pytest.mark.usefixtures("root")
def test_an_invitation_is_accepted_once(people, store):
    account, secret = people.invite("Ana@desk", [Role.ANALYST], ME)
    assert (account.state, people.invited(secret).id) == ("invited", account.id)
    assert people.accept(secret, PASSWORD).state == "active"
    with pytest.raises(LinkSpent):
        people.accept(secret, PASSWORD)
    assert audited(store) == ["account.create", "account.invite", "account.password"]


@pytest.mark.usefixtures("root")
def test_a_link_is_over_after_a_while(people, monkeypatch):
    _, secret = people.invite("ana", [], ME)
    from tutela.access import people as module

    later = module.precise_now() + module.LINK_LASTS + 1
    monkeypatch.setattr(module, "precise_now", lambda: later)
    with pytest.raises(LinkSpent):
        people.accept(secret, PASSWORD)


@pytest.mark.parametrize("name", ["", "-x", "a b", "x" * 101, "ä", "a/b"])
def test_a_name_that_cannot_be(people, root, name):
    assert root
    with pytest.raises(UsageError):
        people.invite(name, [], ME)


def test_a_name_is_given_once(people, ana):
    assert ana.name == "ana"
    with pytest.raises(AccountExists):
        people.invite("ANA", [], ME)


def test_the_last_administrator_stays_one(people, root, ana):
    for change in (lambda: people.disable(root.id, ME), lambda: people.set_roles(root.id, [Role.READER], ME)):
        with pytest.raises(LastAdministrator):
            change()
    people.set_roles(ana.id, [Role.ADMINISTRATOR], ME)
    assert people.disable(root.id, ME).state == "disabled"
    with pytest.raises(LastAdministrator):
        people.disable(ana.id, ME)


def test_shut_out_and_let_in_again(people, ana):
    assert people.disable(ana.id, ME).state == "disabled"
    assert people.enable(ana.id, ME).state == "active"


def test_a_password_is_changed_by_whoever_knows_the_old_one(people, ana):
    with pytest.raises(SignInRefused):
        people.change_password(ana.id, "wrong", "another long password", ME)
    people.change_password(ana.id, PASSWORD, "another long password", ME)
    people.check_password(ana.id, "another long password")
    with pytest.raises(SignInRefused):
        people.check_password(ana.id, PASSWORD)


def test_a_second_factor_counts_once_a_code_was_seen(people, ana, store):
    factor = people.begin_second_factor(ana.id)
    assert not people.account(ana.id).has_second_factor
    with pytest.raises(SignInRefused):
        people.confirm_second_factor(ana.id, "000000", ME)
    codes = people.confirm_second_factor(ana.id, pyotp.TOTP(factor.secret).now(), ME)
    assert people.account(ana.id).recovery_codes == len(codes) == 10
    assert factor.uri.startswith("otpauth://totp/Tutela:ana?secret=")
    people.drop_second_factor(ana.id, ME)
    assert not people.account(ana.id).has_second_factor
    assert audited(store)[-2:] == ["account.second-factor"] * 2


def test_nothing_secret_is_in_the_store(people, ana, store):
    link = people.new_link(ana.id, ME)
    with store.database.reading() as connection:
        dump = "\n".join(
            str(row)
            for table in ("accounts", "links", "audit")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
        )
    assert PASSWORD not in dump
    assert link not in dump


def test_what_is_not_there(people):
    for ask in (lambda: people.account(9), lambda: people.named("nobody"), lambda: people.set_roles(9, [], ME)):
        with pytest.raises(AccountUnknown):
            ask()
