"""An extension that adds an attack which people run to `tests.extended_type`, and all it takes."""

from __future__ import annotations

from typing import Any

import numpy as np

import anomed_core as anomed
from tests.extended_type import RIGHT, N, share_right

ANOMED_API = 1

TYPE, KIND, HINTS = "signs", "sizes", "/data/deanonymizer/hints"


def is_large(challenge, split):
    """Return what the attack looks for."""
    return np.abs(challenge.definition[split.value]) > 0.6


def share_named(target):
    """Length of the target's name."""
    return len(target.anonymizer) / 100


@anomed.hookimpl
def anomed_data_products(challenge):
    """Hand out hints: noise of one's own, and no truth."""
    if challenge.type != TYPE:
        return []
    return [
        anomed.DataProduct(
            path=HINTS,
            audience={"deanonymizer"},
            schema=anomed.ArraysSchema.of(hint=np.zeros(N)).described(hint="A hint."),
            static=False,
            parameters=anomed.PAIR,
            description="Noise for each pair.",
        )
    ]


@anomed.hookimpl
def anomed_provide_data(challenge, product, request):
    """Draw the noise."""
    assert product.path == HINTS
    ids = (request.split.value, request.anonymizer, request.deanonymizer)
    return {"hint": challenge.lottery.generator("hints", *ids).normal(size=N)}


@anomed.hookimpl
def anomed_dummy_data(product, seed):
    """Make hints of no worth."""
    assert product.path == HINTS
    return {"hint": np.random.default_rng(seed).uniform(5, 6, size=N)}


@anomed.hookimpl
def anomed_submission_kinds(challenge):
    """Declare the attack."""
    if challenge.type != TYPE:
        return []
    return [
        anomed.SubmissionKind.of_array(
            KIND,
            "bool",
            shape=N,
            array="large",
            submitter="deanonymizer",
            attacks="anonymizer",
            description="Which numbers are far from 0.",
            perfect=lambda request: is_large(challenge, request.split),
            trivial=np.arange(N) % 2 == 0,
            metrics=[
                anomed.Metric.of(share_right, name="right", bounds=(0, 1), chance=0.5),
                anomed.Metric.of(share_named, name="named", bounds=(0, 1)),
            ],
            cheap=True,
        )
    ]


@anomed.hookimpl
def anomed_metrics(challenge):
    """Declare what the hook computes."""
    if challenge.type != TYPE:
        return []
    return [anomed.Metric(name="called", kind=KIND, bounds=(0, 1), definition="Share called.")]


@anomed.hookimpl
def anomed_evaluate_threat(submission):
    """Score the attack."""
    return {"called": submission.payload["large"].mean()}


@anomed.hookimpl
def anomed_validate_submission(challenge, submission):
    """Refuse attacks that call nothing large."""
    if submission.kind == KIND and not submission.payload["large"].any():
        raise anomed.SubmissionRejected("No number is called large; call one at least.")


@anomed.hookimpl
def anomed_baselines(challenge):
    """Offer what must be refused."""
    if challenge.type != TYPE:
        return []
    payload = np.zeros(N, dtype=bool)
    return [anomed.Baseline(name="nothing", kind=KIND, quality="invalid", payload=payload)]


@anomed.hookimpl
def anomed_rankings(challenge):
    """Rank attackers over all anonymizers."""
    if challenge.type != TYPE:
        return []
    criterion = anomed.Criterion(metric="right", take="mean_over_targets")
    return [anomed.Ranking(name="sizers", kind=KIND, criteria=[criterion])]


@anomed.hookimpl
def anomed_report(scores):
    """Tell how many attacks of this kind there are."""
    data = {"attacks": sum(score.kind == KIND for score in scores), "scores": len(scores)}
    return [anomed.ReportSection(title="Sizes", data=data)]


def extension(**answers: Any) -> Any:
    """Return an extension whose hooks answer that about every challenge."""

    def hook(answer: Any) -> Any:
        return anomed.hookimpl(lambda self: answer)

    return type("Added", (), {"ANOMED_API": 1} | {k: hook(v) for k, v in answers.items()})()


def attack(name: str = "guesses", **options: Any) -> anomed.SubmissionKind:
    """Return an attack that measures itself, unless it is told otherwise."""
    declared = {
        "shape": N,
        "submitter": "deanonymizer",
        "metrics": [RIGHT],
        "perfect": np.ones(N, dtype=bool),
        "cheap": True,
        "description": "Guesses.",
    }
    return anomed.SubmissionKind.of_array(name, "bool", **(declared | options))


def kinds(*declared: anomed.SubmissionKind) -> Any:
    """Return an extension that adds these kinds."""
    return extension(anomed_submission_kinds=declared)
