"""The demo: three baseline anonymizers and two baseline deanonymizers compete over HTTP."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import numpy as np

from anomed_supervised_mia.attacks import (
    Attack,
    GapAttack,
    LossThreshold,
    Signals,
)

if TYPE_CHECKING:
    from anomed_core import DemoSession
    from anomed_supervised_mia.anonymizers import BaselineAnonymizer

_SPLITS = ("tuning", "validation")


@attrs.frozen(kw_only=True)
class _Result:
    """What one anonymizer reached, and what the attacks on it reached."""

    anonymizer: str
    accuracy: float
    attacks: dict[str, dict[str, float]]

    @property
    def worst_auc(self) -> float:
        return max(metrics["auc"] for metrics in self.attacks.values())


def play(session: DemoSession) -> None:
    """Train, predict, attack, and print the privacy-utility ranking.

    Parameters
    ----------
    session
        Where the server is.
    """
    training = _download(session, "/data/anonymizer/training")
    session.tell(
        f"Anonymizers download {len(training['X'])} training records of "
        f"{training['X'].shape[1]} features."
    )
    results = []
    for anonymizer in _anonymizers():
        name = anonymizer.name
        rng = np.random.default_rng(session.seed)
        model = anonymizer.fit(training["X"], training["y"], rng=rng)
        accuracy = 0.0
        for split in _SPLITS:
            features = _download(session, f"/data/anonymizer/{split}")["X"]
            scores = _submit(
                session,
                "/utility/anonymizer",
                model.predict(features),
                anonymizer=name,
                data_split=split,
            )
            accuracy = scores["accuracy"]
            session.tell(f"  {name}: accuracy {accuracy:.3f} on {split} data")
        results.append(
            _Result(anonymizer=name, accuracy=accuracy, attacks=_attack_all(session, name, model))
        )
    _print_ranking(session, results)


def _anonymizers() -> tuple[BaselineAnonymizer, ...]:
    """Return a model with a proof, one that is merely cautious, and one that learns by heart."""
    from anomed_supervised_mia.anonymizers import (
        overfitted_anonymizers,
        private_anonymizers,
        underfitted_anonymizers,
    )

    private = private_anonymizers((0.0, 16.0), epsilon=10.0)[0]
    cautious = underfitted_anonymizers()[-1]
    overfitted = next(a for a in overfitted_anonymizers() if a.name == "overfitted-forest")
    return private, cautious, overfitted


def _attack_all(session: DemoSession, anonymizer: str, model: Any) -> dict[str, dict[str, float]]:
    """Attack one anonymizer with every attack; what it answers is all that attacks see of it."""
    members, non_members = (
        _signals(model, _download(session, f"/data/deanonymizer/{side}"))
        for side in ("members", "non-members")
    )
    attacks: tuple[Attack, ...] = (LossThreshold(), GapAttack())
    results = {}
    for attack in attacks:
        fitted = attack.fit(members, non_members, rng=np.random.default_rng(session.seed))
        name = attack.name.replace(" ", "-")
        for split in _SPLITS:
            parties = {"anonymizer": anonymizer, "deanonymizer": name, "data_split": split}
            targets = _download(session, "/data/attack-success-evaluation", **parties)
            scores = fitted.score(_signals(model, targets))
            results[name] = _submit(session, "/utility/deanonymizer", scores, **parties)
        session.tell(f"  {name} attacks {anonymizer}: AUC {results[name]['auc']:.3f}")
    return results


def _signals(model: Any, records: dict[str, np.ndarray]) -> Signals:
    return Signals.from_probabilities(model.predict_proba(records["X"]), records["y"])


def _download(session: DemoSession, path: str, **query: str) -> dict[str, np.ndarray]:
    answer = session.client.get(path, params=query)
    answer.raise_for_status()
    with np.load(io.BytesIO(answer.content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _submit(
    session: DemoSession, path: str, prediction: np.ndarray, **query: str
) -> dict[str, float]:
    buffer = io.BytesIO()
    np.savez(buffer, prediction=prediction)
    answer = session.client.post(path, params=query, content=buffer.getvalue())
    if answer.status_code != httpx.codes.CREATED:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text}")
    metrics: dict[str, float] = answer.json()
    return metrics


def _print_ranking(session: DemoSession, results: list[_Result]) -> None:
    """Print anonymizers by the worst attack on them, then by accuracy."""
    session.tell("")
    session.tell("Ranking by privacy (AUC of the worst attack; 0.5 is a coin), then utility:")
    session.tell(
        f"{'':>3} {'anonymizer':<32} {'accuracy':>9} {'worst AUC':>10} {'TPR at 1% FPR':>14}"
    )
    ranked = sorted(results, key=lambda result: (round(result.worst_auc, 2), -result.accuracy))
    for place, result in enumerate(ranked, start=1):
        tpr = max(metrics["tpr_at_fpr_0.01"] for metrics in result.attacks.values())
        session.tell(
            f"{place:>2}. {result.anonymizer:<32} {result.accuracy:>9.3f} "
            f"{result.worst_auc:>10.3f} {tpr:>14.3f}"
        )
    session.tell("")
