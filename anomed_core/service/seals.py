"""Sealed finals: a receipt now, the scores when the finals close.

Finals of one attacker draw on one pool, so each that is told narrows down who is in the next one:
thirteen told finals gave away the fourteenth. Rounding is no cure, as ranks among fifty people are
counted, not measured. What is not told before all of them are in teaches nothing.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from anomed_core.errors import ConfigError
from anomed_core.ledger import Ledger
from anomed_core.model import FinalScores, Phase, Role, Score, Split, SubmissionKind
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.phases import rankings_shown_from


@attrs.frozen(kw_only=True)
class Seals:
    """Knows which scores are not told yet.

    Attributes
    ----------
    ledger
        Its clock never runs backwards.
    auth
        ``tokens`` seals attackers' finals where nobody decides otherwise and a close is set;
        ``open``, which is AnoMed's own mode, tells them.
    """

    ledger: Ledger
    auth: str

    def until(self, hosted: HostedChallenge, kind: SubmissionKind, split: Split) -> datetime | None:
        """Return when scores of a kind are told; ``None`` if they are told at once."""
        is_sealed = rule_of(hosted, kind, auth=self.auth) is FinalScores.SEALED
        closes = _closes(hosted)
        if split is not Split.VALIDATION or not is_sealed or closes is None:
            return None
        if self.ledger.now() < closes:
            return closes
        self.ledger.reach(closes)
        return None

    def of_score(self, hosted: HostedChallenge, score: Score) -> datetime | None:
        """Return when a score is told; ``None`` if it may be told now."""
        return self.until(hosted, hosted.kind(score.kind), score.split)

    def of_rankings(self, hosted: HostedChallenge) -> datetime | None:
        """Return when rankings are shown; ``None`` if they may be shown now.

        None is shown while finals that it reads are sealed.
        """
        sealed = (self.until(hosted, kind, Split.VALIDATION) for kind in hosted.kinds)
        times = (rankings_shown_from(hosted, self.ledger), *sealed)
        return next((time for time in times if time is not None), None)


def rule_of(hosted: HostedChallenge, kind: SubmissionKind, *, auth: str) -> FinalScores:
    """Return whether finals of a kind are sealed until they close, or told at once."""
    is_usual = auth == "tokens" and kind.submitter is Role.DEANONYMIZER
    usual = FinalScores.SEALED if is_usual and _closes(hosted) else FinalScores.TOLD
    return hosted.finals or kind.finals or usual


def _closes(hosted: HostedChallenge) -> datetime | None:
    return hosted.phases.get(Split.VALIDATION, Phase()).closes


def require_a_close(hosted: HostedChallenge) -> None:
    """Refuse finals that would be sealed for ever.

    Raises
    ------
    ConfigError
        If they are sealed by configuration, and no close is set.
    """
    if hosted.finals is FinalScores.SEALED and _closes(hosted) is None:
        raise ConfigError(
            f"challenges.{hosted.id}.finals",
            "sealed finals are told when they close, and no close is set; give "
            "phases.validation.closes, or say told",
        )
