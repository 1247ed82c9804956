"""Jobs, webhooks, and what is to be delivered to them."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from tutela.store.tables import metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("arguments", Text, nullable=False),  # JSON
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger),
    Column("message", Text, nullable=False),
    Column("result", Text),  # JSON
    Column("error", Text),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("ended", BigInteger),
    Column("cancelled", Integer, nullable=False),  # 1: somebody has asked for it
    CheckConstraint("state in ('waiting', 'running', 'done', 'failed', 'cancelled')", name="jobs_state"),
    Index("jobs_made", "made"),
    Index("jobs_state_made", "state", "made"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("events", Text, nullable=False),  # separated by spaces
    Column("secret", Text, nullable=False),  # a signature needs it as it is
    Column("state", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    CheckConstraint("state in ('active', 'disabled')", name="webhooks_state"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("webhook", Integer, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event", Text, nullable=False),
    Column("payload", Text, nullable=False),  # JSON, as it is signed and sent
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("answer", Text, nullable=False),  # of the last attempt
    Column("made", BigInteger, nullable=False),
    Column("last", BigInteger),
    CheckConstraint("state in ('waiting', 'sending', 'done', 'failed')", name="deliveries_state"),
    Index("deliveries_state", "state", "made"),
)

#: How far what happened has been turned into deliveries: the newest number of each kind of it.
event_cursors = Table(
    "event_cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
