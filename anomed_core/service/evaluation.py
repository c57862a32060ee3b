"""Jobs for the engine: small enough to be sent to another process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs

from anomed_core.errors import ContractError, RequestError
from anomed_core.model import DataRequest, Purpose, Split, Subject, Submission, Target
from anomed_core.plugins import attack_metrics
from anomed_core.service.answering import Answered, Asking, Priced, Pricing, answered, priced
from anomed_core.service.decoding import read_submission
from anomed_core.service.encoding import encode_body
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.measuring import scored
from anomed_core.service.ranking.declared_metrics import EVALUATES
from anomed_core.state.payloads import Body
from anomed_core.wire import Limits


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


@attrs.frozen(kw_only=True)
class EntryEvaluation:
    """An entry of the house that is to be made and scored.

    Attributes
    ----------
    challenge
        Identifier of the challenge.
    entry
        Name of the entry.
    subject
        Who it is entered as.
    limits
        Bounds on decoding.
    niceness
        Nobody waits for it.
    """

    niceness: ClassVar[int] = 10
    challenge: str
    entry: str
    subject: Subject
    limits: Limits

    def __str__(self) -> str:
        return f"house entry {self.entry!r} of {self.challenge}"


@attrs.frozen(kw_only=True)
class ScoredEntry:
    """What came of an entry of the house: its body and its metrics."""

    body: Body
    metrics: dict[str, float]


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

    def __call__(
        self, job: Validation | Evaluation | Attack | EntryEvaluation | Asking | Pricing
    ) -> str | dict[str, float] | ScoredEntry | Answered | Priced | None:
        """Do a job.

        Returns
        -------
        str or None
            Of a validation: why the submission is refused, or ``None``.
        dict of str to float
            Of an evaluation: exactly the declared metrics. Of an attack: its own ones, or
            ``None`` if there was nothing to attack.
        ScoredEntry
            Of an entry of the house.
        Answered, Priced
            Of a call of an operation, and of a question for its price.

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
        if isinstance(job, EntryEvaluation):
            return _entered(hosted, job)
        if isinstance(job, Asking):
            return answered(hosted, job)
        if isinstance(job, Pricing):
            return priced(hosted, job)
        return _metrics(hosted, job)


def _refusal(hosted: HostedChallenge, submission: Submission) -> str | None:
    """Ask all that may refuse a submission, save an owner who does not know its kind."""
    owner, kind = hosted.type.plugin_name, submission.kind
    asked = hosted.registry.implementations("anomed_validate_submission", hosted.challenge.type)
    try:
        for validate in asked:
            if validate.plugin_name != owner or hosted.knows(owner, kind):
                validate(challenge=hosted.challenge, submission=submission)
    except RequestError as error:
        return str(error)
    return None


def _metrics(hosted: HostedChallenge, job: Evaluation) -> dict[str, float]:
    kind = hosted.kind(job.submission.kind)
    hook = EVALUATES[kind.purpose]
    target = None if kind.purpose is Purpose.UTILITY else job.target
    return scored(hosted, hook, job.submission, target)


def _attacked(hosted: HostedChallenge, job: Attack) -> dict[str, float] | None:
    attack = next(attack for attack in hosted.house_attacks if attack.name == job.attack)
    rng = hosted.challenge.lottery.generator("house attack", job.attack, job.submission.digest)
    return attack_metrics(attack.run(job.submission, rng), attack)


def _entered(hosted: HostedChallenge, job: EntryEvaluation) -> ScoredEntry:
    """Make an entry of the house and score it as a participant's final is scored."""
    entry = next(entry for entry in hosted.house_entries if entry.name == job.entry)
    kind = hosted.kind(entry.kind)
    query = {job.subject.role.value: entry.name, "data_split": Split.VALIDATION.value}
    payload = entry.payload(DataRequest(parameters=query))
    body = encode_body(payload, kind.schema_for(Split.VALIDATION))
    submission = read_submission(
        kind, body, job.limits, subject=job.subject, split=Split.VALIDATION
    )
    refusal = _refusal(hosted, submission)
    if refusal is not None:
        raise ContractError(f"the house entry {entry.name!r} is refused: {refusal}")
    evaluation = Evaluation(challenge=hosted.id, submission=submission)
    return ScoredEntry(body=body, metrics=_metrics(hosted, evaluation))
