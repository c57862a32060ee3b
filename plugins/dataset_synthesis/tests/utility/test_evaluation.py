"""All utility measures together."""

import numpy as np
import pytest
from anomed_dataset_synthesis.table.canonical import shuffle
from anomed_dataset_synthesis.utility.evaluation import Utility, evaluate_utility
from anomed_dataset_synthesis.utility.skill import MarginalFidelity
from anomed_dataset_synthesis.utility.transfer import Task, Transfer
from anomed_dataset_synthesis.utility.two_sample import TwoSampleTest

TASK = Task(column="outcome", level=1)


def utility(*, two=0.9, three=0.9, auc=0.9, fold=0.5):
    def fidelity(order, accuracy):
        return MarginalFidelity(order=order, by_choice=np.array([accuracy]), ceiling=1.0, floor=0.0)

    return Utility(
        fidelity=(fidelity(1, 0.1), fidelity(2, two), fidelity(3, three)),
        transfers=(
            Transfer(task=TASK, auc=0.9, real_auc=0.9),
            Transfer(task=TASK, auc=auc, real_auc=0.9),
        ),
        two_sample=TwoSampleTest(auc_by_fold=(fold,)),
    )


@pytest.mark.parametrize(
    ("worse", "score"),
    [
        ({}, 0.9),
        ({"two": 0.3}, 0.3),
        ({"three": 0.2}, 0.2),
        ({"auc": 0.6}, 0.25),
        ({"fold": 0.9}, 0.2),
    ],
)
def test_the_score_is_the_smallest_component_and_the_worst_task_counts(worse, score):
    assert utility(**worse).score == pytest.approx(score)


def test_the_score_is_cut_off_at_zero_and_one():
    assert utility(two=-3).score == 0
    assert utility(two=2, three=2, auc=0.95).score == 1


def test_the_gate_is_reached_or_not():
    assert utility(two=0.61).passes()
    assert not utility(two=0.59).passes()
    assert utility(two=0.59).passes(0.5)


def test_another_real_sample_scores_near_one_and_independent_columns_zero(real, independent):
    stages = []
    rng = np.random.default_rng(1)
    good = evaluate_utility(
        real.background, real, tasks=[TASK], rng=rng, progress=lambda *told: stages.append(told)
    )
    poor = evaluate_utility(independent(real.training, rng), real, tasks=[TASK], rng=rng)
    assert good.score > 0.8
    assert poor.score < 0.15
    assert stages[-1] == ("two-sample test", 1.0)


def test_the_order_of_a_submission_changes_no_figure(real):
    order = np.random.default_rng(3).permutation(len(real.background))
    scores = [
        evaluate_utility(
            shuffle(table, np.random.default_rng(8)),
            real,
            tasks=[TASK],
            rng=np.random.default_rng(9),
        ).components
        for table in (real.background, real.background.take(order))
    ]
    assert scores[0] == scores[1]


def test_without_a_task_there_is_no_score(real):
    with pytest.raises(ValueError, match="at least one"):
        evaluate_utility(real.background, real, tasks=[], rng=np.random.default_rng(1))
