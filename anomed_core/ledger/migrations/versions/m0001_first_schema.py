"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _subject() -> list[sa.Column[str]]:
    names = ("challenge", "kind", "role", "anonymizer", "deanonymizer", "split")
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    """Create all tables and the heads of both chains."""
    op.create_table(
        "challenges",
        sa.Column("id", sa.Text),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_challenges"),
    )
    _create_attempts()
    _create_scores()
    op.create_table(
        "chores",
        sa.Column("score_id", _id(), autoincrement=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_try_at", sa.BigInteger, nullable=False),
        sa.Column("last_error", sa.Text, nullable=False, server_default=""),
        sa.Column("settled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("score_id", "task", name="pk_chores"),
        sa.ForeignKeyConstraint(["score_id"], ["scores.id"]),
    )
    op.create_index("ix_chores_due", "chores", ["state", "next_try_at"])
    op.create_table(
        "audit",
        sa.Column("id", _id(), autoincrement=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sa.UniqueConstraint("hash", name="uq_audit_hash"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text),
        sa.Column("challenge", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
    )
    heads = op.create_table(
        "chain_heads",
        sa.Column("name", sa.Text),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_chain_heads"),
    )
    op.bulk_insert(
        heads,
        [{"name": name, "length": 0, "hash": "0" * 64} for name in ("scores", "audit")],
    )
    clock = op.create_table(
        "clock",
        sa.Column("id", sa.Integer, autoincrement=False),
        sa.Column("reached", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clock"),
    )
    op.bulk_insert(clock, [{"id": 1, "reached": 0}])


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", _id(), autoincrement=True),
        *_subject(),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("resource", sa.Text, nullable=False, server_default="attempt"),
        sa.Column("amount", sa.Text, nullable=False, server_default="1"),
        sa.Column("final_key", sa.Text),
        sa.Column("replay_key", sa.Text),
        sa.Column("payload_digest", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("claimed_at", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.Text, nullable=False, server_default=""),
        sa.Column("settled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.UniqueConstraint("final_key", name="uq_attempts_final_key"),
        sa.UniqueConstraint("replay_key", name="uq_attempts_replay_key"),
    )
    claimed = sa.text("state = 'claimed'")
    op.create_index(
        "ix_attempts_claimed",
        "attempts",
        ["challenge", "anonymizer", "deanonymizer"],
        sqlite_where=claimed,
        postgresql_where=claimed,
    )
    op.create_index(
        "ix_attempts_history", "attempts", ["challenge", "anonymizer", "deanonymizer", "claimed_at"]
    )


def _create_scores() -> None:
    op.create_table(
        "scores",
        sa.Column("id", _id(), autoincrement=False),
        sa.Column("attempt_id", _id()),
        *_subject(),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("metrics", sa.Text, nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("payload_digest", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("core_version", sa.Text, nullable=False),
        sa.Column("plugin", sa.Text, nullable=False),
        sa.Column("plugin_version", sa.Text, nullable=False),
        sa.Column("supersedes", _id()),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scores"),
        sa.UniqueConstraint("attempt_id", name="uq_scores_attempt_id"),
        sa.UniqueConstraint("hash", name="uq_scores_hash"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"]),
    )
    op.create_index("ix_scores_challenge", "scores", ["challenge", "kind", "split"])
    op.create_index("ix_scores_anonymizer", "scores", ["challenge", "anonymizer", "split"])
