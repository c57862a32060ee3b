"""What somebody is told about a score: all, a receipt, what rankings show anyway, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import attrs

from anomed_core.errors import NotAllowedError, NotAuthenticatedError, UnknownResourceError
from anomed_core.ledger import Identity, Ledger
from anomed_core.model import Role, Score, Subject
from anomed_core.service.acting import acting_grant
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.identities import Authorizer
from anomed_core.service.ranking.telling import ranked_part
from anomed_core.service.seals import Seals
from anomed_core.service.told_numbers import ToldNumbers

_NOBODY = Subject(role=Role.ORGANISER)


class Rules(Protocol):
    """Who decides: a `Server` has them all."""

    @property
    def ledger(self) -> Ledger:
        """Holds the scores."""

    @property
    def authorizer(self) -> Authorizer:
        """Knows who may see what."""

    @property
    def seals(self) -> Seals:
        """Know what is not told yet."""

    @property
    def numbers(self) -> ToldNumbers:
        """Tell numbers."""


@attrs.frozen(kw_only=True)
class ToldScore:
    """A score as somebody is told it.

    Attributes
    ----------
    score
        As it is recorded; of its metrics, only those in `document` are told.
    document
        What is told, as JSON values.
    opens_at
        When its metrics are told, if that is still to come.
    is_whole
        Whether all that is recorded is told, and not only what rankings show.
    """

    score: Score
    document: Mapping[str, Any]
    opens_at: datetime | None = None
    is_whole: bool = True

    @property
    def metrics(self) -> Mapping[str, float]:
        """The metrics that are told."""
        metrics: Mapping[str, float] = self.document["metrics"]
        return metrics


def told_score(
    rules: Rules, hosted: HostedChallenge, number: int, identity: Identity | None
) -> ToldScore:
    """Return a score of a challenge by the number under which it was told.

    Raises
    ------
    UnknownResourceError
        If there is none; said only to whoever may see others' scores.
    NotAllowedError, NotAuthenticatedError
        If nothing of it is told.
    """
    is_organiser = _is_organiser(hosted, identity)
    score = rules.ledger.score(rules.numbers.meant(number))
    if score is None and is_organiser:  # whose commands name the ledger's numbers
        score = rules.ledger.score(number)
    if score is not None and score.challenge != hosted.id:
        score = None
    if score is None:
        # Whoever may not see others' scores is not told either which numbers there are.
        rules.authorizer.may_see(hosted, _NOBODY, identity)
        raise UnknownResourceError(f"There is no score {number} in this challenge.")
    return told_to(rules, hosted, score, identity)


def told_to(
    rules: Rules, hosted: HostedChallenge, score: Score, identity: Identity | None
) -> ToldScore:
    """Return what somebody is told about a score.

    Raises
    ------
    NotAllowedError, NotAuthenticatedError
        If that is nothing.
    """
    try:
        rules.authorizer.may_see(hosted, score.subject, identity)
    except (NotAuthenticatedError, NotAllowedError):
        part = _ranked_part(rules, hosted, score, identity)
        if part is None:
            raise
        return ToldScore(score=score, document=part, is_whole=False)
    if _is_organiser(hosted, identity):
        return ToldScore(score=score, document=score.as_dict())
    document = _with_told_numbers(score.as_dict(), rules.numbers)
    until = rules.seals.of_score(hosted, score)
    if until is None:
        return ToldScore(score=score, document=document)
    sealed = document | {"metrics": {}, "opens_at": until.isoformat()}
    return ToldScore(score=score, document=sealed, opens_at=until)


def _is_organiser(hosted: HostedChallenge, identity: Identity | None) -> bool:
    grant = acting_grant(identity, hosted, {Role.ORGANISER})
    return grant is not None and grant.role is Role.ORGANISER


def _with_told_numbers(document: dict[str, Any], numbers: ToldNumbers) -> dict[str, Any]:
    """Replace the ledger's numbers, which are for organisers."""
    own = {name: document[name] for name in ("id", "supersedes") if name in document}
    return document | {
        name: None if number is None else numbers.told(number) for name, number in own.items()
    }


def _ranked_part(
    rules: Rules, hosted: HostedChallenge, score: Score, identity: Identity | None
) -> dict[str, Any] | None:
    """Return what rankings show of a score anyway; ``None`` if nothing is shown."""
    part = ranked_part(hosted, score)
    try:
        rules.authorizer.may_rank(hosted, identity, shown_from=rules.seals.of_rankings(hosted))
    except (NotAuthenticatedError, NotAllowedError):
        return None
    return part and _with_told_numbers(part, rules.numbers)
