"""`People`: accounts, from invitation to the end."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tutela.access.permissions import Role
from tutela.access.secrets import (
    digest,
    factor_step,
    factor_uri,
    hash_password,
    new_factor,
    random_secret,
    recovery_codes,
    text_of_factor,
    verify_password,
)
from tutela.model import Settings
from tutela.model.errors import (
    AccountExists,
    AccountUnknown,
    LastAdministrator,
    LinkSpent,
    SignInRefused,
    UsageError,
)
from tutela.store.audit import By, record
from tutela.store.database import Database
from tutela.store.entry_rows import moment, precise_now
from tutela.store.people_tables import accounts, links, sessions

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")
#: Microseconds for which a link can be used.
LINK_LASTS = 3 * 24 * 3_600_000_000


@dataclass(frozen=True, slots=True)
class Account:
    """An account.  ``state`` is ``invited``, ``active`` or ``disabled``."""

    id: int
    name: str
    roles: frozenset[Role]
    state: str
    created: datetime
    signed_in: datetime | None
    has_second_factor: bool
    recovery_codes: int

    @property
    def target(self) -> str:
        """How the audit trail names it as what something was done to."""
        return f"account:{self.id}"


@dataclass(frozen=True, slots=True)
class NewFactor:
    """A second factor that is to be confirmed: its secret for typing, and as an otpauth URI for a QR code."""

    secret: str
    uri: str


class People:
    """The accounts of a store; every change is audited."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    # ------------------------------------------------------------------------------------------------- beginnings
    def first_link(self) -> str | None:
        """Return a fresh one-time secret for making the first administrator; ``None`` once there is an account.

        Earlier ones are void from then on.
        """
        with self._database.writing() as connection:
            if _count(connection):
                return None
            connection.execute(delete(links).where(links.c.account.is_(None)))
            return _link(connection, None)

    def create_first(self, secret: str, name: str, password: str) -> Account:
        """Make the first administrator by a link's secret.  Raises `LinkSpent`, `PasswordWeak`, `UsageError`."""
        name = checked_name(name)
        hashed = hash_password(password, name)
        with self._database.writing() as connection:
            if _count(connection):
                raise LinkSpent
            _spend(connection, secret)
            number = _insert(connection, name, frozenset({Role.ADMINISTRATOR}), "active", hashed)
            by = By(f"account {number} ({name})", "the first administrator")
            record(connection, by, "account.create", f"account:{number}", after=_told(name, {Role.ADMINISTRATOR}))
            return _account(_row(connection, number))

    def invite(self, name: str, roles: Iterable[Role], by: By) -> tuple[Account, str]:
        """Make an account that is to be accepted; return it and the secret of its link.

        Raises `AccountExists`, `UsageError`.
        """
        name, held = checked_name(name), frozenset(roles)
        try:
            with self._database.writing() as connection:
                number = _insert(connection, name, held, "invited", "")
                record(connection, by, "account.invite", f"account:{number}", after=_told(name, held))
                return _account(_row(connection, number)), _link(connection, number)
        except IntegrityError:
            raise AccountExists(name=name) from None

    def new_link(self, number: int, by: By) -> str:
        """Return the secret of a link by which an account gets a new password: a lost one, or a lapsed invitation.

        The account's second factor stays.  Raises `AccountUnknown`.
        """
        with self._database.writing() as connection:
            _row(connection, number)
            connection.execute(delete(links).where(links.c.account == number))
            record(connection, by, "account.link", f"account:{number}")
            return _link(connection, number)

    def invited(self, secret: str) -> Account | None:
        """Return the account that a link is for; ``None`` if it is for the first, spent or unknown."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(links.c.account).where(links.c.digest == digest(secret), links.c.until > precise_now())
            ).scalar_one_or_none()
            return None if found is None else _account(_row(connection, found))

    def accept(self, secret: str, password: str) -> Account:
        """Set an account's password by a link's secret; ends its sign-ins.  Raises `LinkSpent`, `PasswordWeak`."""
        account = self.invited(secret)
        if account is None:
            raise LinkSpent
        hashed = hash_password(password, account.name)
        with self._database.writing() as connection:
            _spend(connection, secret)
            # Read here: the account may have been shut out while its password was hashed.
            account = _account(_row(connection, account.id))
            state = "active" if account.state == "invited" else account.state
            connection.execute(update(accounts).where(accounts.c.id == account.id).values(password=hashed, state=state))
            connection.execute(delete(sessions).where(sessions.c.account == account.id))
            by = By(f"account {account.id} ({account.name})", "by a one-time link")
            record(
                connection,
                by,
                "account.password",
                account.target,
                before={"state": account.state},
                after={"state": state},
            )
            return _account(_row(connection, account.id))

    # ---------------------------------------------------------------------------------------------------- reading
    def accounts(self) -> tuple[Account, ...]:
        """Return every account, by name."""
        with self._database.reading() as connection:
            return tuple(_account(row) for row in connection.execute(select(accounts).order_by(accounts.c.name)))

    def account(self, number: int) -> Account:
        """Return an account; raise `AccountUnknown`."""
        with self._database.reading() as connection:
            return _account(_row(connection, number))

    def named(self, name: str) -> Account:
        """Return the account of this name; raise `AccountUnknown`."""
        with self._database.reading() as connection:
            row = connection.execute(select(accounts).where(accounts.c.name == name.lower())).one_or_none()
        if row is None:
            raise AccountUnknown(name=name)
        return _account(row)

    # --------------------------------------------------------------------------------------------------- changing
    def set_roles(self, number: int, roles: Iterable[Role], by: By) -> Account:
        """Give an account these roles and no others.  Raises `AccountUnknown`, `LastAdministrator`."""
        held = frozenset(roles)
        with self._database.writing() as connection:
            before = _account(_row(connection, number))
            if Role.ADMINISTRATOR not in held:
                _keep_one(connection, before)
            connection.execute(update(accounts).where(accounts.c.id == number).values(roles=_roles(held)))
            told = {"before": _told(before.name, before.roles), "after": _told(before.name, held)}
            record(connection, by, "account.roles", before.target, **told)
            return _account(_row(connection, number))

    def disable(self, number: int, by: By) -> Account:
        """Shut an account out, with its sign-ins, tokens and links.  Raises `AccountUnknown`, `LastAdministrator`."""
        with self._database.writing() as connection:
            before = _account(_row(connection, number))
            _keep_one(connection, before)
            connection.execute(update(accounts).where(accounts.c.id == number).values(state="disabled"))
            connection.execute(delete(sessions).where(sessions.c.account == number))
            connection.execute(delete(links).where(links.c.account == number))
            record(
                connection,
                by,
                "account.disable",
                before.target,
                before={"state": before.state},
                after={"state": "disabled"},
            )
            return _account(_row(connection, number))

    def enable(self, number: int, by: By) -> Account:
        """Let an account in again.  Raises `AccountUnknown`."""
        with self._database.writing() as connection:
            row = _row(connection, number)
            state = "active" if row.password else "invited"
            connection.execute(update(accounts).where(accounts.c.id == number).values(state=state))
            told = {"before": {"state": row.state}, "after": {"state": state}}
            record(connection, by, "account.enable", f"account:{number}", **told)
            return _account(_row(connection, number))

    def check_password(self, number: int, password: str) -> None:
        """Raise `SignInRefused` unless this is an account's password."""
        with self._database.reading() as connection:
            row = _row(connection, number)
        if not verify_password(row.password, password):
            raise SignInRefused

    def change_password(self, number: int, old: str, new: str, by: By, *, keep: int | None = None) -> None:
        """Change an account's password; ends its sign-ins but for session ``keep``.

        Raises `SignInRefused` for a wrong old one, `PasswordWeak`.
        """
        self.check_password(number, old)
        hashed = hash_password(new, self.account(number).name)
        with self._database.writing() as connection:
            connection.execute(update(accounts).where(accounts.c.id == number).values(password=hashed))
            ended = delete(sessions).where(sessions.c.account == number)
            connection.execute(ended if keep is None else ended.where(sessions.c.id != keep))
            record(connection, by, "account.password", f"account:{number}")

    # ---------------------------------------------------------------------------------------------- second factor
    def begin_second_factor(self, number: int) -> NewFactor:
        """Return a fresh second factor; it counts once `confirm_second_factor` has seen a code of it."""
        secret = new_factor()
        with self._database.writing() as connection:
            row = _row(connection, number)
            connection.execute(update(accounts).where(accounts.c.id == number).values(second_factor_new=secret))
        return NewFactor(text_of_factor(secret), factor_uri(secret, row.name))

    def confirm_second_factor(self, number: int, code: str, by: By) -> tuple[str, ...]:
        """Put the new second factor in force; return recovery codes, shown this once.  Raises `SignInRefused`."""
        codes = recovery_codes()
        with self._database.writing() as connection:
            row = _row(connection, number)
            step = None
            if row.second_factor_new is not None:
                step = factor_step(row.second_factor_new, code, precise_now() / 1e6, 0)
            if step is None:
                raise SignInRefused
            values = {
                "second_factor": row.second_factor_new,
                "second_factor_new": None,
                "second_factor_used": step,
                "recovery": " ".join(digest(code).hex() for code in codes),
            }
            connection.execute(update(accounts).where(accounts.c.id == number).values(values))
            record(connection, by, "account.second-factor", f"account:{number}", after={"second factor": True})
        return codes

    def drop_second_factor(self, number: int, by: By) -> None:
        """Do without a second factor from now on."""
        with self._database.writing() as connection:
            _row(connection, number)
            values = {"second_factor": None, "second_factor_new": None, "recovery": ""}
            connection.execute(update(accounts).where(accounts.c.id == number).values(values))
            record(connection, by, "account.second-factor", f"account:{number}", after={"second factor": False})


def checked_name(name: str) -> str:
    """Return an account's name as it is kept; raise `UsageError` for one that cannot be."""
    kept = name.strip().lower()
    if not _NAME.fullmatch(kept):
        raise UsageError(
            reason="An account's name has 1 to 100 of the characters a-z, 0-9, '.', '_', '@', '+' and '-',"
            " and begins with a letter or digit."
        )
    return kept


def _count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(accounts)).scalar_one())


def _link(connection: Connection, account: int | None) -> str:
    secret = random_secret()
    until = precise_now() + LINK_LASTS
    connection.execute(insert(links).values(digest=digest(secret), account=account, until=until))
    return secret


def _spend(connection: Connection, secret: str) -> None:
    spent = connection.execute(
        delete(links).where(links.c.digest == digest(secret), links.c.until > precise_now())
    ).rowcount
    if not spent:
        raise LinkSpent


def _insert(connection: Connection, name: str, roles: frozenset[Role], state: str, password: str) -> int:
    made = connection.execute(
        insert(accounts).values(
            name=name,
            password=password,
            roles=_roles(roles),
            state=state,
            created=precise_now(),
            second_factor_used=0,
            recovery="",
        )
    ).inserted_primary_key
    if made is None:
        raise AssertionError("an insert without a key")
    return int(made[0])


def _row(connection: Connection, number: int) -> Row[Any]:
    row = connection.execute(select(accounts).where(accounts.c.id == number)).one_or_none()
    if row is None:
        raise AccountUnknown(name=f"number {number}")
    return row


def _keep_one(connection: Connection, account: Account) -> None:
    """Raise `LastAdministrator` if this account is the only administrator that can sign in."""
    if Role.ADMINISTRATOR not in account.roles or account.state != "active":
        return
    rows = connection.execute(select(accounts.c.roles).where(accounts.c.state == "active", accounts.c.id != account.id))
    if not any(Role.ADMINISTRATOR in roles_of(row.roles) for row in rows):
        raise LastAdministrator


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        roles=roles_of(row.roles),
        state=row.state,
        created=moment(row.created),
        signed_in=None if row.signed_in is None else moment(row.signed_in),
        has_second_factor=row.second_factor is not None,
        recovery_codes=len(row.recovery.split()),
    )


def roles_of(column: str) -> frozenset[Role]:
    """Return the roles that a column holds."""
    return frozenset(Role(name) for name in column.split())


def _roles(roles: Iterable[Role]) -> str:
    return " ".join(sorted(role.value for role in roles))


def _told(name: str, roles: Iterable[Role]) -> dict[str, object]:
    return {"name": name, "roles": sorted(role.value for role in roles)}
