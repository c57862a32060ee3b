"""Baselines as submissions: each one with the parameters, the target and the body that it takes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary

import attrs

from anomed_core.errors import AnomedError, ContractError, RequestError
from anomed_core.model import (
    Baseline,
    DataRequest,
    Parameter,
    Purpose,
    Quality,
    Role,
    Split,
    Submission,
    SubmissionKind,
    Target,
)
from anomed_core.service.baselines import offered_baselines
from anomed_core.service.decoding import decode, read_submission
from anomed_core.service.encoding import encode_body
from anomed_core.service.evaluation import Evaluation, Evaluator, Validation
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.parameters import checked_parameters, subject_of
from anomed_core.service.submission_stages import Receipt
from anomed_core.state.payloads import Body
from anomed_core.testing.client import ChallengeClient, filled_in
from anomed_core.testing.products import Products
from anomed_core.testing.sealing import seal_for

VALID = (Quality.PERFECT, Quality.TRIVIAL)
HANDED_IN = (*VALID, Quality.INVALID)


def label_of(kind: SubmissionKind, split: Split, baseline: str) -> str:
    """Return how messages call a baseline for a split."""
    return f"{kind.name} ({split}), baseline {baseline!r}"


def kind_label(hosted: HostedChallenge, kind: SubmissionKind) -> str:
    """Return how messages call a kind: with its plugin, if that is not the owner of the type."""
    plugin = hosted.added.get(kind.name)
    return f"submission kind {kind.name!r}" + (f" of {plugin}" if plugin else "")


@attrs.frozen(kw_only=True, eq=False)
class Trial:
    """One baseline, submitted for one split.

    Attributes
    ----------
    kind
        What is submitted.
    split
        Which evaluation it is for.
    name, quality
        Those of the baseline.
    known_to
        Roles that hold the payload of a perfect one anyway.
    query
        Parameters of the request.
    body
        What is sent.
    """

    kind: SubmissionKind
    split: Split
    name: str
    quality: Quality
    known_to: frozenset[Role]
    query: Mapping[str, str]
    body: Body = attrs.field(repr=False)

    def __str__(self) -> str:
        return label_of(self.kind, self.split, self.name)

    def is_secret_from(self, role: Role) -> bool:
        """Whether somebody of a role must not be told what it holds."""
        return role is not Role.ORGANISER and role not in self.known_to

    @property
    def is_secret(self) -> bool:
        """Whether somebody who plays must not be told what it holds."""
        return any(map(self.is_secret_from, (Role.ANONYMIZER, Role.DEANONYMIZER)))


def baselines(client: ChallengeClient) -> list[Baseline]:
    """Return the baselines that a plugin offers."""
    return offered_baselines(client.hosted)


def trials(
    client: ChallengeClient,
    *,
    qualities: Collection[Quality] = VALID,
    separately: bool = False,
) -> Iterator[Trial]:
    """Yield each baseline for each split of its kind.

    Kinds and products that depend on what an anonymizer submitted find a submission of a valid
    baseline.

    Parameters
    ----------
    client
        The served challenge.
    qualities
        Which baselines.
    separately
        Whether each baseline is another participant's; otherwise all are one's.

    Raises
    ------
    ValueError
        If a baseline belongs to a kind that is not declared.
    """
    prepare_target(client)
    kinds = {kind.name: kind for kind in client.hosted.kinds}
    for number, baseline in enumerate(baselines(client)):
        if baseline.kind not in kinds:
            raise ValueError(
                f"baseline {baseline.name!r} belongs to the submission kind {baseline.kind!r}, "
                f"which is not declared; declared are {sorted(kinds)}"
            )
        kind = kinds[baseline.kind]
        for split in kind.splits if baseline.quality in qualities else ():
            if not can_attack(client, kind, split):
                continue  # a baseline of what is attacked is refused, which baselines_hold tells
            yield trial_of(client, baseline, split, f"-{number}" if separately else "")


_made: WeakKeyDictionary[ChallengeClient, dict[frozenset[Quality], list[Trial]]] = (
    WeakKeyDictionary()
)


def made_trials(client: ChallengeClient, qualities: Collection[Quality] = VALID) -> list[Trial]:
    """Return `trials` of a server to which nothing else is handed in: made once for all who ask."""
    made = _made.setdefault(client, {})
    wanted = frozenset(qualities)
    if wanted not in made:
        made[wanted] = list(trials(client, qualities=qualities))
    return made[wanted]


def trial_of(client: ChallengeClient, baseline: Baseline, split: Split, suffix: str = "") -> Trial:
    """Return a baseline for one split, as a participant whose id ends so would hand it in."""
    kind = client.hosted.kind(baseline.kind)
    query = query_for(client, kind.parameters, split)
    if kind.submitter.value in query:
        query[kind.submitter.value] += suffix
    target = attacked(client, kind, split) if kind.with_target else None
    request = DataRequest(parameters=query, target=target)
    if baseline.quality is Quality.ATTACK:
        payload = baseline.payload(Products(client, kind.submitter, request))
    else:
        payload = baseline.payload(request)
    return Trial(
        kind=attrs.evolve(kind, metrics=(), perfect=None, trivial=None),  # functions stay here
        split=split,
        name=baseline.name,
        quality=baseline.quality,
        known_to=kind.known_to if baseline.known_to is None else baseline.known_to,
        query=query | dict([kind.selector] if kind.selector else []),
        body=encode_body(payload, kind.schema_for(split)),
    )


def query_for(
    client: ChallengeClient, parameters: tuple[Parameter, ...], split: Split
) -> dict[str, str]:
    """Return a value for each identifier, the split, and each further required parameter."""
    known = {"anonymizer": client.anonymizer, "data_split": split.value}
    return filled_in(parameters, known)


def prepare_target(client: ChallengeClient, *, perfect: bool = False) -> None:
    """Submit a baseline as the test anonymizer, if anything depends on its submissions.

    A trivial one, if there is one, as what is published of it tells no truth; a perfect one for
    those who must be able to win.
    """
    hosted = client.hosted
    attacks = [kind for kind in hosted.kinds if kind.with_target or kind.after_final]
    needed = {hosted.attacked_by(kind) for kind in attacks}
    needed |= {
        hosted.attacked_by(product) for product in hosted.products.values() if product.with_target
    }
    for kinds in sorted(needed):
        _publish(client, kinds, last=Quality.TRIVIAL if perfect else Quality.PERFECT)


def publish_for_attacks(client: ChallengeClient) -> None:
    """Submit a baseline as the test anonymizer, so that attacks are attacks on somebody."""
    _publish(client, client.hosted.attacked_kinds, last=Quality.PERFECT)


def _publish(client: ChallengeClient, kinds: Collection[str], *, last: Quality) -> None:
    """Submit a baseline of one of some kinds, for each split that is kept."""
    for baseline in sorted(baselines(client), key=lambda one: one.quality is last):
        if baseline.kind in kinds and baseline.quality in VALID:
            kind = client.hosted.kind(baseline.kind)
            for split in kind.splits:
                if split in kind.keeps and not is_published(client, split, kinds):
                    with suppress(AnomedError):  # who needs it finds nothing published
                        hand_in(client, trial_of(client, baseline, split))
            return


def hand_in(client: ChallengeClient, trial: Trial) -> Receipt:
    """Submit a trial past HTTP, as if its participant were known to the server.

    Raises
    ------
    RequestError
        If it is refused.
    ServiceError
        If it could not be scored.
    """
    kind = client.hosted.kind(trial.kind.name)
    if trial.split is Split.VALIDATION:
        seal_for(client, kind.requires_sealed, trial.query)
    return client.server.submissions.submit(
        client.hosted,
        kind,
        query=trial.query,
        body=trial.body,
    )


def attacked(client: ChallengeClient, kind: SubmissionKind, split: Split) -> Target:
    """Return the test anonymizer as an attack on it meets it."""
    return client.server.submissions.kept.target(
        client.hosted,
        client.anonymizer,
        whole=kind.with_target,
        split=split if kind.same_split else None,
        kinds=client.hosted.attacked_by(kind),
    )


def can_attack(client: ChallengeClient, kind: SubmissionKind, split: Split) -> bool:
    """Whether the test anonymizer has submitted what a kind needs for a split, if anything."""
    needs_final = kind.after_final and split is Split.VALIDATION
    if not (kind.with_target or needs_final):
        return True
    of_split = split if kind.same_split or needs_final else None
    return is_published(client, of_split, client.hosted.attacked_by(kind))


def is_published(client: ChallengeClient, split: Split | None, kinds: Collection[str] = ()) -> bool:
    """Whether the test anonymizer has submitted something for a split, or for any.

    Parameters
    ----------
    client
        The served challenge.
    split
        For what; ``None`` for any.
    kinds
        Names of kinds; those of the type's owner, if none are given.
    """
    submissions = client.server.submissions.kept
    target = submissions.target(
        client.hosted, client.anonymizer, whole=True, split=split, kinds=kinds
    )
    return target.submission is not None


def payload_of(trial: Trial, client: ChallengeClient) -> Any:
    """Decode a trial's body as the server does."""
    return decode(trial.body, trial.kind.schema_for(trial.split), client.server.settings.limits)


def submission_of(client: ChallengeClient, trial: Trial, payload: Any = None) -> Submission:
    """Return a trial, or another payload in its place, as the server reads it."""
    parameters = checked_parameters(trial.kind.parameters, trial.query)
    return read_submission(
        trial.kind,
        trial.body,
        client.server.settings.limits,
        subject=subject_of(trial.kind, parameters),
        split=trial.split,
        parameters=parameters,
        payload=payload,
    )


def evaluate(client: ChallengeClient, trial: Trial, payload: Any = None) -> dict[str, float]:
    """Validate and score a trial in this thread, without recording anything.

    Parameters
    ----------
    client
        The served challenge.
    trial
        What is scored.
    payload
        Replaces the trial's own payload.

    Returns
    -------
    dict of str to float
        The declared metrics.

    Raises
    ------
    RequestError
        If the plugin refuses it.
    Exception
        Whatever the plugin raises; `ContractError` for undeclared or impossible metrics.
    """
    hosted = client.hosted
    submission = validated(client, trial, payload)
    is_attack = trial.kind.purpose is Purpose.THREAT
    target = attacked(client, trial.kind, trial.split) if is_attack else None
    evaluation = Evaluation(challenge=hosted.id, submission=submission, target=target)
    try:
        metrics = Evaluator({hosted.id: hosted})(evaluation)
    except RequestError as error:
        raise ContractError(
            f"the evaluation refuses a submission ({error}); an attempt has been spent then, so "
            "refuse it in anomed_validate_submission"
        ) from error
    assert isinstance(metrics, dict)
    return metrics


class EvaluationTooSlowError(RuntimeError):
    """An evaluation takes longer than the server waits; the message says which one."""


@contextmanager
def time_limited(trial: Trial, seconds: float) -> Iterator[None]:
    """Give up an evaluation that takes too long, where signals can interrupt it.

    Raises
    ------
    EvaluationTooSlowError
        In the main thread, unless somebody else measures time by the same signal.
    """
    is_ours = threading.current_thread() is threading.main_thread() and not any(
        signal.getitimer(signal.ITIMER_REAL)
    )
    if not is_ours:
        yield
        return

    def give_up(*_: Any) -> None:
        raise EvaluationTooSlowError(f"{trial} was not scored within {seconds:g} s and given up")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def validated(client: ChallengeClient, trial: Trial, payload: Any = None) -> Submission:
    """Decode and validate a trial, as is done before an attempt is spent.

    Parameters
    ----------
    client, trial, payload
        As for `evaluate`.

    Raises
    ------
    RequestError
        If it is refused.
    Exception
        Whatever the plugin raises.
    """
    hosted = client.hosted
    submission = submission_of(client, trial, payload)
    refusal = Evaluator({hosted.id: hosted})(Validation(challenge=hosted.id, submission=submission))
    if refusal is not None:
        error = RequestError(str(refusal))
        error.add_note(f"anomed_validate_submission refuses {trial}")
        raise error
    return submission
