"""Hooks of the extension; each one keeps out of challenges of other types."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from html import escape

import numpy as np

from anomed_core import Challenge, HouseAttack, Metric, ReportSection, Score, Submission, hookimpl

ANOMED_API = 1

TYPE = "supervised-mia"
ATTACK = "memorisation"


@hookimpl
def anomed_metrics(challenge: Challenge) -> list[Metric]:
    """Declare one more metric of attacks."""
    if challenge.type != TYPE:
        return []
    return [
        Metric(
            name="membership_advantage",
            kind="deanonymizer",
            bounds=(-1.0, 1.0),
            chance=0.0,
            definition="TPR minus FPR of the decisions, scores of 0.5 and above counting as "
            "'member' (Yeom et al. 2018, doi:10.1109/CSF.2018.00027, definition 4).",
        )
    ]


@hookimpl(wrapper=True)
def anomed_evaluate_threat(
    challenge: Challenge, submission: Submission
) -> Generator[None, Mapping[str, float], Mapping[str, float]]:
    """Add the declared metric to what the owner of the type returns."""
    metrics = yield
    if challenge.type != TYPE:
        return metrics
    truth = challenge.definition.memberships(
        anonymizer=submission.anonymizer,
        deanonymizer=submission.deanonymizer,
        split=submission.split,
    )
    decided = submission.payload["prediction"] >= 0.5
    return {**metrics, "membership_advantage": decided[truth].mean() - decided[~truth].mean()}


@hookimpl
def anomed_house_attacks(challenge: Challenge) -> list[HouseAttack]:
    """Attack every final of an anonymizer in the background."""
    if challenge.type != TYPE:
        return []

    def run(submission: Submission, rng: np.random.Generator) -> dict[str, float]:  # noqa: ARG001
        from anomed_mia_extras.memorisation import memorisation_auc

        data = challenge.definition.data
        prediction = submission.payload["prediction"]
        targets = data[f"{submission.split} y"]
        losses = (
            np.abs(prediction - targets) if targets.dtype.kind == "f" else prediction != targets
        )
        auc = memorisation_auc(losses, data[f"{submission.split} X"], data["training X"])
        return {"memorisation_auc": auc}

    return [
        HouseAttack(
            name=ATTACK,
            kind="anonymizer",
            description="Compares predictions near the training data with those far from it.",
            metrics=[
                Metric(
                    name="memorisation_auc",
                    bounds=(0.0, 1.0),
                    chance=0.5,
                    primary=True,
                    definition="Probability that the loss of a record in the half nearer to the "
                    "training records is smaller than that of one in the other half.",
                )
            ],
            run=run,
        )
    ]


@hookimpl
def anomed_report(challenge: Challenge, scores: tuple[Score, ...]) -> list[ReportSection]:
    """Rank anonymizers by how little they memorise."""
    if challenge.type != TYPE:
        return []
    found = {
        score.subject.anonymizer: score.metrics["memorisation_auc"]
        for score in scores
        if score.origin == "house" and score.label == ATTACK
    }
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{value:.3f}</td></tr>"
        for name, value in sorted(found.items(), key=lambda item: item[1])
    )
    return [
        ReportSection(
            title="Memorisation",
            html="<p>0.5 is none; towards 1, predictions are better near the training data.</p>"
            f"<table><tr><th>anonymizer</th><th>AUC</th></tr>{rows}</table>",
            data={"memorisation_auc": found},
        )
    ]
