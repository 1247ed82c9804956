"""Who sends a request, and whether they may.

An account is told by a token (``Authorization: Bearer tut_...``; or Basic, with the token as password, for clients that
can be given nothing but a URL) or by the cookie of a sign-in.  What a cookie's request would change needs the sign-in's
CSRF value too, in the header ``X-CSRF-Token`` or the form field ``csrf``: a cookie goes along with whatever another
site has the browser send.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from tutela.access.permissions import Actor, Permission, decide
from tutela.access.sessions import Sessions
from tutela.access.tokens import Tokens
from tutela.model.errors import FormStale, NotSignedIn, Refused
from tutela.store.audit import By
from tutela.web.forms import read_form, read_large_form

#: Seconds for which a process goes by what it has read of a token or sign-in: so long one that was ended may go on.
FRESH = 1.0
#: Callers that are remembered.
MOST = 10_000

_SAFE = {"GET", "HEAD", "OPTIONS"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Caller:
    """An account on a request: who, and the CSRF value of its sign-in (``None`` for a token)."""

    actor: Actor
    csrf: str | None = None


@dataclass(slots=True)
class Callers:
    """Finds out who calls; remembers it for a moment."""

    sessions: Sessions
    tokens: Tokens
    secure: bool
    _known: dict[bytes, tuple[float, Caller | None]] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        """The name of the cookie; with the prefix browsers bind it to this host and to TLS."""
        return "__Host-tutela" if self.secure else "tutela"

    async def of(self, request: Request) -> Caller | None:
        """Return who sends a request, or ``None`` for nobody that is known here."""
        authorization = request.headers.get("authorization")
        if authorization is not None:
            secret = _token(authorization)
            return None if secret is None else await self._find(b"token", secret, self._by_token)
        secret = request.cookies.get(self.cookie)
        return None if secret is None else await self._find(b"cookie", secret, self._by_session)

    def forget(self) -> None:
        """Forget everybody, so that what was just changed holds in this process at once."""
        self._known.clear()

    async def _find(self, how: bytes, secret: str, read: Callable[[str], Caller | None]) -> Caller | None:
        name = hashlib.sha256(how + secret.encode("utf-8", "replace")).digest()
        now = time.monotonic()
        known = self._known.get(name)
        if known is not None and known[0] > now:
            return known[1]
        found = await run_in_threadpool(read, secret)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[name] = now + FRESH, found
        return found

    def _by_token(self, secret: str) -> Caller | None:
        actor = self.tokens.actor(secret)
        return None if actor is None else Caller(actor)

    def _by_session(self, secret: str) -> Caller | None:
        found = self.sessions.actor(secret)
        return None if found is None else Caller(*found)


def _token(authorization: str) -> str | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


async def caller(request: Request) -> Caller:
    """Return who sends a request; raise `NotSignedIn` for nobody, `FormStale` for a cookie without its CSRF value."""
    callers: Callers = request.app.state.callers
    found = await callers.of(request)
    if found is None:
        raise NotSignedIn
    request.state.caller = found
    if found.csrf is not None and request.method not in _SAFE:
        await _check_csrf(request, found.csrf)
    return found


async def _check_csrf(request: Request, wanted: str) -> None:
    told: object = request.headers.get("x-csrf-token")
    if told is None and request.headers.get("content-type", "").startswith(_FORMS):
        large = request.url.path.endswith("/imports")
        told = (await (read_large_form if large else read_form)(request)).get("csrf")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), wanted.encode()):
        raise FormStale


async def signed_in(request: Request) -> Actor:
    """Return who sends a request, whatever they may do; a dependency of routes."""
    return (await caller(request)).actor


def needs(permission: Permission) -> Callable[[Request], Awaitable[Actor]]:
    """Return the dependency of a route that only those who have a permission may ask.

    It gives the `Actor`; raises `NotSignedIn`, `FormStale`, or `Refused` with the reason.
    """

    async def check(request: Request) -> Actor:
        actor = (await caller(request)).actor
        allow(actor, permission)
        return actor

    check.__name__ = f"needs_{permission.name.lower()}"
    check.permission = permission  # type: ignore[attr-defined]  # the access matrix of the tests reads it
    return check


def allow(actor: Actor, permission: Permission, target: str = "") -> None:
    """Raise `Refused` with the reason unless an actor has a permission."""
    decision = decide(actor, permission, target)
    if not decision.allowed:
        raise Refused(reason=decision.reason)


def by(request: Request, actor: Actor, why: str = "") -> By:
    """Return who does something, for the audit trail."""
    return By(actor.who, why, request.state.request_id)
