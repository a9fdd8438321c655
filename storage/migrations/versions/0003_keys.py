"""API keys, and which of them a run was asked with."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and add the column."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requests_per_minute", sa.Integer(), nullable=True),
        sa.Column("thinking_tokens_per_minute", sa.Integer(), nullable=True),
        sa.Column("tokens_per_day", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.CheckConstraint("requests_per_minute > 0", name=op.f("ck_api_key_requests_per_minute")),
        sa.CheckConstraint(
            "thinking_tokens_per_minute > 0", name=op.f("ck_api_key_thinking_tokens_per_minute")
        ),
        sa.CheckConstraint("tokens_per_day > 0", name=op.f("ck_api_key_tokens_per_day")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_index(op.f("ix_api_key_prefix"), "api_key", ["prefix"], unique=False)
    op.create_index(
        "uq_api_key_name",
        "api_key",
        ["name"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.add_column("trace", sa.Column("key_id", sa.Text(), nullable=True))
    op.create_index(
        op.f("ix_trace_key_id_created_at"), "trace", ["key_id", "created_at"], unique=False
    )


def downgrade() -> None:
    """Forget every key."""
    op.drop_index(op.f("ix_trace_key_id_created_at"), "trace")
    op.drop_column("trace", "key_id")
    op.drop_table("api_key")
