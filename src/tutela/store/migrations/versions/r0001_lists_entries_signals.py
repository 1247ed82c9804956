"""The first tables: lists with their versions, entries, signals."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ordered = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_big_key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "lists",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("thresholds", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("name", name="lists_name"),
        sa.CheckConstraint("purpose in ('known', 'benign')", name="lists_purpose"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "list_versions",
        sa.Column("list", sa.Integer, sa.ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("stamp", sa.Text, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entries",
        sa.Column("id", _big_key, primary_key=True),
        sa.Column("list", sa.Integer, sa.ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", _ordered, nullable=False),
        sa.Column("grades", sa.Text, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("list", "key", name="entries_list_key"),
        sa.CheckConstraint("state in ('active', 'removed')", name="entries_state"),
    )
    op.create_index("entries_list_version", "entries", ["list", "version", "id"])
    op.create_table(
        "signals",
        sa.Column("entry", _big_key, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, primary_key=True),
        sa.Column("quality", sa.Integer),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("signals", "entries", "list_versions", "lists"):
        op.drop_table(name)
