"""The first schema: traces."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "trace",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("writer", sa.Text(), nullable=False),
        sa.Column("face", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("verifier_model", sa.Text(), nullable=True),
        sa.Column("effort", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("messages", JSON, nullable=False),
        sa.Column("max_generations", sa.Integer(), nullable=False),
        sa.Column("max_tokens", sa.Integer(), nullable=True),
        sa.Column("deadline_s", sa.Double(), nullable=True),
        sa.Column("sampling", JSON, nullable=False),
        sa.Column("difficulty_probability", sa.Double(), nullable=True),
        sa.Column("difficulty_level", sa.Integer(), nullable=True),
        sa.Column("difficulty_method", sa.Text(), nullable=True),
        sa.Column("difficulty_samples", sa.Integer(), nullable=True),
        sa.Column("plans", JSON, nullable=False),
        sa.Column("strategy", sa.Text(), nullable=True),
        sa.Column("policy", sa.Text(), nullable=True),
        sa.Column("answer_text", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("candidate_key", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=True),
        sa.Column("stop_reason", sa.Text(), nullable=True),
        sa.Column("generations", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("cached_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=True),
        sa.Column("verifier_tokens", sa.Integer(), nullable=True),
        sa.Column("faults", JSON, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace")),
    )
    op.create_index(op.f("ix_trace_created_at"), "trace", ["created_at"], unique=False)
    op.create_index(op.f("ix_trace_status"), "trace", ["status"], unique=False)
    op.create_table(
        "call",
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request", JSON, nullable=False),
        sa.Column("started_s", sa.Double(), nullable=False),
        sa.Column("ms", sa.Double(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("verifier_tokens", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["trace_id"], ["trace.id"], name=op.f("fk_call_trace_id_trace"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trace_id", "seq", name=op.f("pk_call")),
    )
    op.create_table(
        "node_run",
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("started_s", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trace_id"], ["trace.id"], name=op.f("fk_node_run_trace_id_trace"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trace_id", "seq", name=op.f("pk_node_run")),
    )
    op.create_table(
        "step",
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("parent_key", sa.Text(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("n_tokens", sa.Integer(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["trace_id"], ["trace.id"], name=op.f("fk_step_trace_id_trace"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trace_id", "key", name=op.f("pk_step")),
    )
    op.create_index(
        op.f("ix_step_trace_id_parent_key"), "step", ["trace_id", "parent_key"], unique=False
    )
    op.create_table(
        "usage",
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("verifier_tokens", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trace_id"], ["trace.id"], name=op.f("fk_usage_trace_id_trace"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trace_id", "role", name=op.f("pk_usage")),
    )
    op.create_table(
        "verdict",
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("winner", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("margin", sa.Double(), nullable=True),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trace_id"], ["trace.id"], name=op.f("fk_verdict_trace_id_trace"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trace_id", "seq", name=op.f("pk_verdict")),
    )
    op.create_table(
        "candidate",
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("parent_key", sa.Text(), nullable=True),
        sa.Column("leaf_step_key", sa.Text(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("ending", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("n_tokens", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_key", sa.Text(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("thinking", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("vote", sa.Double(), nullable=True),
        sa.Column("attempts", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["trace_id", "leaf_step_key"],
            ["step.trace_id", "step.key"],
            name=op.f("fk_candidate_trace_id_leaf_step_key_step"),
        ),
        sa.ForeignKeyConstraint(
            ["trace_id"], ["trace.id"], name=op.f("fk_candidate_trace_id_trace"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("trace_id", "key", name=op.f("pk_candidate")),
    )
    op.create_index(
        op.f("ix_candidate_trace_id_leaf_step_key"),
        "candidate",
        ["trace_id", "leaf_step_key"],
        unique=False,
    )
    op.create_table(
        "vote",
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("verdict_seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("answer_key", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("members", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["trace_id", "verdict_seq"],
            ["verdict.trace_id", "verdict.seq"],
            name=op.f("fk_vote_trace_id_verdict_seq_verdict"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trace_id", "verdict_seq", "rank", name=op.f("pk_vote")),
    )


def downgrade() -> None:
    """Drop them, and every trace with them."""
    for table in ("vote", "candidate", "verdict", "usage", "step", "node_run", "call", "trace"):
        op.drop_table(table)
