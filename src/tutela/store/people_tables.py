"""People and the audit trail: accounts, sign-ins, tokens, one-time links, audit rows, checkpoints.

Secrets are kept as digests only: of passwords Argon2id, of random secrets SHA-256.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from tutela.store.tables import BigKey, Ordered, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),  # lower case
    Column("password", Text, nullable=False),  # Argon2id; empty until the invitation is accepted
    Column("roles", Text, nullable=False),  # separated by spaces, sorted
    Column("state", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("second_factor", LargeBinary),  # the TOTP secret, once it is confirmed
    Column("second_factor_new", LargeBinary),  # while it is not
    Column("second_factor_used", BigInteger, nullable=False),  # the newest time step whose code was taken
    Column("recovery", Text, nullable=False),  # SHA-256 of the codes that are left, separated by spaces
    Column("signed_in", BigInteger),  # last time
    UniqueConstraint("name", name="accounts_name"),
    CheckConstraint("state in ('invited', 'active', 'disabled')", name="accounts_state"),
    sqlite_autoincrement=True,  # the audit trail names accounts by number: none is given twice
)

#: One-time links: for the first administrator (no account), for invitations and for new passwords.
links = Table(
    "links",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("account", Integer, ForeignKey("accounts.id", ondelete="CASCADE")),
    Column("until", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("account", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("csrf", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    UniqueConstraint("digest", name="sessions_digest"),
    Index("sessions_account", "account"),
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("account", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", Text),  # separated by spaces; null: all that the account may
    Column("made", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("used", BigInteger),
    Column("revoked", BigInteger),
    UniqueConstraint("digest", name="tokens_digest"),
    Index("tokens_account", "account"),
    sqlite_autoincrement=True,
)

#: Failed sign-ins, by account name and by address, as a digest of either: names that are no accounts stand here too.
failures = Table(
    "failures",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("times", Integer, nullable=False),
    Column("last", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("number", BigKey, primary_key=True, autoincrement=False),
    Column("time", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Ordered, nullable=False),
    Column("target", Ordered, nullable=False),
    Column("why", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("request", Text, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("audit_action", "action", "number"),
    Index("audit_target", "target", "number"),
)

#: One row: the last of the chain.  On PostgreSQL writers queue up at it.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("time", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)
