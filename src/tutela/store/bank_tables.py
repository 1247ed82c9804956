"""The tables of what HMA's clients say of a list and of an entry, and tutela itself has no word for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Integer, Table, Text

from tutela.store.tables import BigKey, metadata

#: A list without a row here is a bank that is asked always.
banks = Table(
    "banks",
    metadata,
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("ratio", Float, nullable=False),
    Column("gone", BigInteger),  # when it was deleted by an HMA client; the list stays, with its entries withdrawn
    sqlite_with_rowid=False,
)

entry_notes = Table(
    "entry_notes",
    metadata,
    Column("entry", BigKey, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("note", Text),
    Column("metadata", Text),  # JSON: {content_id, content_uri, json}
    sqlite_with_rowid=False,
)
