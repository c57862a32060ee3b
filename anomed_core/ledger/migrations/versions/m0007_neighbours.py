"""What servers of one ledger must know of each other: who lives, whom the schema serves."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of processes and of request counts, and the row of the schema's state."""
    op.create_table(
        "processes",
        sa.Column("name", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("release", "beaten_at")),
        sa.PrimaryKeyConstraint("name", name="pk_processes"),
    )
    op.create_table(
        "request_counts",
        sa.Column("who", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("period", "number")),
        sa.PrimaryKeyConstraint("who", name="pk_request_counts"),
        # Whatever a crash takes of them is counted anew, so they are in no log.
        prefixes=["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else [],
    )
    state = op.create_table(
        "schema_state",
        *(
            sa.Column(name, sa.Integer, nullable=False, autoincrement=False)
            for name in ("id", "contracted")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_schema_state"),
    )
    op.bulk_insert(state, [{"id": 1, "contracted": 7}])
