"""Jobs: what is answered later. The archive: what was asked and answered."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str, default: str | None = None) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False, server_default=default) for name in names]


def _times(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def upgrade() -> None:
    """Add two tables, and the head of a chain; there was nothing of it before."""
    _create_archive()
    heads = sa.table("chain_heads", *map(sa.column, ("name", "length", "hash")))
    op.bulk_insert(heads, [{"name": "archive", "length": 0, "hash": "0" * 64}])
    _create_jobs()


def _create_archive() -> None:
    op.create_table(
        "archive",
        sa.Column("id", _id(), autoincrement=False),
        sa.Column("claim", _id(), nullable=False),
        *_texts("challenge", "operation", "role", "anonymizer", "deanonymizer", "parameters"),
        *_body("request"),
        *_body("answer"),
        *_texts("lines", "outcome"),
        *_times("recorded_at"),
        *_texts("previous_hash", "hash"),
        sa.PrimaryKeyConstraint("id", name="pk_archive"),
        sa.UniqueConstraint("claim", name="uq_archive_claim"),
        sa.UniqueConstraint("hash", name="uq_archive_hash"),
        sa.ForeignKeyConstraint(["claim"], ["claims.id"]),
    )
    op.create_index("ix_archive_anonymizer", "archive", ["challenge", "anonymizer", "id"])
    op.create_index("ix_archive_deanonymizer", "archive", ["challenge", "deanonymizer", "id"])
    op.create_index("ix_archive_recorded_at", "archive", ["recorded_at"])


def _body(name: str) -> list[sa.Column[Any]]:
    return [
        *_texts(f"{name}_type", f"{name}_digest"),
        sa.Column(f"{name}_bytes", sa.BigInteger, nullable=False),
        *_texts(f"{name}_place"),
        sa.Column(f"{name}_text", sa.Text),
    ]


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        *_texts("id"),
        sa.Column("claim", _id()),
        *_texts("challenge", "what", "kind", "role", "anonymizer", "deanonymizer", "split"),
        *_texts("holder", "parameters", "payload_digest", "request_id", "state"),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        *_times("due_at"),
        *_texts("owner", default=""),
        *_times("lease_until"),
        *_texts("told", default="{}"),
        sa.Column("score_id", _id()),
        sa.Column("entry_id", _id()),
        *_texts("error", "sentence", default=""),
        *_times("created_at", "updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("claim", name="uq_jobs_claim"),
        sa.ForeignKeyConstraint(["claim"], ["claims.id"]),
        sa.ForeignKeyConstraint(["score_id"], ["scores.id"]),
        sa.ForeignKeyConstraint(["entry_id"], ["archive.id"]),
    )
    op.create_index("ix_jobs_state", "jobs", ["state", "created_at"])
    op.create_index("ix_jobs_holder", "jobs", ["challenge", "holder", "state"])
    op.create_index("ix_jobs_updated_at", "jobs", ["updated_at"])
