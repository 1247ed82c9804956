"""`Sessions`: sign-ins, from a password to their end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, text, update

from tutela.access.people import roles_of
from tutela.access.permissions import Actor
from tutela.access.secrets import digest, factor_step, random_secret, verify_password
from tutela.model import Settings
from tutela.model.errors import SignInRefused, SignInSlow
from tutela.store.audit import By, record
from tutela.store.database import Database
from tutela.store.entry_rows import moment, precise_now
from tutela.store.people_tables import accounts, failures, sessions

SECOND, MINUTE = 1_000_000, 60_000_000
#: Wrong sign-ins of a name, or from an address, before it has to wait; then twice as long each time, up to the most.
FREE, FREE_ADDRESS = 5, 30
FIRST_WAIT, LONGEST_WAIT = 2 * SECOND, 15 * MINUTE
#: How long a wrong sign-in counts.
FORGET = 60 * MINUTE

_FAILED = text(
    "INSERT INTO failures (digest, times, last) VALUES (:digest, 1, :now)"
    " ON CONFLICT (digest) DO UPDATE SET last = :now,"
    " times = CASE WHEN failures.last < :forget THEN 1 ELSE failures.times + 1 END"
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new sign-in: the cookie's secret, its CSRF value, and whose it is."""

    secret: str
    csrf: str
    account: int
    name: str


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in that is in force."""

    id: int
    made: datetime
    used: datetime
    address: str


class Sessions:
    """The sign-ins of a store."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._idle = settings.server.session_idle_minutes * MINUTE
        self._most = settings.server.session_hours * 60 * MINUTE

    def sign_in(self, name: str, password: str, code: str, address: str) -> SignedIn:
        """Sign an account in by password and, where it has a second factor, a code of it or a recovery code.

        Raises `SignInRefused`, in the same words and time whatever was wrong; `SignInSlow` after too many.  A password
        is verified while no transaction is open, since that takes a while.
        """
        name = name.strip().lower()
        marks = (_mark("name", name), _mark("address", address))
        with self._database.reading() as connection:
            self._check_wait(connection, marks)
            row = connection.execute(select(accounts).where(accounts.c.name == name)).one_or_none()
        right = verify_password(None if row is None else row.password, password)
        with self._database.writing() as connection:
            self._check_wait(connection, marks)  # others may have failed meanwhile
            if row is not None and right:
                # As it is now: a code that was taken since must not be taken again.
                row = connection.execute(
                    select(accounts).where(accounts.c.id == row.id).with_for_update()
                ).one_or_none()
            if row is not None and right and row.state == "active" and self._factor(connection, row, code):
                return self._begin(connection, row, address, marks[0])
            for mark in marks:
                values = {"digest": mark, "now": precise_now(), "forget": precise_now() - FORGET}
                connection.execute(_FAILED, values)
            who = "nobody" if row is None else f"account {row.id} ({row.name})"
            record(connection, By(who), "sign-in.refuse", "server" if row is None else f"account:{row.id}")
        raise SignInRefused

    def actor(self, secret: str) -> tuple[Actor, str] | None:
        """Return who a cookie's secret signs in, and the CSRF value; ``None`` if nobody, or no longer."""
        now = precise_now()
        asked = (
            select(sessions, accounts.c.name, accounts.c.roles)
            .join(accounts, accounts.c.id == sessions.c.account)
            .where(sessions.c.digest == digest(secret), accounts.c.state == "active")
        )
        with self._database.reading() as connection:
            row = connection.execute(asked).one_or_none()
        if row is None or now > row.used + self._idle or now > row.made + self._most:
            return None
        if now > row.used + min(MINUTE, self._idle // 4):  # a write for each request would be one too many
            with self._database.writing() as connection:
                connection.execute(update(sessions).where(sessions.c.id == row.id).values(used=now))
        return Actor(row.account, row.name, roles_of(row.roles), session=row.id), row.csrf

    def of(self, account: int) -> tuple[Session, ...]:
        """Return an account's sign-ins that are in force, the newest first."""
        now = precise_now()
        asked = select(sessions).where(
            sessions.c.account == account, sessions.c.used > now - self._idle, sessions.c.made > now - self._most
        )
        with self._database.reading() as connection:
            rows = connection.execute(asked.order_by(sessions.c.made.desc())).all()
        return tuple(Session(row.id, moment(row.made), moment(row.used), row.address) for row in rows)

    def end(self, session: int, by: By) -> None:
        """End a sign-in."""
        with self._database.writing() as connection:
            ended = delete(sessions).where(sessions.c.id == session).returning(sessions.c.account)
            account = connection.execute(ended).scalar_one_or_none()
            if account is not None:
                record(connection, by, "sign-in.end", f"account:{account}")

    def end_all(self, account: int, by: By, *, keep: int | None = None) -> None:
        """End every sign-in of an account, but for session ``keep``."""
        ended = delete(sessions).where(sessions.c.account == account)
        with self._database.writing() as connection:
            connection.execute(ended if keep is None else ended.where(sessions.c.id != keep))
            record(connection, by, "sign-in.end-all", f"account:{account}")

    def forget(self) -> None:
        """Drop what is over: sign-ins and counts of wrong ones."""
        now = precise_now()
        with self._database.writing() as connection:
            over = (sessions.c.used < now - self._idle) | (sessions.c.made < now - self._most)
            connection.execute(delete(sessions).where(over))
            connection.execute(delete(failures).where(failures.c.last < now - FORGET))

    def _check_wait(self, connection: Connection, marks: tuple[bytes, bytes]) -> None:
        now = precise_now()
        for mark, free in zip(marks, (FREE, FREE_ADDRESS), strict=True):
            row = connection.execute(select(failures).where(failures.c.digest == mark)).one_or_none()
            if row is None or row.times < free or row.last < now - FORGET:
                continue
            until = row.last + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(20, row.times - free))
            if now < until:
                raise SignInSlow(seconds=(until - now) // SECOND + 1)

    @staticmethod
    def _factor(connection: Connection, row: Row[Any], code: str) -> bool:
        """Say whether a code is right, and use it up."""
        if row.second_factor is None:
            return True
        step = factor_step(row.second_factor, code, precise_now() / 1e6, row.second_factor_used)
        if step is not None:
            connection.execute(update(accounts).where(accounts.c.id == row.id).values(second_factor_used=step))
            return True
        left = row.recovery.split()
        used = digest(code.strip().lower()).hex()
        if used not in left:
            return False
        left.remove(used)
        connection.execute(update(accounts).where(accounts.c.id == row.id).values(recovery=" ".join(left)))
        return True

    @staticmethod
    def _begin(connection: Connection, row: Row[Any], address: str, mark: bytes) -> SignedIn:
        secret, csrf, now = random_secret(), random_secret(), precise_now()
        values = {
            "digest": digest(secret),
            "account": row.id,
            "csrf": csrf,
            "made": now,
            "used": now,
            "address": address,
        }
        connection.execute(insert(sessions).values(values))
        connection.execute(update(accounts).where(accounts.c.id == row.id).values(signed_in=now))
        connection.execute(delete(failures).where(failures.c.digest == mark))
        record(connection, By(f"account {row.id} ({row.name})"), "sign-in.begin", f"account:{row.id}")
        return SignedIn(secret, csrf, row.id, row.name)


def _mark(what: str, value: str) -> bytes:
    return hashlib.sha256(f"{what}\0{value}".encode("utf-8", "replace")).digest()
