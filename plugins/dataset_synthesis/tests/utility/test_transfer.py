"""Train on synthetic, test on real."""

import numpy as np
import pytest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables
from anomed_dataset_synthesis.table.encoding import fit_bins, is_category, tree_features
from anomed_dataset_synthesis.utility.transfer import Task, Transfer, tasks_of, transfer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

OUTCOME = Task(column="outcome", level=1)


@pytest.fixture(scope="module")
def measure(real):
    binning = fit_bins(real.background, n_categories=250)

    def run(synthetic, task=OUTCOME, tables=real, **options):
        rng = np.random.default_rng(3)
        return transfer(synthetic, tables, task=task, binning=binning, rng=rng, **options)

    return run


def test_a_copy_teaches_what_the_training_table_teaches(real, measure):
    assert measure(real.training).ratio == pytest.approx(1, abs=0.03)


def test_the_auc_is_that_of_the_classifier_trained_and_tested_by_hand(real, measure):
    binning = fit_bins(real.background, n_categories=250)
    trees = HistGradientBoostingClassifier(
        categorical_features=is_category(real.training.codebook)[:-1], random_state=0
    )
    with threadpool_limits(1):
        trees.fit(
            tree_features(real.background, binning)[:, :-1],
            real.background.column("outcome") == 1,
        )
    expected = roc_auc_score(
        real.non_members.column("outcome") == 1,
        trees.predict_proba(tree_features(real.non_members, binning)[:, :-1])[:, 1],
    )
    # Without early stopping, the seed has no part in the trees.
    assert measure(real.background).auc == pytest.approx(expected, abs=1e-12)


def test_independent_columns_teach_nothing(real, measure, independent):
    found = measure(independent(real.training, np.random.default_rng(1)))
    assert found.auc == pytest.approx(0.5, abs=0.12)
    assert found.ratio < 0.4


def test_a_table_that_knows_one_answer_only_teaches_nothing(real, measure):
    levels = real.training.levels.copy()
    levels[:, -1] = 0
    assert measure(CanonicalTable(codebook=real.training.codebook, levels=levels)).auc == 0.5


def test_a_table_with_the_answers_reversed_is_worse_than_nothing(real, measure):
    levels = real.training.levels.copy()
    levels[:, -1] = 1 - levels[:, -1]
    reversed_table = CanonicalTable(codebook=real.training.codebook, levels=levels)
    assert measure(reversed_table).ratio < -0.8


def test_tasks_are_questions_with_both_answers(real):
    tasks = tasks_of(real.background)
    assert [task.column for task in tasks] == list(real.background.codebook.names)
    for task in tasks:
        assert 0.05 <= task.answers(real.background).mean() <= 0.95
    assert tasks_of(real.background, rarest=0.51) == ()


def test_tasks_can_be_said(real):
    codebook = real.training.codebook
    assert OUTCOME.describe(codebook) == "outcome = yes"
    weight = Task(column="weight", level=10)
    assert weight.describe(codebook) == f"weight > {codebook.column('weight').minimum + 1:g}"
    missing = real.training.column("weight") == -1
    assert not weight.answers(real.training)[missing].any()


def test_a_task_nobody_can_answer_has_no_scale():
    with pytest.raises(ValueError, match="hardly better than chance"):
        _ = Transfer(task=OUTCOME, auc=0.6, real_auc=0.51).ratio


def test_a_task_with_one_answer_among_real_records_is_refused(real, measure):
    alone = real.non_members.take(np.flatnonzero(real.non_members.column("outcome") == 1))
    tables = RealTables(training=real.training, non_members=alone, background=real.background)
    with pytest.raises(ValueError, match="both answers occur"):
        measure(real.training, tables=tables)


def test_long_tables_are_drawn_from(real, measure):
    assert measure(real.training, max_records=200).real_auc < measure(real.training).real_auc
