"""What entries said before they changed, who changed a list and why, and entries that are off until a time."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_big_key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables and columns; versions that were made before tell nobody."""
    op.add_column("list_versions", sa.Column("who", sa.Text, nullable=False, server_default=""))
    op.add_column("list_versions", sa.Column("why", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "entry_history",
        sa.Column("entry", _big_key, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("until", sa.Integer, primary_key=True),
        sa.Column("list", sa.Integer, sa.ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("grades", sa.Text, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("signals", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("entry_history_list_until", "entry_history", ["list", "until"])
    op.create_table(
        "entry_pauses",
        sa.Column("entry", _big_key, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_index("entry_pauses_until", "entry_pauses", ["until"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("entry_pauses")
    op.drop_table("entry_history")
    op.drop_column("list_versions", "why")
    op.drop_column("list_versions", "who")
