"""Jobs for the engine: small enough to be sent to another process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs

from anomed_core.errors import ContractError, RequestError
from anomed_core.model import Purpose, Submission, Target
from anomed_core.plugins import attack_metrics, checked_metrics
from anomed_core.plugins.diagnosis import place_of
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.measuring import scored


@attrs.frozen(kw_only=True)
class Validation:
    """A submission that the plugins may refuse.

    Attributes
    ----------
    challenge
        Identifier of the challenge.
    submission
        What was submitted.
    """

    challenge: str
    submission: Submission

    def __str__(self) -> str:
        return f"validation of {_named(self.challenge, self.submission)}"


@attrs.frozen(kw_only=True)
class Evaluation:
    """A submission that is to be scored.

    Attributes
    ----------
    challenge
        Identifier of the challenge.
    submission
        What was submitted.
    target
        The anonymizer under attack; ``None`` if utility is scored.
    """

    challenge: str
    submission: Submission
    target: Target | None = None

    def __str__(self) -> str:
        return f"evaluation of {_named(self.challenge, self.submission)}"


@attrs.frozen(kw_only=True)
class Attack:
    """A house attack on a submission.

    Attributes
    ----------
    challenge
        Identifier of the challenge.
    attack
        Name of the attack.
    submission
        What is attacked.
    niceness
        Nobody waits for a house attack, so it gives way to evaluations.
    """

    niceness: ClassVar[int] = 10
    challenge: str
    attack: str
    submission: Submission

    def __str__(self) -> str:
        return f"house attack {self.attack!r} on {_named(self.challenge, self.submission)}"


def _named(challenge: str, submission: Submission) -> str:
    return f"{challenge}/{submission.kind} {submission.digest[:12]}"


@attrs.frozen
class Evaluator:
    """Does jobs about hosted challenges, in whatever process it finds itself.

    Attributes
    ----------
    challenges
        Hosted challenges by id.
    """

    challenges: Mapping[str, HostedChallenge] = attrs.field(repr=False)

    def __call__(self, job: Validation | Evaluation | Attack) -> str | dict[str, float] | None:
        """Do a job.

        Returns
        -------
        str or None
            Of a validation: why the submission is refused, or ``None``.
        dict of str to float
            Of an evaluation: exactly the declared metrics. Of an attack: its own ones, or
            ``None`` if there was nothing to attack.

        Raises
        ------
        Exception
            Whatever a plugin raises; `ContractError` if it returns undeclared or impossible
            metrics.
        """
        hosted = self.challenges[job.challenge]
        if isinstance(job, Validation):
            return _refusal(hosted, job.submission)
        if isinstance(job, Attack):
            return _attacked(hosted, job)
        return _metrics(hosted, job)


def _refusal(hosted: HostedChallenge, submission: Submission) -> str | None:
    try:
        hosted.registry.ask_each(
            hosted.challenge.type,
            "anomed_validate_submission",
            challenge=hosted.challenge,
            submission=submission,
        )
    except RequestError as error:
        return str(error)
    return None


def _metrics(hosted: HostedChallenge, job: Evaluation) -> dict[str, float]:
    kind = hosted.kind(job.submission.kind)
    is_utility = kind.purpose is Purpose.UTILITY
    hook = "anomed_evaluate_utility" if is_utility else "anomed_evaluate_threat"
    try:
        result = scored(hosted, hook, job.submission, None if is_utility else job.target)
        return checked_metrics(result, hosted.metrics[kind.name], hook)
    except ContractError as error:
        answering = hosted.registry.implementation(hosted.challenge.type, hook)
        if answering is not None:
            error.add_note(place_of(answering, hook))
        raise


def _attacked(hosted: HostedChallenge, job: Attack) -> dict[str, float] | None:
    attack = next(attack for attack in hosted.house_attacks if attack.name == job.attack)
    rng = hosted.challenge.lottery.generator("house attack", job.attack, job.submission.digest)
    return attack_metrics(attack.run(job.submission, rng), attack)
