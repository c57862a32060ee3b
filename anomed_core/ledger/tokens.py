"""Tokens: who is believed to be whom.

A token is ``anomed-<id>-<secret>``: 128 bits of id and 256 bits of secret, both random. Only the
SHA-256 of the secret is stored; a slow password hash would add nothing to 256 random bits. It
belongs to a team, and says by its grants what the team may be where, and under which id.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa

from anomed_core.errors import UsageError
from anomed_core.ledger.chain import append_audit
from anomed_core.ledger.database import Database
from anomed_core.ledger.grants import Grant, Identity, NewToken, Owner, TokenFacts
from anomed_core.ledger.schema import grants, teams, tokens
from anomed_core.ledger.times import as_datetime, utc_microseconds
from anomed_core.model import Role

_FORM = re.compile(r"anomed-([0-9a-f]{32})-([0-9a-f]{64})")
_NOBODYS = "0" * 64
"""The digest that unknown tokens are compared with; nothing is known to hash to it."""

_WITH_GRANTS = (
    sa.select(tokens, grants, teams.c.disqualified)
    .select_from(
        tokens.join(grants, grants.c.token == tokens.c.id).outerjoin(
            teams, teams.c.team == tokens.c.team
        )
    )
    .order_by(tokens.c.created_at, tokens.c.id, grants.c.challenge, grants.c.role, grants.c.holder)
)
_BY_ID = _WITH_GRANTS.where(tokens.c.id == sa.bindparam("token_id"))
_OWNER = (
    sa.select(tokens.c.team, teams.c.disqualified)
    .select_from(
        grants.join(tokens, tokens.c.id == grants.c.token).outerjoin(
            teams, teams.c.team == tokens.c.team
        )
    )
    .where(*(grants.c[name] == sa.bindparam(name) for name in ("challenge", "role", "holder")))
    .limit(1)
)


HandOver = Callable[[Sequence[NewToken], Sequence[str]], None]
"""Gives tokens away; it is told what was wanted, and the tokens in the same order."""


def _accept(_: Sequence[TokenFacts]) -> None:
    """Object to nothing."""


def _keep(_: Sequence[NewToken], __: Sequence[str]) -> None:
    """Leave it to the caller to show the tokens."""


class TokenBook:
    """Tokens in a SQL database; each method that changes one appends to the audit, too.

    Parameters
    ----------
    database
        Shared with the ledger.
    clock
        Returns microseconds since 1970-01-01 UTC.
    """

    def __init__(self, database: Database, *, clock: Callable[[], int] = utc_microseconds) -> None:
        self._database = database
        self._clock = clock

    def create(self, *granted: Grant, team: str = "") -> str:
        """Create a token.

        Parameters
        ----------
        granted
            What its holder may be.
        team
            Whose it is; by default the team is called as the first id.

        Returns
        -------
        str
            The token, shown this once.
        """
        (token,) = self.create_all([NewToken(team=team or granted[0].holder, grants=granted)])
        return token

    def create_all(
        self,
        wanted: Sequence[NewToken],
        *,
        judge: Callable[[Sequence[TokenFacts]], None] = _accept,
        hand_over: HandOver = _keep,
    ) -> list[str]:
        """Create tokens, all or none.

        Parameters
        ----------
        wanted
            Whose they are, and what they grant.
        judge
            Is told of all tokens that there are, and raises if it objects.
        hand_over
            Gives the tokens away before they are valid. If it raises, none is created: whoever
            cannot be told of a token must not have one.

        Returns
        -------
        list of str
            The tokens, in the order of `wanted`, shown this once.
        """
        with self._database.writing() as connection:
            self._database.serialise(connection, "tokens")
            judge(list(_facts(connection, _WITH_GRANTS)))
            created = [self._created(connection, new) for new in wanted]
            hand_over(wanted, created)
        return created

    def _created(self, connection: sa.Connection, new: NewToken, *, instead_of: str = "") -> str:
        token_id, secret = secrets.token_hex(16), secrets.token_hex(32)
        now = self._clock()
        connection.execute(
            sa.insert(tokens).values(
                id=token_id, team=new.team, digest=_digest(secret), created_at=now
            )
        )
        granted = {(grant.challenge, grant.role.value, grant.holder) for grant in new.grants}
        connection.execute(
            sa.insert(grants),
            [
                {"token": token_id, "challenge": challenge, "role": role, "holder": holder}
                for challenge, role, holder in sorted(granted)
            ],
        )
        detail = {
            "token": token_id,
            "team": new.team,
            "grants": " ".join(sorted({str(grant) for grant in new.grants})),
        }
        if instead_of:
            detail["instead_of"] = instead_of
        append_audit(connection, "token created", detail, now=now)
        return f"anomed-{token_id}-{secret}"

    def identify(self, token: str) -> Identity | None:
        """Return who a token belongs to; ``None`` if it is unknown, wrong or revoked."""
        form = _FORM.fullmatch(token)
        if form is None:
            return None
        with self._database.reading() as connection:
            rows = connection.execute(_BY_ID, {"token_id": form[1]}).mappings().all()
        # An unknown id takes the same time as a wrong secret.
        is_right = hmac.compare_digest(rows[0]["digest"] if rows else _NOBODYS, _digest(form[2]))
        if not rows or not is_right or rows[0]["revoked_at"] is not None:
            return None
        return _identity(rows)

    def identity_of(self, token_id: str) -> Identity | None:
        """Return who the token with an id belongs to; ``None`` if it is unknown or revoked."""
        with self._database.reading() as connection:
            rows = connection.execute(_BY_ID, {"token_id": token_id}).mappings().all()
        return _identity(rows) if rows and rows[0]["revoked_at"] is None else None

    def owner(self, grant: Grant) -> Owner | None:
        """Return whose an id is: who has, or ever had, a token with this grant."""
        about = {"challenge": grant.challenge, "role": grant.role.value, "holder": grant.holder}
        with self._database.reading() as connection:
            row = connection.execute(_OWNER, about).first()
        return None if row is None else Owner(team=row.team, disqualified=row.disqualified or "")

    def facts(self) -> Sequence[TokenFacts]:
        """Return what is known about all tokens, oldest first."""
        with self._database.reading() as connection:
            return list(_facts(connection, _WITH_GRANTS))

    def revoke(self, which: str) -> Sequence[TokenFacts]:
        """Revoke a token, or all tokens of a team.

        Parameters
        ----------
        which
            The beginning of the token's id, at least 8 digits; or the name of the team.

        Returns
        -------
        sequence of TokenFacts
            What was known about those that are revoked now, oldest first.

        Raises
        ------
        UsageError
            If there is no such token or team, several tokens, or none that is valid still.
        """
        with self._database.writing() as connection:
            return self._revoked(connection, which)

    def reissue(self, which: str, *, hand_over: HandOver = _keep) -> str:
        """Revoke what `revoke` would, and create one token with all its grants.

        Returns
        -------
        str
            The token, shown this once.

        Raises
        ------
        UsageError
            As `revoke` does.
        """
        with self._database.writing() as connection:
            revoked = self._revoked(connection, which)
            granted = dict.fromkeys(grant for fact in revoked for grant in fact.identity.grants)
            new = NewToken(team=revoked[0].identity.team, grants=tuple(granted))
            instead_of = " ".join(fact.id for fact in revoked)
            token = self._created(connection, new, instead_of=instead_of)
            hand_over([new], [token])
        return token

    def _revoked(self, connection: sa.Connection, which: str) -> Sequence[TokenFacts]:
        self._database.serialise(connection, "tokens")
        chosen = _chosen(list(_facts(connection, _WITH_GRANTS)), which)
        now = self._clock()
        for fact in chosen:
            connection.execute(
                sa.update(tokens).where(tokens.c.id == fact.id).values(revoked_at=now)
            )
            detail = {"token": fact.id, "team": fact.identity.team}
            append_audit(connection, "token revoked", detail, now=now)
        return chosen


def _chosen(known: Sequence[TokenFacts], which: str) -> list[TokenFacts]:
    """Return the valid tokens that are meant by the beginning of an id or by a team."""
    of_team = [fact for fact in known if fact.identity.team == which]
    by_id = [fact for fact in known if which and fact.id.startswith(which)]
    meant = of_team or by_id
    if not meant:
        raise UsageError(
            f"There is no team {which!r} and no token whose id begins so; anomed tokens list "
            "shows both."
        )
    if of_team and by_id:
        raise UsageError(
            f"{which!r} is a team and the beginning of a token's id, too; give more of the id."
        )
    if by_id and len(which) < _FEWEST_DIGITS:
        raise UsageError(
            f"{which!r} is too short to mean a token; give at least {_FEWEST_DIGITS} digits of its "
            "id."
        )
    if len(by_id) > 1:
        raise UsageError(
            f"The ids of {len(by_id)} tokens begin with {which!r}; give more digits of the one."
        )
    valid = [fact for fact in meant if fact.revoked_at is None]
    if not valid:
        last = max(fact.revoked_at for fact in meant if fact.revoked_at is not None)
        whose = f"Every token of the team {which!r}" if of_team else f"The token {which}"
        raise UsageError(
            f"{whose} was revoked already, at {last:%Y-%m-%d %H:%M:%S}Z; create one if one is "
            "wanted."
        )
    return valid


_FEWEST_DIGITS = 8


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _facts(connection: sa.Connection, query: sa.Select[tuple[object, ...]]) -> Iterator[TokenFacts]:
    stored = connection.execute(query).mappings()
    for token_id, group in groupby(stored, key=itemgetter("id")):
        rows = list(group)
        revoked_at = rows[0]["revoked_at"]
        yield TokenFacts(
            id=token_id,
            identity=_identity(rows),
            created_at=as_datetime(rows[0]["created_at"]),
            revoked_at=as_datetime(revoked_at) if revoked_at else None,
        )


def _identity(rows: Sequence[sa.RowMapping]) -> Identity:
    return Identity(
        team=rows[0]["team"],
        grants=tuple(
            Grant(role=Role(row["role"]), holder=row["holder"], challenge=row["challenge"])
            for row in rows
        ),
        disqualified=rows[0]["disqualified"] or "",
        token=rows[0]["id"],
    )
