"""`Tokens`: secrets by which programs act for an account."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from tutela.access.people import roles_of
from tutela.access.permissions import Actor, Permission
from tutela.access.secrets import digest, random_secret
from tutela.model.errors import TokenUnknown, TutelaError, UsageError
from tutela.store.audit import By, record
from tutela.store.database import Database
from tutela.store.entry_rows import moment, precise_now
from tutela.store.people_tables import accounts, tokens

#: What every token begins with, so that tools which search for leaked secrets find it.
PREFIX = "tut_"
DAY, MINUTE = 86_400_000_000, 60_000_000
MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without its secret.  ``scopes`` is ``None`` where it may all that its account may."""

    id: int
    account: int
    name: str
    scopes: frozenset[Permission] | None
    made: datetime
    until: datetime
    used: datetime | None
    revoked: datetime | None

    @property
    def in_force(self) -> bool:
        """Whether it opens anything."""
        return self.revoked is None and self.until > moment(precise_now())


class Tokens:
    """The tokens of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._touched: dict[int, int] = {}

    def make(
        self, account: int, name: str, scopes: Iterable[Permission] | None, days: int, by: By
    ) -> tuple[str, Token]:
        """Make a token that lasts some days; return its secret, which is told this once, and the token."""
        name = name.strip()
        if not 0 < len(name) <= 100 or not 0 < days <= MOST_DAYS:
            raise UsageError(reason=f"A token has a name of 1 to 100 characters and lasts 1 to {MOST_DAYS} days.")
        secret, now = PREFIX + random_secret(), precise_now()
        held = None if scopes is None else frozenset(scopes)
        column = None if held is None else " ".join(sorted(held))
        values = {
            "digest": digest(secret),
            "account": account,
            "name": name,
            "scopes": column,
            "made": now,
            "until": now + days * DAY,
        }
        with self._database.writing() as connection:
            number = connection.execute(insert(tokens).values(values).returning(tokens.c.id)).scalar_one()
            told = {"name": name, "account": account, "scopes": column or "all", "days": days}
            record(connection, by, "token.make", f"token:{number}", after=told)
            row = connection.execute(select(tokens).where(tokens.c.id == number)).one()
        return secret, _token(row)

    def actor(self, secret: str) -> Actor | None:
        """Return who a token's secret stands for, with the roles that the account has now; ``None`` if nobody."""
        if not secret.startswith(PREFIX):
            return None
        now = precise_now()
        asked = (
            select(tokens, accounts.c.name.label("account_name"), accounts.c.roles)
            .join(accounts, accounts.c.id == tokens.c.account)
            .where(tokens.c.digest == digest(secret), accounts.c.state == "active")
        )
        with self._database.reading() as connection:
            row = connection.execute(asked).one_or_none()
        if row is None or row.revoked is not None or row.until < now:
            return None
        self._touch(row, now)
        return Actor(row.account, row.account_name, roles_of(row.roles), _scopes(row.scopes), token=row.id)

    def of(self, account: int | None = None) -> tuple[Token, ...]:
        """Return the tokens of an account, or all, the newest first."""
        asked = select(tokens).order_by(tokens.c.id.desc())
        if account is not None:
            asked = asked.where(tokens.c.account == account)
        with self._database.reading() as connection:
            return tuple(_token(row) for row in connection.execute(asked))

    def revoke(self, number: int, by: By, *, account: int | None = None) -> None:
        """End a token for good; with ``account`` only one of that account.  Raises `TokenUnknown`."""
        with self._database.writing() as connection:
            row = connection.execute(select(tokens).where(tokens.c.id == number)).one_or_none()
            if row is None or (account is not None and row.account != account):
                raise TokenUnknown(number=number)
            if row.revoked is None:
                connection.execute(update(tokens).where(tokens.c.id == number).values(revoked=precise_now()))
                record(connection, by, "token.revoke", f"token:{number}")

    def _touch(self, row: Row[Any], now: int) -> None:
        """Keep when it was last used, to the minute."""
        last = max(row.used or 0, self._touched.get(row.id, 0))
        if now < last + MINUTE:
            return
        with self._lock:
            self._touched[row.id] = now
        try:
            with self._database.writing() as connection:
                connection.execute(update(tokens).where(tokens.c.id == row.id).values(used=now))
        except TutelaError:  # a busy store must not shut out who may come in
            self._touched.pop(row.id, None)


def _scopes(column: str | None) -> frozenset[Permission] | None:
    return None if column is None else frozenset(Permission(name) for name in column.split())


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        account=row.account,
        name=row.name,
        scopes=_scopes(row.scopes),
        made=moment(row.made),
        until=moment(row.until),
        used=None if row.used is None else moment(row.used),
        revoked=None if row.revoked is None else moment(row.revoked),
    )
