"""Secrets: passwords, random secrets for cookies, tokens and links, and the codes of a second factor."""

from __future__ import annotations

import base64
import hashlib
import secrets

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tutela.model.errors import PasswordWeak

#: RFC 9106's second recommendation, for where memory is not plentiful: 64 MiB, three passes.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)
#: What is verified for a name that is none, so that it takes as long as a wrong password.
_NOBODY = _HASHER.hash(secrets.token_hex(16))

SHORTEST, LONGEST = 12, 256
#: Seconds of a code's time step (RFC 6238), and how many steps a clock may be off.
STEP, DRIFT = 30, 1
RECOVERY_CODES = 10


def random_secret() -> str:
    """Return 32 random bytes as text."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return what is stored of a random secret: it has too many values to be found by trying, so no salt is needed."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def hash_password(password: str, name: str) -> str:
    """Return the Argon2id hash of a new password; raise `PasswordWeak`."""
    if len(password) < SHORTEST:
        raise PasswordWeak(reason=f"it has {len(password)} characters, and at least {SHORTEST} are needed")
    if len(password) > LONGEST:
        raise PasswordWeak(reason=f"it has more than {LONGEST} characters")
    if len(set(password)) < 5 or name.lower() in password.lower():
        raise PasswordWeak(reason="it is the account's name, or a few characters over and over")
    return _HASHER.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Say whether a password is the stored one; for no account (``None``) it takes as long, and is wrong."""
    try:
        return _HASHER.verify(stored or _NOBODY, password[: LONGEST + 1]) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def new_factor() -> bytes:
    """Return the secret of a new second factor, 20 bytes as RFC 4226 recommends."""
    return secrets.token_bytes(20)


def factor_uri(secret: bytes, name: str) -> str:
    """Return the otpauth URI of a second factor, for a QR code."""
    return _totp(secret).provisioning_uri(name=name, issuer_name="Tutela")


def factor_step(secret: bytes, code: str, now: float, used: int) -> int | None:
    """Return the time step whose code this is, ``None`` if it is none that may be used: each counts once."""
    text = code.replace(" ", "")
    if not (text.isascii() and text.isdecimal() and len(text) == 6):
        return None
    current = int(now) // STEP
    for step in range(current - DRIFT, current + DRIFT + 1):
        if step > used and secrets.compare_digest(_totp(secret).generate_otp(step), text):
            return step
    return None


def _totp(secret: bytes) -> pyotp.TOTP:
    return pyotp.TOTP(text_of_factor(secret), interval=STEP)


def text_of_factor(secret: bytes) -> str:
    """Return a second factor's secret for typing into an app by hand (base 32)."""
    return base64.b32encode(secret).decode()


def recovery_codes() -> tuple[str, ...]:
    """Return fresh recovery codes, of 80 random bits each."""
    return tuple("-".join(secrets.token_hex(2) for _ in range(5)) for _ in range(RECOVERY_CODES))
