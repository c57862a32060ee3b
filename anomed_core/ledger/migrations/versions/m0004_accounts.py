"""Claims of amounts: attempts become claims with lines on accounts."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_HOLDER = ("role", "anonymizer", "deanonymizer")
_BATCH = 1000


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    """Turn each attempt into a claim, each final and each grant into what they are of an account.

    Tuning attempts get their lines when their account is opened: how long its period is stands in
    the configuration alone.
    """
    finals = _rows(
        "SELECT id, challenge, kind, role, anonymizer, deanonymizer, state FROM attempts "
        "WHERE final_key IS NOT NULL ORDER BY id"
    )
    granted = _rows("SELECT * FROM granted_attempts ORDER BY id")
    _turn_attempts_into_claims()
    _create_tables()
    op.drop_table("granted_attempts")
    finals_of = [_account(row, "final") for row in finals]
    attempts_of = [_account(row, "attempts") for row in granted]
    _fill("accounts", {row["key"]: row for row in (*finals_of, *attempts_of)}.values())
    _fill("claim_lines", map(_line, finals, finals_of))
    _fill("balances", map(_balance, finals, finals_of))
    _fill("granted_amounts", map(_grant, granted, attempts_of))


def _rows(query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in op.get_bind().execute(sa.text(query)).mappings()]


def _turn_attempts_into_claims() -> None:
    held = sa.text("state IN ('reserved', 'started')")
    for name in ("ix_attempts_claimed", "ix_attempts_history"):
        op.drop_index(name, "attempts")
    with op.batch_alter_table("attempts") as attempts:
        attempts.drop_constraint("uq_attempts_final_key", type_="unique")
        attempts.drop_constraint("uq_attempts_replay_key", type_="unique")
        for name in ("resource", "amount", "final_key"):
            attempts.drop_column(name)
        attempts.add_column(sa.Column("what", sa.Text, nullable=False, server_default="submission"))
        attempts.create_unique_constraint("uq_claims_replay_key", ["replay_key"])
    op.rename_table("attempts", "claims")
    op.execute("UPDATE claims SET state = 'reserved' WHERE state = 'claimed'")
    op.execute("UPDATE claims SET state = 'committed' WHERE state = 'scored'")
    holder = ["challenge", "anonymizer", "deanonymizer"]
    op.create_index("ix_claims_held", "claims", holder, sqlite_where=held, postgresql_where=held)
    op.create_index("ix_claims_history", "claims", [*holder, "claimed_at"])


def _create_tables() -> None:
    op.create_table(
        "claim_lines",
        sa.Column("claim", _id(), autoincrement=False),
        *_texts("account", "period", "resource", "amount", "lapse"),
        sa.Column("committed", sa.Text),
        sa.PrimaryKeyConstraint("claim", "account", "period", "resource", name="pk_claim_lines"),
        sa.ForeignKeyConstraint(["claim"], ["claims.id"]),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_claim_lines_account", "claim_lines", ["account", "committed"])
    op.create_table(
        "accounts",
        *_texts("key", "challenge", "name", *_HOLDER, "state"),
        sa.PrimaryKeyConstraint("key", name="pk_accounts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_accounts_holder", "accounts", ["challenge", "anonymizer", "deanonymizer"])
    op.create_table(
        "balances",
        *_texts("account", "period", "resource", "allowed", "granted", "reserved", "spent"),
        sa.PrimaryKeyConstraint("account", "period", "resource", name="pk_balances"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "granted_amounts",
        sa.Column("id", _id(), autoincrement=False),
        *_texts("account", "resource", "amount"),
        sa.Column("granted_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", "resource", name="pk_granted_amounts"),
    )
    op.create_index("ix_granted_amounts_account", "granted_amounts", ["account", "granted_at"])


def _account(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    account = f"{name}/{row['kind']}"
    holder = {column: row[column] for column in _HOLDER}
    key = json.dumps(
        [row["challenge"], account, *holder.values()], separators=(",", ":"), ensure_ascii=False
    )
    return {
        "key": key,
        "challenge": row["challenge"],
        "name": account,
        **holder,
        "state": "open",
    }


def _line(final: Mapping[str, Any], account: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "claim": final["id"],
        "account": account["key"],
        "period": "",
        "resource": "attempt",
        "amount": "1",
        "lapse": "released",
        "committed": "1" if final["state"] == "scored" else None,
    }


def _balance(final: Mapping[str, Any], account: Mapping[str, Any]) -> dict[str, Any]:
    is_scored = final["state"] == "scored"
    return {
        "account": account["key"],
        "period": "",
        "resource": "attempt",
        "allowed": "1",
        "granted": "0",
        "reserved": "0" if is_scored else "1",
        "spent": "1" if is_scored else "0",
    }


def _grant(row: Mapping[str, Any], account: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "account": account["key"],
        "resource": "attempt",
        "amount": str(row["number"]),
        "granted_at": row["granted_at"],
    }


def _fill(table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    waiting = [dict(row) for row in rows]
    target = sa.table(table, *(sa.column(name) for name in (waiting[0] if waiting else ())))
    for start in range(0, len(waiting), _BATCH):
        op.get_bind().execute(sa.insert(target), waiting[start : start + _BATCH])
