"""The statements that every submission needs, built once.

Building a statement costs several times as much as the database needs to answer it. What happens
once a day is built where it is needed.
"""

from __future__ import annotations

import sqlalchemy as sa

from anomed_core.ledger.schema import attempts, audit, chain_heads, clock, follow_ups, scores

NOW = sa.select(
    sa.select(attempts.c.claimed_at).order_by(attempts.c.id.desc()).limit(1).scalar_subquery(),
    sa.select(clock.c.reached).scalar_subquery(),
)
"""Times that have been reached for certain: of the newest claim, and what was noted."""

SUBJECT = ("challenge", "kind", "role", "anonymizer", "deanonymizer", "split")
"""Columns that say what a row is about; parameters of the same names select by them."""

_MINE = [attempts.c[name] == sa.bindparam(name) for name in SUBJECT]
_CLAIMED: sa.ColumnElement[str] = sa.literal_column("'claimed'")
"""Spelt out, since an index over claims alone is not used for a parameter."""

HELD = sa.select(attempts.c.id, attempts.c.lease_until, attempts.c.owner).where(
    *_MINE, attempts.c.state == _CLAIMED
)
"""Claims of a subject that nobody has settled."""

N_USED = sa.select(sa.func.count()).where(
    *_MINE,
    attempts.c.claimed_at >= sa.bindparam("began_at"),
    sa.or_(
        attempts.c.state == "scored",
        sa.and_(attempts.c.state == "claimed", attempts.c.lease_until > sa.bindparam("now")),
    ),
)
"""Attempts of a subject since a moment that were scored or are under way."""

CLAIM = sa.insert(attempts).returning(attempts.c.id)
SETTLE = (
    sa.update(attempts)
    .where(attempts.c.id == sa.bindparam("attempt"), attempts.c.state == "claimed")
    .values(state="scored", settled_at=sa.bindparam("now"))
)
"""Mark one claim as scored, unless it was voided."""

HEAD = sa.select(chain_heads).where(chain_heads.c.name == sa.bindparam("chain")).with_for_update()
"""The end of a chain; locking it serialises everybody who appends."""

APPEND = {table.name: sa.insert(table) for table in (scores, audit)}
ADVANCE = (
    sa.update(chain_heads)
    .where(chain_heads.c.name == sa.bindparam("chain"))
    .values(length=sa.bindparam("new_length"), hash=sa.bindparam("new_hash"))
)
ADD_FOLLOW_UPS = sa.insert(follow_ups)

_SCORES_WITH_ATTEMPTS = sa.select(scores).join(attempts, attempts.c.id == scores.c.attempt_id)
BY_FINAL_KEY = _SCORES_WITH_ATTEMPTS.where(attempts.c.final_key == sa.bindparam("key"))
BY_REPLAY_KEY = _SCORES_WITH_ATTEMPTS.where(attempts.c.replay_key == sa.bindparam("key"))

DUE_FOLLOW_UP = (
    sa.select(scores, follow_ups.c.task, follow_ups.c.tries)
    .select_from(follow_ups)
    .join(scores, scores.c.id == follow_ups.c.score_id)
    .where(
        follow_ups.c.state == "waiting",
        follow_ups.c.next_try_at.between(sa.bindparam("earliest"), sa.bindparam("latest")),
        sa.func.substr(follow_ups.c.task, 1, sa.func.length(sa.bindparam("task_prefix")))
        == sa.bindparam("task_prefix"),
    )
    .order_by(follow_ups.c.next_try_at, follow_ups.c.score_id)
    .limit(1)
)
"""The oldest follow-up that waits within two times, with its score."""

_THIS_FOLLOW_UP = (
    follow_ups.c.score_id == sa.bindparam("score"),
    follow_ups.c.task == sa.bindparam("sort"),
)
TAKE_FOLLOW_UP = (
    sa.update(follow_ups)
    .where(
        *_THIS_FOLLOW_UP,
        follow_ups.c.state == "waiting",
        follow_ups.c.tries == sa.bindparam("tries_before"),
    )
    .values(tries=follow_ups.c.tries + 1, next_try_at=sa.bindparam("lease_until"))
)
"""Take a follow-up, unless somebody else has taken it since it was looked at."""

FINISH_FOLLOW_UP = (
    sa.update(follow_ups)
    .where(*_THIS_FOLLOW_UP)
    .values(state="done", settled_at=sa.bindparam("now"), last_error="")
)
