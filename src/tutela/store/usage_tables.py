"""What was asked and what was met, counted by the hour, and accounts that may not look things up for a while."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from tutela.store.tables import metadata

#: ``what`` is ``lookups`` (values asked for), ``contents`` (looked at) or ``hits`` (of either, in the list).
usage = Table(
    "usage",
    metadata,
    Column("hour", BigInteger, primary_key=True),  # microseconds since 1970 of its beginning
    Column("account", Integer, primary_key=True, autoincrement=False),
    Column("list", Text, primary_key=True),  # empty but for hits
    Column("what", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: Whom every process refuses look-ups near an entry, since near-probing was noticed.
probe_blocks = Table(
    "probe_blocks",
    metadata,
    Column("account", Integer, primary_key=True, autoincrement=False),
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
