"""The house's audit of an anonymizer: attack its answers, and compare them with what was scored."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np

from anomed_core import Submission
from anomed_supervised_mia.attacks import GapAttack, Signals
from anomed_supervised_mia.auditing.audits import audit, default_attacks
from anomed_supervised_mia.auditing.consistency import Consistency, compare_answers
from anomed_supervised_mia.auditing.results import AuditResults
from anomed_supervised_mia.challenge.arena import Arena
from anomed_supervised_mia.challenge.remote import AnonymizerUnavailableError

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
    """

    audit: AuditResults
    consistency: Consistency

    def metrics(self) -> dict[str, float]:
        """Return the findings as finite numbers, as the ledger keeps them."""
        strongest = self.audit.strongest()
        one_percent = next(rate for rate in strongest.tpr_at_fpr if rate.level == 0.01)
        return {
            "auc": strongest.auc.value,
            "auc_low": strongest.auc.low,
            "auc_high": strongest.auc.high,
            "max_advantage": strongest.max_advantage.estimate.value,
            "null_advantage": strongest.max_advantage.null_limit,
            "tpr_at_fpr_0.01": one_percent.estimate.value,
            "epsilon_lower_bound": strongest.best_epsilon.estimate.low,
            "n_members": float(self.audit.n_members),
            "n_non_members": float(self.audit.n_non_members),
            "answers_as_submitted": self.consistency.as_submitted,
            "answers_repeatable": self.consistency.repeatable,
            "one_model_p_value": self.consistency.p_value,
            "flagged": float(self.consistency.is_another_model),
        }


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
        If probabilities came, and not one for each class.
    """
    chosen = {
        "members": ("training", _some(len(arena.data["training y"]), rng)),
        "non-members": (arena.outsiders, _some(len(arena.data[f"{arena.outsiders} y"]), rng)),
        "scored": (submission.split.value, _some(len(arena.targets(submission.split)), rng)),
    }
    chosen["scored again"] = chosen["scored"]
    features = np.concatenate([arena.data[f"{part} X"][rows] for part, rows in chosen.values()])
    order = rng.permutation(len(features))
    answers = np.empty_like(shuffled := ask(features[order]))
    answers[order] = shuffled
    classes = np.unique(arena.data["training y"])
    _check_columns(answers, len(classes))
    ends = np.cumsum([len(rows) for _, rows in chosen.values()])[:-1]
    by_group = dict(zip(chosen, np.split(answers, ends), strict=True))
    members, non_members = (
        _signals(by_group[group], arena.data[f"{part} y"][rows], classes)
        for group, (part, rows) in chosen.items()
        if group in {"members", "non-members"}
    )
    attacks = default_attacks(members) if members.probabilities is not None else [GapAttack()]
    submitted = submission.payload["prediction"][chosen["scored"][1]]
    return ServedModel(
        audit=audit(members, non_members, attacks=attacks, rng=rng),
        consistency=compare_answers(
            submitted,
            _labels(by_group["scored"], classes),
            _labels(by_group["scored again"], classes),
        ),
    )


def _some(n_records: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(n_records)[:N_OF_EACH]


def _check_columns(answers: np.ndarray, n_classes: int) -> None:
    if answers.ndim == 2 and answers.shape[1] != n_classes:
        raise AnonymizerUnavailableError(
            f"the anonymizer answered {answers.shape[1]} probabilities for each record; give one "
            f"for each of the {n_classes} classes of the training data, or labels"
        )


def _labels(answers: np.ndarray, classes: np.ndarray) -> np.ndarray:
    return answers if answers.ndim == 1 else classes[np.argmax(answers, axis=1)]


def _signals(answers: np.ndarray, targets: np.ndarray, classes: np.ndarray) -> Signals:
    """Return what an attack sees; a class that nobody was trained on has probability 0."""
    if answers.ndim == 2:
        places = np.minimum(np.searchsorted(classes, targets), len(classes) - 1)
        labels = np.where(classes[places] == targets, places, len(classes))
        return Signals.from_probabilities(np.pad(answers, ((0, 0), (0, 1))), labels)
    codes = np.unique(np.concatenate([answers, targets]), return_inverse=True)[1]
    predicted, labels = np.split(codes, [len(answers)])
    return Signals.from_labels(predicted, labels)
