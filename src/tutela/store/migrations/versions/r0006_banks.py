"""What HMA's clients say of a list and of an entry."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "banks",
        sa.Column(
            "list", sa.Integer, sa.ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        ),
        sa.Column("ratio", sa.Float, nullable=False),
        sa.Column("gone", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry_notes",
        sa.Column("entry", key, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
        sa.Column("note", sa.Text),
        sa.Column("metadata", sa.Text),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("entry_notes")
    op.drop_table("banks")
