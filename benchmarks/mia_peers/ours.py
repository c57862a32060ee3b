"""The attacks and metrics of this project, as a worker of `compare.py`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from anomed_supervised_mia.attacks import (
    Attack,
    BoundaryDistanceAttack,
    GapAttack,
    LikelihoodRatioAttack,
    LogisticRegressionAttack,
    LossThreshold,
    ShadowSignals,
    Signals,
    cross_fit,
    gradient_boosting_attack,
    random_forest_attack,
)
from anomed_supervised_mia.auditing.audits import audit, ranked_by
from anomed_supervised_mia.auditing.slices import by_class
from anomed_supervised_mia.metrics import (
    Roc,
    auc,
    confusion,
    epsilon_of_scores,
    estimate_max_advantage,
    roc_curve,
    tpr_at_fpr,
)
from measure import N_BOUNDARY, N_CLASSES, N_SIDE, network, run, truth

from anomed_core.statistics import roc_of_ranking

Arrays = Mapping[str, Any]


def sides(arrays: Arrays, kind: str = "logits") -> list[Signals]:
    return [
        Signals(**{kind: outputs}, labels=labels)
        for outputs, labels in zip(arrays[kind], arrays["labels"], strict=True)
    ]


def attacked(attack: Attack, members: Signals, non_members: Signals) -> Roc:
    rng = np.random.default_rng(0)
    scores = cross_fit(members, non_members, attack=attack, rng=rng)
    is_member = np.repeat([True, False], [len(members), len(non_members)])
    return roc_curve(is_member, np.concatenate([scores.members, scores.non_members]))


def on_all_and_on_classes(arrays: Arrays, attack: Attack) -> dict[str, Any]:
    """Measure on all records and on each class; an attack that learns learns on each anew."""
    members, non_members = sides(arrays)
    if attack.learns:
        rocs = [attacked(attack, members, non_members)]
        for label in range(N_CLASSES):
            parts = [side.subset(side.labels == label) for side in (members, non_members)]
            rocs.append(attacked(attack, *parts))
    else:  # as an audit does: sort once, and divide the sorted records
        rng = np.random.default_rng(0)
        ranking = ranked_by(attack, members, non_members=non_members, rng=rng)
        rocs = [roc_of_ranking(ranking)]
        classes = by_class(members, non_members)
        rocs += [roc_of_ranking(part) for _, part in classes.rankings(ranking)]
    for roc in rocs:
        epsilon_of_scores(roc)
    return {
        "auc": [auc(roc) for roc in rocs],
        "advantage": [estimate_max_advantage(roc).estimate.value for roc in rocs],
    }


def full_audit(arrays: Arrays) -> dict[str, Any]:
    """Audit as a user does: every measure with its interval, on all records and on each class."""
    members, non_members = sides(arrays)
    results = audit(members, non_members, attacks=[LossThreshold()], slices=["whole", "class"])
    return {
        "auc": [result.auc.value for result in results],
        "advantage": [result.max_advantage.estimate.value for result in results],
    }


def on_all(arrays: Arrays, attack: Attack, kind: str = "probabilities") -> dict[str, Any]:
    return {"auc": [auc(attacked(attack, *sides(arrays, kind)))]}


def gap(arrays: Arrays) -> dict[str, Any]:
    fitted = [GapAttack().score(side) for side in sides(arrays, "probabilities")]
    outcome = confusion(truth() == 1, np.concatenate(fitted) > 0.5)
    return {"tpr": [outcome.tpr], "fpr": [outcome.fpr]}


def measures(arrays: Arrays) -> dict[str, Any]:
    is_member, scores = truth() == 1, arrays["scores"]
    roc = roc_curve(is_member, scores)
    outcome = confusion(is_member, scores > 0.5)
    return {
        "auc": [auc(roc)],
        "advantage": [outcome.advantage],
        "ppv": [outcome.n_true_positives / (outcome.n_true_positives + outcome.n_false_positives)],
        "tpr@0.5%": [tpr_at_fpr(roc, 0.005).tpr],
    }


def likelihood_ratio(arrays: Arrays) -> dict[str, Any]:
    shadows = ShadowSignals(
        scaled_confidences=arrays["confidences"], memberships=arrays["memberships"]
    )
    target = np.column_stack([arrays["target"], np.zeros(2 * N_SIDE)])
    signals = Signals.from_logits(
        target, np.zeros(2 * N_SIDE, dtype=int), records=np.arange(2 * N_SIDE)
    )
    attack = LikelihoodRatioAttack(shadows=shadows, variance="per-record", smoothing=0.0)
    scores = attack.fit(signals, signals, rng=np.random.default_rng(0)).score(signals)
    return {"score": scores[:1000]}


def boundary(arrays: Arrays) -> dict[str, Any]:
    n_queries = 0

    def predict(points: Any) -> Any:
        nonlocal n_queries
        n_queries += len(points)
        return network(arrays, points).argmax(axis=1)

    signals = Signals(
        features=arrays["records"], labels=network(arrays, arrays["records"]).argmax(axis=1)
    )
    attack = BoundaryDistanceAttack(predict=predict, n_iterations=4, n_probes=60)
    fitted = attack.fit(signals, signals, rng=np.random.default_rng(0))
    distances = fitted.score(signals.subset(np.arange(N_BOUNDARY)))
    return {"mean distance": [distances.mean()], "queries a record": [n_queries / N_BOUNDARY]}


if __name__ == "__main__":
    run(
        version("anomed-supervised-mia"),
        {
            "loss threshold, all and 10 classes": lambda arrays: on_all_and_on_classes(
                arrays, LossThreshold()
            ),
            "loss threshold, audited with intervals": full_audit,
            "logistic regression, all and 10 classes": lambda arrays: on_all_and_on_classes(
                arrays, LogisticRegressionAttack()
            ),
            "logistic regression": lambda arrays: on_all(arrays, LogisticRegressionAttack()),
            "gradient boosting": lambda arrays: on_all(arrays, gradient_boosting_attack()),
            "random forest": lambda arrays: on_all(arrays, random_forest_attack()),
            "gap": gap,
            "boundary distance": boundary,
            "metrics of given scores": measures,
            "likelihood ratio, 64 shadows": likelihood_ratio,
        },
    )
