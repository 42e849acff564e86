"""Learners, their cases, figures and marks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "learner",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("pseudonym", sa.String(24), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_learner"),
        sa.UniqueConstraint("pseudonym", name="uq_learner"),
    )
    op.create_table(
        "played_case",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("learner_id", sa.Integer, nullable=False),
        sa.Column("recorded_on", sa.String(10), nullable=False),
        sa.Column("report_sha256", sa.String(64), nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("seed", sa.String, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("harmed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_played_case"),
        sa.ForeignKeyConstraint(["learner_id"], ["learner.id"], name="fk_played_case_learner", ondelete="CASCADE"),
        sa.UniqueConstraint("learner_id", "report_sha256", name="uq_played_case"),
    )
    op.create_index("ix_played_case_learner_id", "played_case", ["learner_id"])
    op.create_table(
        "figure",
        sa.Column("case_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.Float(53), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "name", name="pk_figure"),
        sa.ForeignKeyConstraint(["case_id"], ["played_case.id"], name="fk_figure_played_case", ondelete="CASCADE"),
    )
    op.create_table(
        "mark",
        sa.Column("case_id", sa.Integer, nullable=False),
        sa.Column("rubric", sa.String(80), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("percent", sa.Float(53), nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("errors", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "rubric", name="pk_mark"),
        sa.ForeignKeyConstraint(["case_id"], ["played_case.id"], name="fk_mark_played_case", ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Take them away."""
    for name in ("mark", "figure", "played_case", "learner"):
        op.drop_table(name)
