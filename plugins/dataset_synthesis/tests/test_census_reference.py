"""Figures that an honest implementation reproduces on census data.

The tables are three disjoint random thirds of UCI Adult (48,842 records, 15 columns), 16,280
records each. Expected figures are those of an independent implementation of the same definitions
(numpy 2.4, scikit-learn 1.9, seeds not shared), hence the tolerances: sampling error of the
submission and, for attacks, of 2,000 + 2,000 targets.
"""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.attacks.diagnostics import diagnose
from anomed_dataset_synthesis.attacks.membership import density_ratio, distance_ratio
from anomed_dataset_synthesis.attacks.singling_out import (
    multivariate_predicates,
    univariate_predicates,
)
from anomed_dataset_synthesis.generators import DPMarginalTree, GaussianCopula, SequentialTrees
from anomed_dataset_synthesis.table.canonical import (
    CanonicalTable,
    RealTables,
    canonicalise,
    to_frame,
)
from anomed_dataset_synthesis.table.encoding import MAX_TREE_CATEGORIES, fit_bins
from anomed_dataset_synthesis.table.inference import infer_codebook
from anomed_dataset_synthesis.threat.guesses import assess_predicates
from anomed_dataset_synthesis.threat.membership import assess_membership
from anomed_dataset_synthesis.threat.targets import draw_targets
from anomed_dataset_synthesis.utility.skill import marginal_fidelity
from anomed_dataset_synthesis.utility.transfer import Task, transfer
from anomed_dataset_synthesis.utility.two_sample import two_sample_test

pytestmark = pytest.mark.slow
INCOME = Task(column="income", level=0)


def resampled(table, rng):
    """Draw every cell on its own, with replacement, from its column."""
    places = rng.integers(0, len(table), table.levels.shape)
    levels = np.take_along_axis(table.levels, places, axis=0)
    return CanonicalTable(codebook=table.codebook, levels=levels)


def flipped(table, rng, *, share=0.3):
    chosen = rng.random(table.levels.shape) < share
    levels = np.where(chosen, resampled(table, rng).levels, table.levels)
    return CanonicalTable(codebook=table.codebook, levels=levels)


def half_copied(table, rng):
    levels = resampled(table, rng).levels.copy()
    levels[: len(table) // 2] = table.levels[: len(table) // 2]
    return CanonicalTable(codebook=table.codebook, levels=levels)


def generated(generator):
    def make(table, rng):
        fitted = generator.fit(to_frame(table), table.codebook, rng=rng)
        return canonicalise(fitted.sample(len(table), rng=rng), table.codebook)

    return make


MAKERS = {
    "copy": lambda table, rng: table,
    "bootstrap": lambda table, rng: table.take(rng.integers(0, len(table), len(table))),
    "half copy": half_copied,
    "flip 30%": flipped,
    "trees": generated(SequentialTrees()),
    "copula": generated(GaussianCopula()),
    "independent": resampled,
}


@pytest.fixture(scope="module")
def tables(census):
    made = {}

    def make(name):
        if name not in made:
            made[name] = MAKERS[name](census.training, np.random.default_rng(17))
        return made[name]

    return make


def accuracies(synthetic, real):
    fidelity = marginal_fidelity(
        synthetic, real, binning=fit_bins(real.background), rng=np.random.default_rng(1)
    )
    return [part.accuracy for part in fidelity]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bootstrap", (0.995, 0.987, 0.974)),
        ("half copy", (0.995, 0.961, 0.914)),
        ("flip 30%", (0.996, 0.961, 0.913)),
        ("trees", (0.994, 0.985, 0.969)),
        ("copula", (0.995, 0.936, 0.856)),
        ("independent", (0.994, 0.927, 0.837)),
    ],
)
def test_marginal_accuracies(census, tables, name, expected):
    assert accuracies(tables(name), census) == pytest.approx(expected, abs=0.009)


def test_a_copy_is_accurate_exactly_and_a_real_sample_nearly(census, tables):
    assert accuracies(tables("copy"), census) == [1.0, 1.0, 1.0]
    assert accuracies(census.non_members, census) == pytest.approx((0.991, 0.979, 0.960), abs=0.004)
    assert accuracies(census.background, census) == pytest.approx((0.993, 0.982, 0.963), abs=0.005)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("copy", 0.924), ("bootstrap", 0.921), ("flip 30%", 0.909), ("copula", 0.856)],
)
def test_transfer_to_income(census, tables, name, expected):
    found = transfer(
        tables(name),
        census,
        task=INCOME,
        binning=fit_bins(census.background, n_categories=MAX_TREE_CATEGORIES),
        rng=np.random.default_rng(1),
    )
    assert found.auc == pytest.approx(expected, abs=0.015)
    assert found.real_auc == pytest.approx(0.9235, abs=0.004)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("copy", 0.48, 0.52),
        ("bootstrap", 0.48, 0.55),
        ("copula", 0.95, 1.0),
        ("independent", 0.95, 1.0),
    ],
)
def test_two_sample_auc(census, tables, name, low, high):
    found = two_sample_test(
        tables(name),
        census.non_members,
        binning=fit_bins(census.background, n_categories=MAX_TREE_CATEGORIES),
        rng=np.random.default_rng(1),
        max_records=8_000,
    )
    assert low <= found.auc <= high


def membership(synthetic, real, *, attack=distance_ratio, seed=1, n_each=2_000):
    rng = np.random.default_rng(seed)
    targets = draw_targets(real.training, real.non_members, n_each=n_each, rng=rng)
    scores = attack(targets.table, synthetic, real.background)
    return assess_membership(scores, targets.is_member, attack="a")[0]


@pytest.mark.parametrize(
    ("name", "auc", "tpr"),
    [
        ("bootstrap", 0.819, 0.629),
        ("half copy", 0.759, 0.508),
        ("independent", 0.507, 0.013),
        ("copula", 0.511, 0.013),
    ],
)
def test_membership_by_distance(census, tables, name, auc, tpr):
    result = membership(tables(name), census)
    assert result.auc().value == pytest.approx(auc, abs=0.03)
    assert result.tpr_at(0.01).value == pytest.approx(tpr, abs=0.03)


def test_a_copy_gives_every_member_away(census, tables):
    result = membership(tables("copy"), census, n_each=8_000)
    # A member that the background happens to hold as well can't be told from a control.
    assert result.auc().value > 0.998
    assert result.tpr_at(0.01).value > 0.998


def test_pairs_of_values_give_away_more_than_distances(census, tables):
    for name in ("flip 30%", "trees"):
        by_distance = membership(tables(name), census)
        by_pairs = membership(tables(name), census, attack=density_ratio)
        assert by_distance.auc(0.999).low > 0.5
        assert by_pairs.auc(0.999).low > by_distance.auc(0.999).high


@pytest.mark.parametrize(
    ("name", "share", "matches"),
    [
        ("copy", 1.000, 1.0),
        ("bootstrap", 1.000, 1.0),
        ("flip 30%", 0.641, 0.051),
        ("copula", 0.496, 0.0),
        ("independent", 0.509, 0.0),
    ],
)
def test_distance_diagnostics(census, tables, name, share, matches):
    found = diagnose(tables(name), census, rng=np.random.default_rng(1))
    assert found.dcr_share == pytest.approx(share, abs=0.02)
    assert found.matches_training == pytest.approx(matches, abs=0.01)


def singled_out(predicates, real):
    return assess_predicates(
        predicates,
        training=real.training,
        non_members=real.non_members,
        attack="a",
        measure="m",
        rng=np.random.default_rng(1),
    )


def test_a_copy_singles_people_out_and_controls_not(census, tables):
    predicates = multivariate_predicates(
        tables("copy"),
        background=census.background,
        n_predicates=300,
        rng=np.random.default_rng(1),
    )
    result = singled_out(predicates, census)
    assert result.success().value > 0.95
    assert result.non_member_success().value == pytest.approx(0.2, abs=0.06)


@pytest.mark.parametrize("name", ["independent", "copula", "trees"])
def test_one_fine_number_singles_people_out_of_any_resample(census, tables, name):
    predicates = univariate_predicates(
        tables(name), column="fnlwgt", max_predicates=500, rng=np.random.default_rng(1)
    )
    assert singled_out(predicates, census).over_non_members().value == pytest.approx(0.84, abs=0.05)


def test_a_coarser_grid_all_but_closes_that_hole(census):
    frames = [to_frame(part) for part in (census.training, census.non_members, census.background)]
    steps = {"fnlwgt": 20_000, "capital_gain": 2_000, "capital_loss": 200}
    book = infer_codebook(pd.concat(frames), steps=steps)
    coarse = [canonicalise(frame, book) for frame in frames]
    real = RealTables(training=coarse[0], non_members=coarse[1], background=coarse[2])
    shuffled = resampled(real.training, np.random.default_rng(3))
    result = membership(shuffled, real, attack=density_ratio)
    low, high = result.null_band()
    assert low - 0.01 < result.auc().value < high + 0.01
    predicates = univariate_predicates(
        shuffled, column="fnlwgt", max_predicates=500, rng=np.random.default_rng(1)
    )
    assert len(predicates) < 20


@pytest.mark.parametrize("attack", [distance_ratio, density_ratio])
def test_fresh_records_stay_in_the_null_band(census, attack):
    half = np.arange(len(census.background)) % 2 == 0
    real = RealTables(
        training=census.training,
        non_members=census.non_members,
        background=census.background.take(~half),
    )
    result = membership(census.background.take(half), real, attack=attack, n_each=8_000)
    low, high = result.null_band()
    assert low - 0.005 < result.auc().value < high + 0.005


def test_less_privacy_buys_utility_and_small_budgets_nothing_to_attack(census):
    skills = []
    for epsilon in (0.1, 1.0, 10.0):
        make = generated(DPMarginalTree(epsilon=epsilon))
        synthetic = make(census.training, np.random.default_rng(2))
        skills.append(accuracies(synthetic, census)[2])
        result = membership(synthetic, census)
        low, high = result.null_band()
        assert low - 0.01 < result.auc().value < high + 0.01
    assert skills == sorted(skills)
    assert skills[0] < skills[1]


def test_swapping_training_and_control_mirrors_area_and_share(census, tables):
    swapped = RealTables(
        training=census.non_members, non_members=census.training, background=census.background
    )
    synthetic = tables("flip 30%").take(np.arange(3_000))
    shares = [
        diagnose(synthetic, real, rng=np.random.default_rng(1)).dcr_share
        for real in (census, swapped)
    ]
    assert shares[0] == pytest.approx(1 - shares[1])


def test_half_or_twice_the_records_move_figures_within_sampling_error(census, tables):
    whole = tables("trees")
    half = whole.take(np.arange(len(whole) // 2))
    double = generated(SequentialTrees())(census.training, np.random.default_rng(18))
    twice = CanonicalTable(
        codebook=whole.codebook, levels=np.concatenate([whole.levels, double.levels])
    )
    for other in (half, twice):
        assert accuracies(other, census)[:2] == pytest.approx(
            accuracies(whole, census)[:2], abs=0.01
        )
        assert membership(other, census).auc().value == pytest.approx(
            membership(whole, census).auc().value, abs=0.07
        )
