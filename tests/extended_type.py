"""A stranger's type whose author never thought of other kinds than the two that it declares."""

from __future__ import annotations

import attrs
import numpy as np

import anomed_core as anomed

ANOMED_API = 1

N = 20
OWN_KINDS = ("anonymizer", "deanonymizer")


@attrs.frozen
class Config:
    """Nothing is left to organisers."""


def is_positive(challenge, split):
    """Return what attackers look for."""
    return challenge.definition[split.value] > 0


def share_right(truth, given):
    """Share of right answers."""
    return np.mean(truth == given)


RIGHT = anomed.Metric.of(share_right, name="right", bounds=(0, 1), chance=0.5)


@anomed.hookimpl
def anomed_challenge_types():
    """Announce the type."""
    description = "Guess numbers, and which guesses tell their signs."
    return [anomed.ChallengeType(name="signs", description=description, config_class=Config)]


@anomed.hookimpl
def anomed_create_challenge(context):
    """Draw what is to be guessed."""

    def build():
        return {
            split.value: (context.lottery.permutation(N, "numbers", split.value) - 9.5) / 5
            for split in anomed.Split
        }

    return context.freeze("numbers", "1", build)


@anomed.hookimpl
def anomed_submission_kinds(challenge):
    """Declare guesses, and attacks on them."""
    return [
        anomed.SubmissionKind.of_array(
            "anonymizer",
            "float",
            shape=N,
            low=-1e6,
            high=1e6,
            description="Guessed numbers.",
            perfect=lambda request: challenge.definition[request.split.value],
            trivial=np.zeros(N),
            cheap=True,
        ),
        anomed.SubmissionKind.of_array(
            "deanonymizer",
            "bool",
            shape=N,
            description="Which numbers are positive.",
            perfect=lambda request: is_positive(challenge, request.split),
            trivial=np.arange(N) % 2 == 0,
            metrics=[RIGHT],
            cheap=True,
        ),
    ]


@anomed.hookimpl
def anomed_metrics():
    """Declare what the hook computes."""
    definition = "Mean absolute error."
    bounds = (0, np.inf)
    return [
        anomed.Metric(
            name="mae", kind="anonymizer", direction="lower", bounds=bounds, definition=definition
        )
    ]


@anomed.hookimpl
def anomed_evaluate_utility(challenge, submission):
    """Score guesses."""
    truth = challenge.definition[submission.split.value]
    return {"mae": np.abs(submission.payload["prediction"] - truth).mean()}


@anomed.hookimpl
def anomed_validate_submission(submission):
    """Look into every submission, and know what there is in each."""
    assert submission.kind in OWN_KINDS
    assert len(submission.payload["prediction"]) == N


@anomed.hookimpl
def anomed_rankings():
    """Rank anonymizers by the worst attack, and deanonymizers over all of them."""
    return [
        anomed.Ranking(
            name="anonymizers",
            kind="anonymizer",
            criteria=[
                anomed.Criterion(metric="right", take="worst"),
                anomed.Criterion(metric="mae"),
            ],
        ),
        anomed.Ranking(
            name="deanonymizers",
            kind="deanonymizer",
            criteria=[anomed.Criterion(metric="right", take="mean_over_targets")],
        ),
    ]


@anomed.hookimpl
def anomed_report(scores):
    """Tell how many scores there are, of two kinds."""
    numbers = [next(iter(score.metrics.values())) for score in scores if score.kind in OWN_KINDS]
    assert len(numbers) == len(scores)
    return [anomed.ReportSection(title="Numbers", data={"scores": len(numbers)})]
