"""What was asked and what was met, counted by the hour; blocks of accounts that probed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "usage",
        sa.Column("hour", sa.BigInteger, primary_key=True),
        sa.Column("account", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("list", sa.Text, primary_key=True),
        sa.Column("what", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "probe_blocks",
        sa.Column("account", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("entry", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("probe_blocks")
    op.drop_table("usage")
