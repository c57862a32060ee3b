"""Products of what anonymizers hand in where they may hand in several things."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest

import anomed_core as anomed
from anomed_core.errors import PluginBrokenError

N = 6


@attrs.frozen(kw_only=True)
class Config:
    """Nothing is to be decided."""


class TwoForms:
    """Anonymizers hand in numbers as a draft and as a print; both can be read.

    Parameters
    ----------
    shown
        The kind that the product names.
    """

    ANOMED_API = 1

    def __init__(self, shown: str = "print") -> None:
        self.shown = shown

    @anomed.hookimpl
    def anomed_challenge_types(self) -> list[anomed.ChallengeType]:
        return [anomed.ChallengeType(name="two-forms", config_class=Config)]

    @anomed.hookimpl
    def anomed_create_challenge(self, context: anomed.CreationContext) -> Any:
        def draw() -> dict[str, np.ndarray]:
            return {s: context.lottery.generator("truth", s).random(N) for s in anomed.Split}

        return context.freeze("truth", "0", draw)

    @anomed.hookimpl
    def anomed_data_products(self, challenge: anomed.Challenge) -> list[anomed.DataProduct]:
        truth = {split: {"x": np.asarray(challenge.definition[split])} for split in anomed.Split}
        return [
            *anomed.DataProduct.of_parts(
                "/data/anonymizer", truth, description="Numbers.", meanings={"x": "Numbers."}
            ),
            anomed.DataProduct(
                path="/data/deanonymizer/shown",
                with_target=True,
                attacks=self.shown,
                schema=anomed.ArraysSchema.of(prediction=np.zeros(N)).described(
                    prediction="What was handed in."
                ),
                data=lambda request: request.target.submission.payload,
                description="What an anonymizer handed in as one of two kinds.",
            ),
        ]

    @anomed.hookimpl
    def anomed_submission_kinds(self, challenge: anomed.Challenge) -> list[anomed.SubmissionKind]:
        held = {s: np.array(challenge.definition[s]) for s in anomed.Split}

        def near(truth: np.ndarray, guess: np.ndarray) -> float:
            """Share of the numbers that are right within a tenth."""
            return float(np.mean(np.abs(truth - guess) < 0.1))

        return [
            anomed.SubmissionKind.of_array(
                name,
                "float",
                shape=N,
                low=-9,
                high=9,
                submitter="anonymizer",
                description="Numbers.",
                metrics=[anomed.Metric.of(near, bounds=(0, 1))],
                perfect=lambda request: held[request.split],
                trivial=np.full(N, 9.0),
                known_to={"anonymizer"},
            )
            for name in ("draft", "print")
        ]


@pytest.mark.parametrize("shown", ["draft", "print"])
def test_a_product_shows_the_kind_that_it_names(challenge_client: Any, shown: str) -> None:
    client = challenge_client(TwoForms(shown), config={})
    for place, kind in enumerate(("draft", "print")):
        client.score(kind, {"prediction": np.full(N, float(place))}, anonymizer="a")

    told = client.get_arrays("/data/deanonymizer/shown", anonymizer="a", data_split="tuning")

    assert told["prediction"].tolist() == [float(shown == "print")] * N


def test_who_handed_in_the_other_kind_shows_nothing(challenge_client: Any) -> None:
    client = challenge_client(TwoForms("print"), config={})
    client.score("draft", {"prediction": np.zeros(N)}, anonymizer="a")

    answer = client.get("/data/deanonymizer/shown", anonymizer="a", data_split="tuning")

    assert answer.status == 422
    assert "has submitted nothing yet" in answer.reason


def test_a_kind_that_nobody_declares_is_refused_at_the_start(challenge_client: Any) -> None:
    expected = "the data product /data/deanonymizer/shown attacks 'poster'"
    with pytest.raises(PluginBrokenError, match=expected):
        challenge_client(TwoForms("poster"), config={})


def test_a_product_that_depends_on_nobody_names_no_kind() -> None:
    with pytest.raises(ValueError, match="depends on nobody's submission"):
        anomed.DataProduct(path="/data/deanonymizer/x", data=[1], attacks="print")
