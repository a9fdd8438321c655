"""What analysts ask for: tallies, policies in columns; texts that are not kept; grades with answers."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAMED = re.compile(r"(?P<name>.+?)(?:[@-](?P<version>\d+))?(?: (?P<hash>[0-9a-f]{8}))?")


def upgrade() -> None:
    """Add the columns, fill those of policies from their names, and make the table."""
    op.add_column("trace", sa.Column("policy_name", sa.Text(), nullable=True))
    op.add_column("trace", sa.Column("policy_version", sa.Integer(), nullable=True))
    op.add_column("trace", sa.Column("policy_hash", sa.Text(), nullable=True))
    op.add_column("trace", sa.Column("texts", sa.Text(), nullable=False, server_default="kept"))
    op.add_column("grade", sa.Column("answer", sa.Text(), nullable=True))
    op.add_column(
        "api_key", sa.Column("texts", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    _name_policies()
    op.create_table(
        "tally",
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("candidates", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("pruned", sa.Integer(), nullable=False),
        sa.Column("cut_tokens", sa.Integer(), nullable=False),
        sa.Column("answer_key", sa.Text(), nullable=True),
        sa.Column("winner_score", sa.Double(), nullable=True),
        sa.Column("verifier_agrees", sa.Boolean(), nullable=True),
        sa.Column("pilot_samples", sa.Integer(), nullable=False),
        sa.Column("pilot_agreeing", sa.Integer(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("settled_votes", sa.Integer(), nullable=True),
        sa.Column("decided_votes", sa.Integer(), nullable=True),
        sa.Column("late_tokens", sa.Integer(), nullable=False),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("revisions_changed", sa.Integer(), nullable=False),
        sa.Column("first_answer_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["trace_id"], ["trace.id"], name=op.f("fk_tally_trace_id_trace"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trace_id", name=op.f("pk_tally")),
    )
    revises = sa.text("parent_key IS NOT NULL")
    op.create_index(
        "ix_candidate_revises",
        "candidate",
        ["trace_id"],
        unique=False,
        sqlite_where=revises,
        postgresql_where=revises,
    )


def _name_policies() -> None:
    trace = sa.table(
        "trace",
        *(sa.column(n) for n in ("policy", "policy_name", "policy_version", "policy_hash")),
    )
    connection = op.get_bind()
    for policy in list(connection.scalars(sa.select(trace.c.policy).distinct())):
        named = None if policy is None else NAMED.fullmatch(policy)
        if named is None:
            continue
        version = named["version"]
        values = {
            "policy_name": named["name"],
            "policy_version": None if version is None else int(version),
            "policy_hash": named["hash"],
        }
        connection.execute(sa.update(trace).where(trace.c.policy == policy).values(values))


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_candidate_revises", "candidate")
    op.drop_table("tally")
    op.drop_column("api_key", "texts")
    op.drop_column("grade", "answer")
    for column in ("texts", "policy_hash", "policy_version", "policy_name"):
        op.drop_column("trace", column)
