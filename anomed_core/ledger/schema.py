"""Tables of the ledger, as the newest migration leaves them.

Times are integers; see `anomed_core.ledger.times`. Ids that hold a place in a chain are assigned by
the transaction that appends, never by the database, so that they have no gaps.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

challenges = sa.Table(
    "challenges",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("opened_at", sa.BigInteger, nullable=False),
    # The metrics whose values stand in `criteria`; see `anomed_core.ledger.criteria`.
    sa.Column("ranked", sa.Text, nullable=False, server_default=""),
    # What commands must know that load no plugin, as JSON; see `anomed_core.ledger.opening.Rules`.
    sa.Column("rules", sa.Text, nullable=False, server_default=""),
)

claims = sa.Table(
    "claims",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("challenge", sa.Text, nullable=False),
    # What was claimed for: a submission, or a call of an operation; `kind` is its name.
    sa.Column("what", sa.Text, nullable=False, server_default="submission"),
    sa.Column("kind", sa.Text, nullable=False),
    # Who claims; empty where nobody in particular does.
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("anonymizer", sa.Text, nullable=False),
    sa.Column("deanonymizer", sa.Text, nullable=False),
    # Empty where there are no splits.
    sa.Column("split", sa.Text, nullable=False),
    # reserved, started, committed, released, spent or returned; see `anomed_core.ledger.claims`.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("replay_key", sa.Text, unique=True),
    sa.Column("payload_digest", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("claimed_at", sa.BigInteger, nullable=False),
    sa.Column("lease_until", sa.BigInteger, nullable=False),
    # The process that evaluates; see `anomed_core.system.process_identity`.
    sa.Column("owner", sa.Text, nullable=False, server_default=""),
    sa.Column("settled_at", sa.BigInteger),
    sa.Index(
        "ix_claims_held",
        "challenge",
        "anonymizer",
        "deanonymizer",
        sqlite_where=sa.text("state IN ('reserved', 'started')"),
        postgresql_where=sa.text("state IN ('reserved', 'started')"),
    ),
    sa.Index("ix_claims_history", "challenge", "anonymizer", "deanonymizer", "claimed_at"),
)

claim_lines = sa.Table(
    "claim_lines",
    metadata,
    # What a claim takes of which account; amounts are exact decimals.
    sa.Column("claim", _ID, sa.ForeignKey("claims.id"), primary_key=True, autoincrement=False),
    sa.Column("account", sa.Text, primary_key=True),
    # When the account's period begins and ends; empty if it has none.
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("resource", sa.Text, primary_key=True),
    sa.Column("amount", sa.Text, nullable=False),
    # What becomes of it if the claim lapses after it was started: released or spent.
    sa.Column("lapse", sa.Text, nullable=False),
    # How much of it is gone for good; null while it is reserved.
    sa.Column("committed", sa.Text),
    sa.Index("ix_claim_lines_account", "account", "committed"),
    sqlite_with_rowid=False,
)

accounts = sa.Table(
    "accounts",
    metadata,
    # Who may use up what; the key is made of the other columns but the state, which is derived
    # from `audit` and written in the same transaction.
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("challenge", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    # Empty where all subjects share it.
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("anonymizer", sa.Text, nullable=False),
    sa.Column("deanonymizer", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Index("ix_accounts_holder", "challenge", "anonymizer", "deanonymizer"),
    sqlite_with_rowid=False,
)

balances = sa.Table(
    "balances",
    metadata,
    # How an account stands in one resource and period; amounts are exact decimals. Derived from
    # `claim_lines` and `granted_amounts`, and written in the same transactions.
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("resource", sa.Text, primary_key=True),
    # The declared limit when it was claimed of last; empty for none.
    sa.Column("allowed", sa.Text, nullable=False),
    sa.Column("granted", sa.Text, nullable=False),
    sa.Column("reserved", sa.Text, nullable=False),
    sa.Column("spent", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

scores = sa.Table(
    "scores",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=False),
    sa.Column("attempt_id", _ID, sa.ForeignKey("claims.id"), unique=True),
    sa.Column("challenge", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("anonymizer", sa.Text, nullable=False),
    sa.Column("deanonymizer", sa.Text, nullable=False),
    sa.Column("split", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("metrics", sa.Text, nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),
    sa.Column("payload_digest", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("core_version", sa.Text, nullable=False),
    sa.Column("plugin", sa.Text, nullable=False),
    sa.Column("plugin_version", sa.Text, nullable=False),
    sa.Column("supersedes", _ID),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("previous_hash", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    # Why the score does not count any more; empty if it counts.
    sa.Column("annulled", sa.Text, nullable=False, server_default=""),
    # Names of the columns that the hash covers besides those of the first schema.
    sa.Column("covers", sa.Text, nullable=False, server_default=""),
    sa.Index("ix_scores_challenge", "challenge", "kind", "split"),
    sa.Index("ix_scores_anonymizer", "challenge", "anonymizer", "split"),
)

criteria = sa.Table(
    "criteria",
    metadata,
    # What rankings read of finals and of the house's results on them, each in its newest version.
    # Derived from `scores`, and written in the same transaction.
    sa.Column("score_id", _ID, sa.ForeignKey("scores.id"), primary_key=True, autoincrement=False),
    sa.Column("first_id", _ID, nullable=False),
    sa.Column("challenge", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("split", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("anonymizer", sa.Text, nullable=False),
    sa.Column("deanonymizer", sa.Text, nullable=False),
    sa.Column("metric", sa.Text, primary_key=True),
    # Null if the score has no such metric.
    sa.Column("value", sa.Double),
    # The point value that `value` is a confidence limit of, if it is one.
    sa.Column("estimate", sa.Double),
    # It covers every question of a ranking, so that the table itself is never read for one.
    sa.Index(
        "ix_criteria_ranked",
        "challenge",
        "metric",
        "anonymizer",
        "kind",
        "label",
        "deanonymizer",
        "first_id",
        "value",
        "estimate",
        "score_id",
    ),
)

follow_ups = sa.Table(
    "follow_ups",
    metadata,
    # What is to be done about a score after it was recorded: deliver it, attack its submission.
    sa.Column("score_id", _ID, sa.ForeignKey("scores.id"), primary_key=True, autoincrement=False),
    sa.Column("task", sa.Text, key="name", primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_try_at", sa.BigInteger, nullable=False),
    sa.Column("last_error", sa.Text, nullable=False, server_default=""),
    sa.Column("settled_at", sa.BigInteger),
    sa.Index("ix_follow_ups_due", "state", "next_try_at"),
)

archive = sa.Table(
    "archive",
    metadata,
    # What was asked and answered; see `anomed_core.ledger.archive`. The hash covers all columns but
    # the texts, which are covered by their digests.
    sa.Column("id", _ID, primary_key=True, autoincrement=False),
    sa.Column("claim", _ID, sa.ForeignKey("claims.id"), nullable=False, unique=True),
    sa.Column("challenge", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("anonymizer", sa.Text, nullable=False),
    sa.Column("deanonymizer", sa.Text, nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),
    sa.Column("request_type", sa.Text, nullable=False),
    sa.Column("request_digest", sa.Text, nullable=False),
    sa.Column("request_bytes", sa.BigInteger, nullable=False),
    sa.Column("request_place", sa.Text, nullable=False),
    # Null where it is in a file, where there was none, and where it is kept no longer.
    sa.Column("request_text", sa.Text),
    sa.Column("answer_type", sa.Text, nullable=False),
    sa.Column("answer_digest", sa.Text, nullable=False),
    sa.Column("answer_bytes", sa.BigInteger, nullable=False),
    sa.Column("answer_place", sa.Text, nullable=False),
    sa.Column("answer_text", sa.Text),
    sa.Column("lines", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("previous_hash", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    sa.Index("ix_archive_anonymizer", "challenge", "anonymizer", "id"),
    sa.Index("ix_archive_deanonymizer", "challenge", "deanonymizer", "id"),
    sa.Index("ix_archive_recorded_at", "recorded_at"),
)

jobs = sa.Table(
    "jobs",
    metadata,
    # What was accepted and is answered later; see `anomed_core.ledger.jobs`.
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("claim", _ID, sa.ForeignKey("claims.id"), unique=True),
    sa.Column("challenge", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("anonymizer", sa.Text, nullable=False),
    sa.Column("deanonymizer", sa.Text, nullable=False),
    sa.Column("split", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),
    sa.Column("payload_digest", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("due_at", sa.BigInteger, nullable=False),
    # The process that works at it; see `anomed_core.system.process_identity`.
    sa.Column("owner", sa.Text, nullable=False, server_default=""),
    sa.Column("lease_until", sa.BigInteger, nullable=False),
    # What its answer says beside the result, as JSON.
    sa.Column("told", sa.Text, nullable=False, server_default="{}"),
    sa.Column("score_id", _ID, sa.ForeignKey("scores.id")),
    sa.Column("entry_id", _ID, sa.ForeignKey("archive.id")),
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    sa.Column("sentence", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Index("ix_jobs_state", "state", "created_at"),
    sa.Index("ix_jobs_holder", "challenge", "holder", "state"),
    sa.Index("ix_jobs_updated_at", "updated_at"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("previous_hash", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("team", sa.Text, nullable=False, server_default=""),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Index("ix_tokens_team", "team"),
)

grants = sa.Table(
    "grants",
    metadata,
    # Under which id the holder of a token may be what in which challenge.
    sa.Column("token", sa.Text, sa.ForeignKey("tokens.id"), primary_key=True),
    sa.Column("challenge", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, primary_key=True),
    sa.Index("ix_grants_holder", "challenge", "role", "holder"),
)

teams = sa.Table(
    "teams",
    metadata,
    # What an organiser has decided about a team; who has no row is called by its ids and competes.
    # Derived from `audit`, and written in the same transaction.
    sa.Column("team", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    # Why it is disqualified; empty if it is not.
    sa.Column("disqualified", sa.Text, nullable=False),
)

granted_amounts = sa.Table(
    "granted_amounts",
    metadata,
    # What an organiser has given beyond a limit, in the period of that moment.
    # Derived from `audit`, and written in the same transaction: the number is that of the row.
    sa.Column("id", _ID, primary_key=True, autoincrement=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("resource", sa.Text, primary_key=True),
    sa.Column("amount", sa.Text, nullable=False),
    sa.Column("granted_at", sa.BigInteger, nullable=False),
    sa.Index("ix_granted_amounts_account", "account", "granted_at"),
)

device_codes = sa.Table(
    "device_codes",
    metadata,
    # Devices that wait for a token; see `anomed_core.ledger.device_codes`.
    sa.Column("user_code", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("challenge", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    # Null as long as nobody has decided; empty if the device was sent away.
    sa.Column("token", sa.Text),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("next_question_at", sa.BigInteger, nullable=False),
)

processes = sa.Table(
    "processes",
    metadata,
    # Processes of servers, with the numbers of their releases; see `anomed_core.ledger.neighbours`.
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("release", sa.BigInteger, nullable=False),
    sa.Column("beaten_at", sa.BigInteger, nullable=False),
)

request_counts = sa.Table(
    "request_counts",
    metadata,
    # Requests of each subject in its newest period, where servers share a ledger.
    sa.Column("who", sa.Text, primary_key=True),
    sa.Column("period", sa.BigInteger, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
)

schema_state = sa.Table(
    "schema_state",
    metadata,
    # One row: the oldest release that the schema still serves, by the number of its migration.
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("contracted", sa.Integer, nullable=False),
)

clock = sa.Table(
    "clock",
    metadata,
    # One row: a time that has been reached for certain, whatever the machine's clock says later.
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("reached", sa.BigInteger, nullable=False),
)

chain_heads = sa.Table(
    "chain_heads",
    metadata,
    # One row per chain; locking it serialises appends.
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
