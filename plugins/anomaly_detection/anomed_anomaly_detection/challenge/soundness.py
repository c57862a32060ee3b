"""Whether a task is about what a model does: looked at before anybody plays it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np

from anomed_anomaly_detection.challenge.config import LEAST_EACH, AnomalyDetectionConfig
from anomed_anomaly_detection.dealing import from_bytes
from anomed_core import ConfigError, Split
from anomed_core.statistics import auc, roc_curve

MAX_LOOKUP_AUC = 0.8
"""Above it, knowing the public data helps."""

MAX_OUTPUT_AUC = 0.6
"""Above it, the predictions alone tell much of the truth."""


def check_built(arrays: Mapping[str, np.ndarray], name: str) -> None:
    """Refuse a task that cannot be scored fairly.

    Parameters
    ----------
    arrays
        Of the task, by part.
    name
        Which task.

    Raises
    ------
    ConfigError
        If a test has too few inputs of either kind, or an input is handed out twice.
    """
    for split in Split:
        flags = arrays[f"{split} flags"]
        n_each = min(int(flags.sum()), int((~flags).sum()))
        if n_each < LEAST_EACH:
            raise ConfigError(
                f"tasks.{name}",
                f"its {split} test has {n_each} inputs of one kind, and {LEAST_EACH} are needed; "
                "give more records, or a trigger that works on more of them",
            )
    parts = [arrays[part] for part in ("trusted", "untrusted", *Split) if len(arrays[part])]
    rows = np.concatenate(parts)
    twice = len(rows) - len(np.unique(rows, axis=0))
    if twice:
        raise ConfigError(
            f"tasks.{name}",
            f"{twice} inputs are handed out twice; a source may put no record into two parts",
        )


@attrs.frozen
class Controls:
    """How much of a test is told without any mechanism; each an AUC at or above 0.5.

    Attributes
    ----------
    records
        By looks at the records alone: distance from the trusted ones, or entries beyond their
        range; the better of the two.
    outputs
        By the predictions alone.
    lookup
        By the distance from the nearest record of the data's source.
    """

    records: float
    outputs: float
    lookup: float

    def sentences(self, config: AnomalyDetectionConfig) -> list[str]:
        """Return what an organiser should know."""
        said = []
        if self.records > config.max_input_auc:
            said.append(
                f"solvable without the model: a look at the records alone scores an AUC of "
                f"{self.records:.2f}; choose a trigger inside what is lit, or more decoys"
            )
        if self.outputs > MAX_OUTPUT_AUC:
            said.append(
                f"predictions tell: they alone score an AUC of {self.outputs:.2f}; set "
                "match_outputs, or let each class become the next one"
            )
        if self.lookup > MAX_LOOKUP_AUC:
            said.append(
                f"look-up helps: the distance from the nearest public record scores an AUC of "
                f"{self.lookup:.2f}; set deform, or use data that nobody else has"
            )
        return said


def controls_of(
    *,
    trusted: np.ndarray,
    test: np.ndarray,
    flags: np.ndarray,
    predicted: Mapping[str, np.ndarray],
    public: np.ndarray,
) -> Controls:
    """Measure what needs no mechanism.

    Parameters
    ----------
    trusted, test, public
        uint8, shape (n, d); the public ones are the data's source, undeformed.
    flags
        bool, shape (n_test,).
    predicted
        What the model says of ``trusted``, ``untrusted`` and ``tuning``, int64 of shape (n,).

    Returns
    -------
    Controls
    """
    known, seen, source = from_bytes(trusted), from_bytes(test), from_bytes(public)
    beyond = np.maximum(seen - known.max(axis=0), 0) + np.maximum(known.min(axis=0) - seen, 0)
    n_classes = 1 + max(int(labels.max(initial=0)) for labels in predicted.values())
    lift = _log_shares(predicted["untrusted"], n_classes)
    lift = lift - _log_shares(predicted["trusted"], n_classes)
    nearest = [np.sqrt(((row - source) ** 2).sum(axis=1).min()) for row in seen]
    return Controls(
        records=max(_auc(flags, _mahalanobis(known, seen)), _auc(flags, beyond.sum(axis=1))),
        outputs=_auc(flags, lift[predicted[Split.TUNING]]),
        lookup=_auc(flags, np.array(nearest)),
    )


def _log_shares(labels: np.ndarray, n_classes: int) -> np.ndarray:
    counts = np.bincount(labels, minlength=n_classes)[:n_classes] + 1.0
    shares: np.ndarray = np.log(counts / counts.sum())
    return shares


def _mahalanobis(known: np.ndarray, seen: np.ndarray) -> np.ndarray:
    inverse = np.linalg.pinv(np.cov(known, rowvar=False), rcond=1e-5, hermitian=True)
    centred = seen - known.mean(axis=0)
    distances: np.ndarray = np.einsum("ij,jk,ik->i", centred, inverse, centred)
    return distances


def _auc(flags: np.ndarray, scores: np.ndarray) -> float:
    return auc(roc_curve(flags, scores))
