"""House attacks: the server attacks what anonymizers submitted, in the background."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import structlog

from anomed_core.delivery.worker import delay_s
from anomed_core.engine import Engine
from anomed_core.errors import EvaluationFailedError, EvaluationTimeoutError
from anomed_core.ledger import FollowUp, FollowUpBook, Ledger, NewScore, attack_result
from anomed_core.model import HouseAttack, Submission
from anomed_core.service.evaluation import Attack
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.kept_submissions import KeptSubmissions

log = structlog.get_logger(__name__)

ATTACK = "attack:"
"""How the names of its follow-ups begin; the name of the attack comes next."""

_MOST_TRIES = 3

_OUTDATED = "a newer submission for tuning came before its turn; only the newest one is attacked"


def attack_follow_ups(hosted: HostedChallenge, kind: str) -> list[str]:
    """Return the names of the attacks that follow a recorded score of a kind."""
    return [
        f"{ATTACK}{attack.name}"
        for attack in hosted.house_attacks
        if attack.kind == kind and not attack.on_request
    ]


def attacks_on(hosted: HostedChallenge, kind: str, name: str = "") -> list[HouseAttack]:
    """Return the house's attacks on a kind, or the one of this name, whoever asks for them."""
    return [
        attack
        for attack in hosted.house_attacks
        if attack.kind == kind and name in {"", attack.name}
    ]


def audit_result(
    hosted: HostedChallenge, submission: Submission, attack: str, metrics: Mapping[str, float]
) -> NewScore:
    """Return the result of an attack that an organiser asked for."""
    return NewScore(
        challenge=hosted.id,
        kind=submission.kind,
        subject=submission.subject,
        split=submission.split,
        origin="house",
        label=attack,
        metrics=metrics,
        payload_digest=submission.digest,
        fingerprint=hosted.fingerprint,
        provenance=hosted.provenance,
    )


@attrs.frozen(kw_only=True)
class HouseAttackWorker:
    """Runs house attacks and records their results as the house's scores.

    Attributes
    ----------
    challenges
        Hosted challenges by id; attacks on others, and those that are not known here, are left to
        whoever knows them.
    submissions
        Kept bodies.
    engine
        Where attacks run.
    ledger, follow_ups
        Where results are recorded and attacks wait.
    timeout_s
        Seconds that an attack may take.
    """

    challenges: Mapping[str, HostedChallenge]
    submissions: KeptSubmissions
    engine: Engine
    ledger: Ledger
    follow_ups: FollowUpBook
    timeout_s: float

    prefix = ATTACK
    finals_first = True

    @property
    def names(self) -> frozenset[str]:
        """Which follow-ups are attacks of the house as it is here."""
        return frozenset(
            f"{ATTACK}{attack.name}"
            for hosted in self.challenges.values()
            for attack in hosted.house_attacks
        )

    @property
    def lease_s(self) -> float:
        """Seconds until somebody else may try."""
        return 2 * self.timeout_s + 30

    def do(self, follow_up: FollowUp) -> None:
        """Attack one submission and note what came of it."""
        score = follow_up.score
        hosted = self.challenges.get(score.challenge)
        name = follow_up.name.removeprefix(ATTACK)
        if hosted is None or all(attack.name != name for attack in hosted.house_attacks):
            self.follow_ups.give_up(follow_up, error=f"there is no house attack {name!r} now")
            return
        if not self.submissions.is_newest(score):
            self.follow_ups.give_up(follow_up, error=_OUTDATED)
            return
        submission = self.submissions.of_score(hosted, score)
        if submission is None:
            self.follow_ups.give_up(follow_up, error="the submission was not kept")
            return
        try:
            metrics = self.engine.run(
                Attack(challenge=hosted.id, attack=name, submission=submission)
            )
        except (EvaluationFailedError, EvaluationTimeoutError) as error:
            log.warning("house attack failed", attack=name, score=score.id, exc_info=error)
            if follow_up.attempt >= _MOST_TRIES:
                self.follow_ups.give_up(follow_up, error=str(error))
            else:
                self.follow_ups.postpone(
                    follow_up, delay_s=delay_s(follow_up.attempt), error=str(error)
                )
            return
        if metrics is None:  # there was nothing to attack
            self.follow_ups.done(follow_up)
            return
        result = attack_result(score, name, metrics, hosted.provenance)
        self.ledger.record_house(result, settles=(score.id, follow_up.name))
