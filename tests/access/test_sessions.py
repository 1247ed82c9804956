import pyotp
import pytest

from access.conftest import ME, PASSWORD
from tutela.access import sessions as module
from tutela.access.permissions import Role
from tutela.model.errors import SignInRefused, SignInSlow


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved (in seconds)."""

    class Clock:
        now = module.precise_now()

        def move(self, seconds):
            self.now += int(seconds * 1e6)

    held = Clock()
    monkeypatch.setattr(module, "precise_now", lambda: held.now)
    return held


def signed(sessions, password=PASSWORD, code="", name="ana"):
    return sessions.sign_in(name, password, code, "192.0.2.7")


def test_a_sign_in_is_somebody_until_it_ends(sessions, ana):
    made = signed(sessions)
    actor, csrf = sessions.actor(made.secret)
    assert (actor.account, actor.roles, csrf) == (ana.id, {Role.ANALYST}, made.csrf)
    assert [one.address for one in sessions.of(ana.id)] == ["192.0.2.7"]
    sessions.end(actor.session, ME)
    assert sessions.actor(made.secret) is None


def test_each_sign_in_has_another_secret(sessions, ana):
    assert ana
    assert signed(sessions).secret != signed(sessions).secret
    assert sessions.actor("chosen by somebody else") is None


def test_wrong_name_and_wrong_password_are_told_alike(sessions, people, ana):
    told = set()
    people.disable(people.invite("off", [], ME)[0].id, ME)
    for name, password in (("ana", "wrong"), ("nobody", PASSWORD), ("off", PASSWORD), ("", "")):
        with pytest.raises(SignInRefused) as refused:
            signed(sessions, password, name=name)
        told.add(str(refused.value))
    assert len(told) == 1
    assert ana


def test_an_end_after_idling_and_an_end_in_any_case(sessions, settings, ana, clock):
    assert ana
    idle = settings.server.session_idle_minutes * 60
    made = signed(sessions)
    clock.move(idle + 1)
    assert sessions.actor(made.secret) is None
    made = signed(sessions)
    for _ in range(int(settings.server.session_hours * 3600 // (idle - 60))):
        clock.move(idle - 60)
        assert sessions.actor(made.secret) is not None
    clock.move(idle - 60)
    assert sessions.actor(made.secret) is None
    sessions.forget()
    assert sessions.of(ana.id) == ()


def test_whoever_fails_often_waits_ever_longer(sessions, ana, clock):
    assert ana
    for _ in range(module.FREE):
        with pytest.raises(SignInRefused):
            signed(sessions, "wrong")
    waits = []
    for _ in range(4):
        with pytest.raises(SignInSlow) as slow:
            signed(sessions)  # the right password does not help either
        waits.append(slow.value.fields["seconds"])
        clock.move(waits[-1])
        with pytest.raises(SignInRefused):
            signed(sessions, "wrong")
    assert waits == sorted(waits)
    assert waits[-1] >= 2 * waits[0]
    clock.move(3601)
    assert signed(sessions).account == ana.id


def test_an_address_that_tries_many_names_waits_too(sessions, ana, clock):
    assert ana
    assert clock
    for number in range(module.FREE_ADDRESS):
        with pytest.raises(SignInRefused):
            signed(sessions, name=f"guess{number}")
    with pytest.raises(SignInSlow):
        signed(sessions)


def test_a_code_opens_once_and_a_recovery_code_once(sessions, people, ana):
    factor = people.begin_second_factor(ana.id)
    codes = people.confirm_second_factor(ana.id, pyotp.TOTP(factor.secret).now(), ME)
    with pytest.raises(SignInRefused):
        signed(sessions)
    with pytest.raises(SignInRefused):  # the code that confirmed it is used up
        signed(sessions, code=pyotp.TOTP(factor.secret).now())
    import time

    fresh = pyotp.TOTP(factor.secret).at(time.time() + 30)
    assert signed(sessions, code=fresh).account == ana.id
    with pytest.raises(SignInRefused):
        signed(sessions, code=fresh)
    assert signed(sessions, code=codes[0].upper()).account == ana.id
    with pytest.raises(SignInRefused):
        signed(sessions, code=codes[0])
    assert people.account(ana.id).recovery_codes == 9


def test_shutting_out_ends_sign_ins_and_so_does_a_new_password(sessions, people, ana):
    made = signed(sessions)
    people.disable(ana.id, ME)
    assert sessions.actor(made.secret) is None
    people.enable(ana.id, ME)
    kept, other = signed(sessions), signed(sessions)
    people.change_password(ana.id, PASSWORD, "another long password", ME, keep=sessions.actor(kept.secret)[0].session)
    assert sessions.actor(kept.secret) is not None
    assert sessions.actor(other.secret) is None


def test_roles_are_those_of_now(sessions, people, ana):
    made = signed(sessions)
    people.set_roles(ana.id, [Role.AUDITOR], ME)
    assert sessions.actor(made.secret)[0].roles == {Role.AUDITOR}


def test_all_others_end(sessions, ana):
    one, two = signed(sessions), signed(sessions)
    sessions.end_all(ana.id, ME, keep=sessions.actor(one.secret)[0].session)
    assert sessions.actor(one.secret)
    assert not sessions.actor(two.secret)
