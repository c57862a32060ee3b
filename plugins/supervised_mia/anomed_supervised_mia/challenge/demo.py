"""The demo: three baseline anonymizers and two baseline deanonymizers compete over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from anomed_supervised_mia.attacks import (
    Attack,
    GapAttack,
    LossThreshold,
    Signals,
)

if TYPE_CHECKING:
    from anomed_client import Arrays, Score, Split

    from anomed_core import DemoSession
    from anomed_supervised_mia.anonymizers import BaselineAnonymizer

_SPLITS: tuple[Split, ...] = ("tuning", "validation")


@attrs.frozen(kw_only=True)
class _Result:
    """What one anonymizer reached, and what the attacks on it reached."""

    anonymizer: str
    accuracy: float
    attacks: dict[str, Score]

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
    training = session.join().arrays("anonymizer/training")
    session.tell(
        f"Anonymizers download {len(training['X'])} training records of "
        f"{training['X'].shape[1]} features."
    )
    results = []
    for anonymizer in _anonymizers():
        name = anonymizer.name
        rng = np.random.default_rng(session.seed)
        model = anonymizer.fit(training["X"], training["y"], rng=rng)
        challenge = session.join(name)
        accuracy = 0.0
        for split in _SPLITS:
            features = challenge.arrays(f"anonymizer/{split}").X
            scores = challenge.submit(model.predict(features), split=split)
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


def _attack_all(session: DemoSession, anonymizer: str, model: Any) -> dict[str, Score]:
    """Attack one anonymizer with every attack; what it answers is all that attacks see of it."""
    members, non_members = (
        _signals(model, session.join().arrays(f"deanonymizer/{side}"))
        for side in ("members", "non-members")
    )
    attacks: tuple[Attack, ...] = (LossThreshold(), GapAttack())
    results = {}
    for attack in attacks:
        fitted = attack.fit(members, non_members, rng=np.random.default_rng(session.seed))
        name = attack.name.replace(" ", "-")
        attacker = session.join(name).attack(anonymizer)
        for split in _SPLITS:
            targets = attacker.arrays("attack-success-evaluation", split=split)
            scores = fitted.score(_signals(model, targets))
            results[name] = attacker.submit(scores, split=split)
        session.tell(f"  {name} attacks {anonymizer}: AUC {results[name]['auc']:.3f}")
    return results


def _signals(model: Any, records: Arrays) -> Signals:
    return Signals.from_probabilities(model.predict_proba(records.X), records.y)


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
