"""Tokens with several grants; teams with a name and a standing; attempts that were granted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    """Turn each token into one of a team with one grant; the team is called as its holder was."""
    op.create_table(
        "grants",
        *_texts("token", "challenge", "role", "holder"),
        sa.PrimaryKeyConstraint("token", "challenge", "role", "holder", name="pk_grants"),
        sa.ForeignKeyConstraint(["token"], ["tokens.id"]),
    )
    op.create_index("ix_grants_holder", "grants", ["challenge", "role", "holder"])
    op.add_column("tokens", sa.Column("team", sa.Text, nullable=False, server_default=""))
    op.execute(
        "INSERT INTO grants (token, challenge, role, holder) "
        "SELECT id, challenge, role, holder FROM tokens"
    )
    op.execute("UPDATE tokens SET team = holder")
    for name in ("challenge", "role", "holder"):
        op.drop_column("tokens", name)
    op.create_index("ix_tokens_team", "tokens", ["team"])
    op.create_table(
        "teams",
        *_texts("team", "name", "disqualified"),
        sa.PrimaryKeyConstraint("team", name="pk_teams"),
    )
    op.create_table(
        "granted_attempts",
        sa.Column("id", _id(), autoincrement=False),
        *_texts("challenge", "kind", "role", "anonymizer", "deanonymizer"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("granted_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_granted_attempts"),
    )
    op.create_index(
        "ix_granted_attempts_subject",
        "granted_attempts",
        ["challenge", "anonymizer", "deanonymizer", "granted_at"],
    )
    op.add_column("challenges", sa.Column("rules", sa.Text, nullable=False, server_default=""))
