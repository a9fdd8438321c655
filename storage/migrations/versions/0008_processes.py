"""What several processes agree on: accounts of keys, runs to be cancelled."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "key_account",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("requests_full_s", sa.Double(), nullable=False),
        sa.Column("thinking_full_s", sa.Double(), nullable=False),
        sa.Column("day", sa.DateTime(timezone=True), nullable=False),
        sa.Column("today", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["api_key.id"], name=op.f("fk_key_account_key_id_api_key")
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_key_account")),
    )
    op.create_table(
        "cancellation",
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["trace_id"],
            ["trace.id"],
            name=op.f("fk_cancellation_trace_id_trace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trace_id", name=op.f("pk_cancellation")),
    )


def downgrade() -> None:
    """Forget both."""
    op.drop_table("cancellation")
    op.drop_table("key_account")
