import pytest

from access.conftest import ME
from tutela.access import tokens as module
from tutela.access.permissions import Permission, Role
from tutela.model.errors import TokenUnknown, UsageError


def test_a_token_stands_for_its_account_within_its_scopes(tokens, ana):
    secret, made = tokens.make(ana.id, "upload", [Permission.MATCH], 30, ME)
    assert secret.startswith("tut_")
    actor = tokens.actor(secret)
    assert (actor.account, actor.roles, actor.scopes, actor.token) == (ana.id, ana.roles, {Permission.MATCH}, made.id)
    assert tokens.of(ana.id)[0].used is not None


def test_it_never_outlives_its_account_or_its_roles(tokens, people, ana):
    secret, _ = tokens.make(ana.id, "upload", None, 30, ME)
    people.set_roles(ana.id, [Role.READER], ME)
    assert tokens.actor(secret).roles == {Role.READER}
    people.disable(ana.id, ME)
    assert tokens.actor(secret) is None


def test_it_ends_in_time_and_when_revoked(tokens, ana, monkeypatch):
    secret, made = tokens.make(ana.id, "a", None, 1, ME)
    other, second = tokens.make(ana.id, "b", None, 1, ME)
    tokens.revoke(second.id, ME, account=ana.id)
    assert tokens.actor(other) is None
    assert tokens.actor(secret) is not None
    assert not tokens.of(ana.id)[0].in_force
    later = module.precise_now() + module.DAY + 1
    monkeypatch.setattr(module, "precise_now", lambda: later)
    assert tokens.actor(secret) is None
    assert made.name == "a"


def test_another_accounts_token_is_not_ours_to_revoke(tokens, root, ana):
    _, made = tokens.make(ana.id, "a", None, 1, ME)
    with pytest.raises(TokenUnknown):
        tokens.revoke(made.id, ME, account=root.id)


@pytest.mark.parametrize("secret", ["", "tut_", "tut_" + "x" * 43, "nonsense", "tut_\x00"])
def test_what_is_no_token(tokens, secret):
    assert tokens.actor(secret) is None


@pytest.mark.parametrize(("name", "days"), [("", 1), ("x" * 101, 1), ("x", 0), ("x", 4000)])
def test_what_cannot_be(tokens, ana, name, days):
    with pytest.raises(UsageError):
        tokens.make(ana.id, name, None, days, ME)


def test_only_a_digest_is_stored(tokens, ana, store):
    secret, _ = tokens.make(ana.id, "a", None, 1, ME)
    with store.database.reading() as connection:
        assert secret not in str(connection.exec_driver_sql("SELECT * FROM tokens").all())
