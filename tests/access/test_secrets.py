import pyotp
import pytest

from tutela.access import secrets
from tutela.access.secrets import factor_step, hash_password, new_factor, text_of_factor, verify_password
from tutela.model.errors import PasswordWeak


def test_a_password_is_known_again_and_another_is_not():
    stored = hash_password("nine swift herons", "ana")
    assert stored.startswith("$argon2id$")
    assert verify_password(stored, "nine swift herons")
    assert not verify_password(stored, "nine swift heron")
    assert not verify_password(None, "nine swift herons")
    assert not verify_password("", "")


def test_what_is_stored_as_meant_is_costly():
    import importlib

    fresh = importlib.reload(secrets)
    assert fresh._HASHER.memory_cost >= 65_536
    assert fresh._HASHER.time_cost >= 3


@pytest.mark.parametrize("password", ["", "short", "x" * 257, "aaaaaaaaaaaaaaaa", "ana-lyst and more"])
def test_a_weak_password_is_refused_without_being_repeated(password):
    with pytest.raises(PasswordWeak) as told:
        hash_password(password, "ana-lyst")
    assert not password or password not in str(told.value)


def test_a_code_counts_within_its_time_and_once():
    secret, now = new_factor(), 1_800_000_000.0
    code = pyotp.TOTP(text_of_factor(secret)).at(int(now))
    step = factor_step(secret, code, now, 0)
    assert step == int(now) // 30
    assert factor_step(secret, code, now, step) is None
    assert factor_step(secret, code, now + 30, 0) == step
    assert factor_step(secret, code, now + 90, 0) is None
    assert factor_step(secret, f"{code[:3]} {code[3:]}", now, 0) == step


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
def test_what_is_no_code(code):
    assert factor_step(new_factor(), code, 1_800_000_000.0, 0) is None


def test_recovery_codes_differ_and_are_long():
    codes = secrets.recovery_codes()
    assert len(set(codes)) == secrets.RECOVERY_CODES
    assert all(len(code.replace("-", "")) == 20 for code in codes)
