"""The tables of the store.  The migrations make the same ones; a test compares the two.

Times are whole microseconds since 1970-01-01 UTC.  A row of `entries` is never deleted while its list stands: an
entry that is withdrawn keeps its row with the state ``removed``, so that a snapshot of an older version learns of it.
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
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

#: Text that is ordered by its code points, as SQLite's is anyway: pages of keys and beginnings of texts go by it.
Ordered = Text().with_variant(Text(collation="C"), "postgresql")

#: SQLite gives rowid tables their dense integer key only under the name INTEGER; PostgreSQL wants eight bytes.
BigKey = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

lists = Table(
    "lists",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("thresholds", Text, nullable=False),  # JSON: {kind: [distance, quality]}
    Column("version", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("name", name="lists_name"),
    CheckConstraint("purpose in ('known', 'benign')", name="lists_purpose"),
    # A snapshot's folder is named by the list's id, so the id of a removed list is never given again.
    sqlite_autoincrement=True,
)

#: Every version a list has had.  The stamp is random: two stores that share a past (a restored back-up) can both come
#: to a version 8, but never with the same stamp, and so no snapshot is carried forward from the wrong one.
list_versions = Table(
    "list_versions",
    metadata,
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("stamp", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("who", Text, nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)

entries = Table(
    "entries",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("key", Ordered, nullable=False),
    Column("grades", Text, nullable=False),  # JSON: [[scheme, code], ...]
    Column("labels", Text, nullable=False),  # JSON: [label, ...]
    Column("source", Text, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),  # of signals, grades, labels and source
    Column("version", Integer, nullable=False),  # the list's version in which this row last changed
    UniqueConstraint("list", "key", name="entries_list_key"),
    CheckConstraint("state in ('active', 'removed')", name="entries_state"),
    Index("entries_list_version", "list", "version", "id"),
)

signals = Table(
    "signals",
    metadata,
    Column("entry", BigKey, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", LargeBinary, primary_key=True),
    Column("quality", Integer),
    sqlite_with_rowid=False,
)

#: What rows of `entries` said before they changed: from version ``since`` of the list on, and no longer in ``until``.
entry_history = Table(
    "entry_history",
    metadata,
    Column("entry", BigKey, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("until", Integer, primary_key=True),
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("since", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("grades", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("signals", LargeBinary, nullable=False),  # JSON: [[kind, hexadecimal value, quality], ...]
    Index("entry_history_list_until", "list", "until"),
    sqlite_with_rowid=False,
)

#: Entries that are switched off until a time, at which they come back; their rows have the state ``removed`` meanwhile.
entry_pauses = Table(
    "entry_pauses",
    metadata,
    Column("entry", BigKey, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("until", BigInteger, nullable=False),
    Index("entry_pauses_until", "until"),
)

#: Lives in one connection for as long as an import runs: the former state of every old row that the import meets.
met = Table(
    "met",
    MetaData(),
    Column("entry", BigKey, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
)
