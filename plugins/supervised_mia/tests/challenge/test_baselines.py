"""Baselines have the outcomes that they promise."""

import numpy as np
from anomed_supervised_mia.challenge.baselines import baselines
from anomed_supervised_mia.challenge.products import EVALUATION_PATH

from anomed_core import Baseline, DataRequest, Quality, Split

from .test_arena import arena_of

REQUEST = DataRequest(
    parameters={"anonymizer": "a", "deanonymizer": "d", "data_split": "validation"}
)


def by_quality(kind: str) -> dict[Quality, Baseline]:
    return {b.quality: b for b in baselines(arena_of()) if b.kind == kind}


def test_each_kind_has_a_baseline_of_each_quality() -> None:
    handed_in = {Quality.PERFECT, Quality.TRIVIAL, Quality.INVALID}
    assert set(by_quality("anonymizer")) == handed_in
    assert set(by_quality("deanonymizer")) == {*handed_in, Quality.ATTACK}


def test_the_perfect_baselines_are_the_truth_of_their_request() -> None:
    arena = arena_of()
    prediction = by_quality("anonymizer")[Quality.PERFECT].payload(REQUEST)["prediction"]
    guess = by_quality("deanonymizer")[Quality.PERFECT].payload(REQUEST)["prediction"]

    np.testing.assert_array_equal(prediction, arena.targets(Split.VALIDATION))
    np.testing.assert_array_equal(
        guess, arena.memberships(anonymizer="a", deanonymizer="d", split=Split.VALIDATION)
    )


def test_the_attack_asks_a_model_that_memorises_about_the_records_that_are_handed_out() -> None:
    arena = arena_of()
    draw = {"anonymizer": "a", "deanonymizer": "d", "split": Split.VALIDATION}
    records, truth = arena.evaluation_records(**draw)
    turned = {label: array[::-1] for label, array in records.items()}
    attack = by_quality("deanonymizer")[Quality.ATTACK].payload

    np.testing.assert_array_equal(attack({EVALUATION_PATH: records})["prediction"], truth)
    np.testing.assert_array_equal(attack({EVALUATION_PATH: turned})["prediction"], truth[::-1])


def test_the_trivial_baselines_are_constant() -> None:
    for kind in ("anonymizer", "deanonymizer"):
        prediction = by_quality(kind)[Quality.TRIVIAL].payload(REQUEST)["prediction"]
        assert len(np.unique(prediction)) == 1
