"""Criteria of finals in a table of their own; annulled scores; hashes that name their columns."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what rankings need, and give follow-ups their name.

    The table of criteria is filled when a challenge is opened, whose type declares what is ranked.
    """
    for name in ("annulled", "covers"):
        op.add_column("scores", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("challenges", sa.Column("ranked", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "criteria",
        sa.Column("score_id", _id(), autoincrement=False),
        sa.Column("first_id", _id(), nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("challenge", "kind", "split", "origin", "label")
        ),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("role", "anonymizer", "deanonymizer", "metric")
        ),
        sa.Column("value", sa.Double),
        sa.Column("estimate", sa.Double),
        sa.PrimaryKeyConstraint("score_id", "metric", name="pk_criteria"),
        sa.ForeignKeyConstraint(["score_id"], ["scores.id"]),
    )
    op.create_index(
        "ix_criteria_ranked",
        "criteria",
        [
            *("challenge", "metric", "anonymizer", "kind", "label", "deanonymizer"),
            *("first_id", "value", "estimate", "score_id"),
        ],
    )
    op.drop_index("ix_chores_due", "chores")
    op.rename_table("chores", "follow_ups")
    op.create_index("ix_follow_ups_due", "follow_ups", ["state", "next_try_at"])
