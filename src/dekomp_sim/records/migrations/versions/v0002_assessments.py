"""What human assessors enter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "assessment",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("case_id", sa.Integer, nullable=False),
        sa.Column("assessor", sa.String(24), nullable=False),
        sa.Column("rating", sa.JSON, nullable=False),
        sa.Column("checklist", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assessment"),
        sa.ForeignKeyConstraint(["case_id"], ["played_case.id"], name="fk_assessment_played_case", ondelete="CASCADE"),
        sa.UniqueConstraint("case_id", "assessor", name="uq_assessment"),
    )
    op.create_index("ix_assessment_case_id", "assessment", ["case_id"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("assessment")
