"""What a face keeps of its request, to give it back when the run is read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add the column."""
    op.add_column("trace", sa.Column("kept", JSON, nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("trace", "kept")
