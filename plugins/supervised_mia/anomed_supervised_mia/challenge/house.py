"""The house's audit of an anonymizer: ask it over HTTP, attack its answers, compare them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import attrs
import httpx
import numpy as np

from anomed_core import (
    Direction,
    HouseAttack,
    Metric,
    Submission,
    SubmissionRejected,
    decode_npz,
    encode_npz,
)
from anomed_supervised_mia.auditing.answers import AnonymizerUnavailableError, Answers, Reading
from anomed_supervised_mia.auditing.audits import audit
from anomed_supervised_mia.auditing.consistency import Consistency
from anomed_supervised_mia.auditing.results import AttackResult, AuditResults
from anomed_supervised_mia.challenge.arena import Arena
from anomed_supervised_mia.challenge.kinds import refuse_non_labels
from anomed_supervised_mia.challenge.metrics import ANONYMIZER

_TIMEOUT_S = 30.0
_N_AT_ONCE = 200
"""Records in one request: a slow model answers these in time, not all of them."""
_LARGEST_ANSWER_BYTES = 64 * 2**20


def refuse_foreign_url(url: str, allowed_hosts: Collection[str]) -> None:
    """Refuse a URL that the server may not be sent to.

    Parameters
    ----------
    url
        As the participant gave it.
    allowed_hosts
        ``host`` for its usual port, ``host:port`` or ``host:*``, as the organiser listed them.

    Raises
    ------
    SubmissionRejected
        If it is no plain HTTP URL, or of another host.
    """
    if not _permitted_addresses(url) & set(allowed_hosts):
        raise SubmissionRejected(
            f"predict_url is {url[:120]!r}; allowed are http URLs at {', '.join(allowed_hosts)}."
        )


def _permitted_addresses(url: str) -> set[str]:
    """Return the entries that permit a URL, as the library reads it that will send it."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return set()
    own_port = {"http": 80, "https": 443}.get(parts.scheme)
    if own_port is None or parts.userinfo or not parts.host:
        return set()
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    permitted = {f"{host}:{parts.port or own_port}", f"{host}:*"}
    return permitted | {host} if parts.port in {None, own_port} else permitted


def ask(url: str, X: np.ndarray) -> np.ndarray:
    """Ask an anonymizer for predictions, some hundred records at a time.

    Parameters
    ----------
    url
        Of its ``/predict``.
    X
        Features of shape (n_records, ...).

    Returns
    -------
    ndarray
        Predictions of shape (n_records, ...): labels, probabilities or numbers.

    Raises
    ------
    AnonymizerUnavailableError
        If it does not answer in time, answers too much, or not one prediction for each record.
    """
    n_batches = max(1, -(-len(X) // _N_AT_ONCE))
    answers = [_ask_once(url, batch) for batch in np.array_split(X, n_batches)]
    if len({(answer.shape[1:], answer.dtype.kind) for answer in answers}) > 1:
        raise AnonymizerUnavailableError(f"{url} answered in several shapes or kinds")
    return np.concatenate(answers)


def _ask_once(url: str, X: np.ndarray) -> np.ndarray:
    try:
        body = _post(url, encode_npz({"X": X}))
        prediction = decode_npz(body, ["prediction"]).get("prediction")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise AnonymizerUnavailableError(f"{url} gave no prediction: {error}") from error
    if prediction is None or prediction.ndim == 0 or len(prediction) != len(X):
        raise AnonymizerUnavailableError(f"{url} did not give one prediction for each record")
    return prediction


def _post(url: str, content: bytes) -> bytes:
    with (
        httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
        client.stream("POST", url, content=content) as answer,
    ):
        if not answer.is_success:
            raise AnonymizerUnavailableError(f"{url} answered {answer.status_code}")
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > _LARGEST_ANSWER_BYTES:
                raise AnonymizerUnavailableError(f"{url} answers too much")
    return bytes(body)


N_OF_EACH = 500
"""Members, non-members and evaluation records that are asked for, at most."""

Ask = Callable[[np.ndarray], np.ndarray]
"""Takes features of shape (n_records, ...); returns labels or probabilities."""


@attrs.frozen(kw_only=True)
class ServedModel:
    """What an audit of a served model found.

    Attributes
    ----------
    audit
        What attacks learn from its answers.
    consistency
        How the answers compare with what was submitted.
    not_finite
        Share of the answers that hold NaN or infinity, which no submission may.
    """

    audit: AuditResults
    consistency: Consistency
    not_finite: float

    @property
    def is_flagged(self) -> bool:
        """Whether the answers are not those of the model that was scored."""
        return self.consistency.is_another_model or self.not_finite > 0

    @property
    def strongest(self) -> AttackResult:
        """The attack that learnt most."""
        return self.audit.strongest()

    def metrics(self) -> dict[str, float]:
        """Return the findings as finite numbers, as the ledger keeps them."""
        return {metric.name: float(compute(self)) for metric, compute in SERVED_MODEL_METRICS}


def _one_percent(seen: ServedModel) -> float:
    return next(rate for rate in seen.strongest.tpr_at_fpr if rate.level == 0.01).estimate.value


def _row(
    name: str,
    compute: Callable[[ServedModel], float],
    definition: str,
    *,
    high: float = 1.0,
    **options: Any,
) -> tuple[Metric, Callable[[ServedModel], float]]:
    return Metric(name=name, bounds=(0.0, high), definition=definition, **options), compute


SERVED_MODEL_METRICS = (
    _row(
        "auc",
        lambda seen: seen.strongest.auc.value,
        "Area under the ROC curve of the strongest attack on the served model's answers.",
        chance=0.5,
        limits=("auc_low", "auc_high"),
    ),
    _row("auc_low", lambda seen: seen.strongest.auc.low, "Lower end of its 95 % interval."),
    _row("auc_high", lambda seen: seen.strongest.auc.high, "Upper end of its 95 % interval."),
    _row(
        "max_advantage",
        lambda seen: seen.strongest.max_advantage.estimate.value,
        "Largest TPR - FPR over all thresholds of that attack.",
    ),
    _row(
        "null_advantage",
        lambda seen: seen.strongest.max_advantage.null_limit,
        "95 % of worthless attacks have a smaller max_advantage.",
        high=np.inf,
    ),
    _row(
        "tpr_at_fpr_0.01",
        _one_percent,
        "Highest TPR of a threshold whose FPR does not exceed 0.01.",
        chance=0.01,
    ),
    _row(
        "epsilon_lower_bound",
        lambda seen: seen.strongest.best_epsilon.estimate.low,
        "Largest epsilon that the answers of this attack prove, with 95 % confidence.",
        high=np.inf,
        chance=0.0,
    ),
    _row(
        "n_members",
        lambda seen: seen.audit.n_members,
        "Training records that were asked for.",
        high=np.inf,
    ),
    _row(
        "n_non_members",
        lambda seen: seen.audit.n_non_members,
        "Other records that were asked for.",
        high=np.inf,
    ),
    _row(
        "answers_as_submitted",
        lambda seen: seen.consistency.as_submitted,
        "Share of the answers that equal what was submitted.",
        direction=Direction.LOWER,
    ),
    _row(
        "answers_repeatable",
        lambda seen: seen.consistency.repeatable,
        "Share of the answers that come again when asked again; 1 if the model is deterministic.",
        direction=Direction.LOWER,
    ),
    _row(
        "one_model_p_value",
        lambda seen: seen.consistency.p_value,
        "P value of an exact sign test that the answers are of the model that was scored.",
        direction=Direction.LOWER,
    ),
    _row(
        "answers_not_finite",
        lambda seen: seen.not_finite,
        "Share of the answers that hold NaN or infinity, which no submission may.",
    ),
    _row(
        "flagged",
        lambda seen: seen.is_flagged,
        "1 if that p value is below 0.001, or some answers are not finite: another model answers; "
        "else 0.",
    ),
)
"""Each metric of the audit with the function that reads it off."""


def house_attacks(arena: Arena) -> list[HouseAttack]:
    """Return the audit of the model that an anonymizer serves, where it may be asked."""

    def run(submission: Submission, rng: np.random.Generator) -> Mapping[str, float] | None:
        url = submission.parameters.get("predict_url")
        if url is None:
            return None
        return audit_served_model(arena, submission, partial(ask, url), rng).metrics()

    return [
        HouseAttack(
            name="served-model",
            kind=ANONYMIZER,
            description="Threshold attacks on the answers of the anonymizer's /predict, and an "
            "exact sign test whether these come from the model that was scored.",
            on_request=not arena.audit_hosts,
            metrics=[metric for metric, _ in SERVED_MODEL_METRICS],
            run=run,
        )
    ]


def audit_served_model(
    arena: Arena, submission: Submission, ask: Ask, rng: np.random.Generator
) -> ServedModel:
    """Audit the model behind an anonymizer's answers.

    Parameters
    ----------
    arena
        The challenge's data.
    submission
        What the anonymizer submitted for its utility; its records are asked for twice.
    ask
        Asks the anonymizer.
    rng
        Chooses the records and their secret order.

    Returns
    -------
    ServedModel

    Raises
    ------
    AnonymizerUnavailableError
        If the answers are neither labels, nor a probability for each class, nor numbers, as the
        targets demand.
    """
    chosen = {
        "members": ("training", _some(len(arena.data["training y"]), rng)),
        "non-members": (arena.outsiders, _some(len(arena.data[f"{arena.outsiders} y"]), rng)),
        "scored": (submission.split.value, _some(len(arena.targets(submission.split)), rng)),
    }
    chosen["scored again"] = chosen["scored"]
    features, targets = (
        np.concatenate([arena.data[f"{part} {label}"][rows] for part, rows in chosen.values()])
        for label in ("X", "y")
    )
    order = rng.permutation(len(features))
    values = np.empty_like(shuffled := ask(features[order]))
    values[order] = shuffled
    reading = Reading.of(arena.data["training y"], as_labels=arena.expects_labels(submission.split))
    answers = reading.fitted(values, targets)
    if reading.as_labels and values.shape == targets.shape:
        _refuse_non_labels(answers)
    ends = np.cumsum([len(rows) for _, rows in chosen.values()])[:-1]
    by_group = dict(zip(chosen, answers.split(ends), strict=True))
    (members, non_members), attacks = reading.signals(
        [by_group["members"], by_group["non-members"]]
    )
    return ServedModel(
        audit=audit(members, non_members, attacks=attacks, rng=rng),
        consistency=reading.compared(
            submission.payload["prediction"][chosen["scored"][1]],
            by_group["scored"].values,
            by_group["scored again"].values,
        ),
        not_finite=float(1 - answers.is_finite.mean()),
    )


def _refuse_non_labels(answers: Answers) -> None:
    try:
        refuse_non_labels(answers.values[answers.is_finite], answers.targets)
    except SubmissionRejected as error:
        raise AnonymizerUnavailableError(f"the anonymizer's {error}") from error


def _some(n_records: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(n_records)[:N_OF_EACH]
