"""Codes of devices that wait for a token."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of waiting devices."""
    op.create_table(
        "device_codes",
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("user_code", "digest", "challenge", "asked_by")
        ),
        sa.Column("token", sa.Text),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("expires_at", "next_question_at")
        ),
        sa.PrimaryKeyConstraint("user_code", name="pk_device_codes"),
        sa.UniqueConstraint("digest", name="uq_device_codes_digest"),
    )
