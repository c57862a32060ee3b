"""What every generator keeps, and what each one alone promises."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis import generators
from anomed_dataset_synthesis.generators import (
    Bootstrap,
    Copy,
    DPMarginalTree,
    FittedGenerator,
    GaussianCopula,
    Generator,
    IndependentColumns,
    SequentialTrees,
)
from anomed_dataset_synthesis.table.canonical import canonicalise
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn
from hypothesis import given, settings
from hypothesis import strategies as st

CODEBOOK = Codebook(
    (
        NumericColumn(name="age", kind="integer", minimum=0, maximum=120, nullable=True),
        CategoryColumn(name="job", categories=("clerk", "farmer", "nurse"), nullable=True),
        NumericColumn(name="income", kind="real", minimum=0, maximum=100, step=0.5),
        NumericColumn(name="entry", kind="date", minimum=0, maximum=20_000),
        CategoryColumn(name="rich", categories=("no", "yes")),
    )
)
GENERATORS: tuple[Generator, ...] = (
    Copy(),
    Bootstrap(),
    IndependentColumns(),
    GaussianCopula(),
    SequentialTrees(),
    DPMarginalTree(epsilon=1.0),
)
each_generator = pytest.mark.parametrize("generator", GENERATORS, ids=lambda each: each.name)


FIRST_DAY = pd.Timestamp("1990-01-01")


def people(n_records: int, *, seed: int = 0) -> pd.DataFrame:
    """Make records with dependent, missing, dated and skewed columns."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n_records).astype(float)
    income = np.round(np.clip(age + rng.normal(0, 5, n_records), 0, 100) * 2) / 2
    job = np.where(age < 40, "clerk", np.where(rng.random(n_records) < 0.5, "farmer", "nurse"))
    age[rng.random(n_records) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "job": pd.Series(job).mask(pd.Series(rng.random(n_records) < 0.2), None),
            "income": income,
            "entry": pd.Timestamp("1990-01-01")
            + pd.to_timedelta(rng.integers(0, 9_000, n_records), "D"),
            "rich": np.where(income > 60, "yes", "no"),
        }
    )


def draw(
    generator: Generator, table: pd.DataFrame, n_records: int, *, seed: int = 1
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return generator.fit(table, CODEBOOK, rng=rng).sample(n_records, rng=rng)


@each_generator
def test_each_is_a_generator_and_states_the_guarantee_it_kept(generator: Generator) -> None:
    fitted = generator.fit(people(20), CODEBOOK, rng=np.random.default_rng(0))
    assert isinstance(generator, Generator)
    assert isinstance(fitted, FittedGenerator)
    assert fitted.guarantee == generator.guarantee


def test_the_public_names_are_sorted_and_exist() -> None:
    assert generators.__all__ == sorted(generators.__all__)
    assert all(hasattr(generators, name) for name in generators.__all__)


@each_generator
@pytest.mark.parametrize("n_records", [0, 1, 40, 250])
def test_samples_are_canonical_tables_of_any_size(generator: Generator, n_records: int) -> None:
    sampled = draw(generator, people(100), n_records)
    assert len(sampled) == n_records
    assert tuple(sampled.columns) == CODEBOOK.names
    assert sampled.index.equals(pd.RangeIndex(n_records))
    assert len(canonicalise(sampled, CODEBOOK, outside="reject")) == n_records


@each_generator
def test_the_same_seed_gives_the_same_table(generator: Generator) -> None:
    table = people(80)
    pd.testing.assert_frame_equal(draw(generator, table, 50), draw(generator, table, 50))
    assert not draw(generator, table, 50).equals(draw(generator, table, 50, seed=2))


@each_generator
def test_index_and_column_order_of_the_table_play_no_part(generator: Generator) -> None:
    table = people(80)
    relabelled = table[list(reversed(table.columns))].set_axis(range(500, 580), axis=0)
    pd.testing.assert_frame_equal(draw(generator, table, 50), draw(generator, relabelled, 50))


@each_generator
def test_one_distribution_survives_in_every_column(generator: Generator) -> None:
    table = people(4_000)
    sampled = draw(generator, table, 4_000)
    assert sampled["age"].isna().mean() == pytest.approx(0.1, abs=0.03)
    assert sampled["job"].isna().mean() == pytest.approx(0.2, abs=0.04)
    assert (sampled["rich"] == "yes").mean() == pytest.approx(
        (table["rich"] == "yes").mean(), abs=0.04
    )
    assert sampled["income"].mean() == pytest.approx(table["income"].mean(), rel=0.05)


@each_generator
def test_a_table_of_one_record_or_one_column_is_learnt(generator: Generator) -> None:
    assert len(draw(generator, people(1), 5)) == 5
    book = Codebook(
        (NumericColumn(name="age", kind="integer", minimum=0, maximum=120, nullable=True),)
    )
    rng = np.random.default_rng(3)
    fitted = generator.fit(people(30)[["age"]], book, rng=rng)
    assert fitted.sample(7, rng=rng).shape == (7, 1)


@each_generator
def test_a_column_of_missing_values_stays_missing(generator: Generator) -> None:
    if generator.guarantee is not None:
        generator = DPMarginalTree(epsilon=1_000.0)
    table = people(60).assign(age=np.nan, job=None)
    sampled = draw(generator, table, 60)
    assert sampled["age"].isna().all()
    assert sampled["job"].isna().all()


@each_generator
def test_a_table_that_does_not_fit_the_codebook_is_refused(generator: Generator) -> None:
    with pytest.raises(ValueError, match="lacks"):
        generator.fit(people(9).drop(columns="age"), CODEBOOK, rng=np.random.default_rng(0))


@pytest.mark.parametrize("generator", GENERATORS[:-1], ids=lambda each: each.name)
def test_generators_without_privacy_need_a_record(generator: Generator) -> None:
    assert generator.guarantee is None
    with pytest.raises(ValueError, match="no records"):
        generator.fit(people(9).head(0), CODEBOOK, rng=np.random.default_rng(0))


def sorted_rows(table: pd.DataFrame) -> np.ndarray:
    levels = canonicalise(table, CODEBOOK).levels
    return levels[np.lexsort(levels.T)]


def test_a_copy_holds_exactly_the_records_in_another_order() -> None:
    table = people(70)
    sampled = draw(Copy(), table, 70)
    np.testing.assert_array_equal(sorted_rows(sampled), sorted_rows(table))
    assert not np.array_equal(
        canonicalise(sampled, CODEBOOK).levels, canonicalise(table, CODEBOOK).levels
    )
    thrice = sorted_rows(draw(Copy(), table, 210))
    np.testing.assert_array_equal(thrice[::3], sorted_rows(table))


def test_a_bootstrap_holds_63_percent_of_the_records() -> None:
    table = people(5_000).assign(
        entry=pd.Timestamp("1990-01-01") + pd.to_timedelta(np.arange(5_000), "D")
    )
    sampled = draw(Bootstrap(), table, 5_000)
    assert sampled["entry"].nunique() / 5_000 == pytest.approx(1 - np.exp(-1), abs=0.02)
    assert sampled.merge(table, how="left", indicator=True)["_merge"].eq("both").all()


def correlation(table: pd.DataFrame) -> float:
    return float(table["age"].corr(table["income"]))


def test_independent_columns_are_independent() -> None:
    assert correlation(people(4_000)) > 0.9
    assert abs(correlation(draw(IndependentColumns(), people(4_000), 4_000))) < 0.06


def test_the_copula_keeps_pairwise_dependence_and_real_values() -> None:
    table = people(4_000)
    sampled = draw(GaussianCopula(), table, 4_000)
    assert correlation(sampled) > 0.55  # of .96: missing ages rank lowest, which costs some
    assert set(sampled["income"]) <= set(table["income"])


def test_sequential_trees_keep_a_functional_dependence() -> None:
    table = people(2_000)
    sampled = draw(SequentialTrees(min_leaf=1), table, 2_000)
    assert ((sampled["income"] > 60) == (sampled["rich"] == "yes")).mean() > 0.995


def test_a_leaf_of_the_whole_table_makes_columns_independent() -> None:
    sampled = draw(SequentialTrees(min_leaf=4_000), people(4_000), 4_000)
    assert abs(correlation(sampled)) < 0.06


def test_the_private_tree_keeps_dependence_once_epsilon_allows() -> None:
    table = people(4_000)
    loose = correlation(draw(DPMarginalTree(epsilon=10.0), table, 4_000))
    strict = correlation(draw(DPMarginalTree(epsilon=0.001), table, 4_000))
    assert loose > 0.8
    assert abs(strict) < 0.5


def test_the_private_tree_serves_an_empty_table() -> None:
    assert len(draw(DPMarginalTree(epsilon=1.0), people(9).head(0), 20)) == 20


def test_the_private_tree_is_not_told_the_number_of_records() -> None:
    """Two tables with the same marginal shares but other sizes give the same kind of output."""
    one = draw(DPMarginalTree(epsilon=500.0), people(3_000), 1_000)
    two = draw(DPMarginalTree(epsilon=500.0), pd.concat([people(3_000)] * 2), 1_000)
    assert abs((one["rich"] == "yes").mean() - (two["rich"] == "yes").mean()) < 0.06


@given(seed=st.integers(0, 1_000), n_bins=st.integers(2, 40), public=st.booleans())
@settings(max_examples=20, deadline=None)
def test_the_private_tree_takes_its_domain_from_public_facts(
    seed: int, n_bins: int, public: bool
) -> None:
    """Bins are the same whatever the private records are, so extremes can't show through them."""
    background = people(50, seed=seed) if public else None
    generator = DPMarginalTree(epsilon=1.0, n_bins=n_bins, background=background)
    rng = np.random.default_rng(seed)
    fitted = [generator.fit(people(n, seed=n), CODEBOOK, rng=rng) for n in (5, 200)]
    for one, other, column in zip(fitted[0].bins, fitted[1].bins, CODEBOOK.columns, strict=True):
        np.testing.assert_array_equal(one.starts, other.starts)
        assert one.starts[0] == 0
        assert (np.diff(one.starts) > 0).all()
        assert one.starts[-1] < column.n_levels


def test_background_records_sharpen_the_private_tree() -> None:
    background, table = people(2_000, seed=5), people(4_000)
    plain = draw(DPMarginalTree(epsilon=5.0, n_bins=4), table, 4_000)
    informed = draw(DPMarginalTree(epsilon=5.0, n_bins=4, background=background), table, 4_000)
    quantiles = [0.1, 0.5, 0.9]
    real = table["income"].quantile(quantiles)
    assert (informed["income"].quantile(quantiles) - real).abs().sum() < (
        plain["income"].quantile(quantiles) - real
    ).abs().sum()


def test_a_guarantee_names_its_public_inputs() -> None:
    plain = DPMarginalTree(epsilon=2.0, delta=1e-6).guarantee
    informed = DPMarginalTree(epsilon=2.0, background=people(3)).guarantee
    assert (plain.epsilon, plain.delta) == (2.0, 1e-6)
    assert plain.public_inputs == ("codebook",)
    assert informed.public_inputs == ("codebook", "background table")


@pytest.mark.parametrize(
    "arguments", [{"epsilon": 0.0}, {"epsilon": 1.0, "delta": 1.0}, {"epsilon": 1.0, "n_bins": 1}]
)
def test_settings_without_meaning_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        DPMarginalTree(**arguments)


@each_generator
def test_a_column_without_any_value_is_no_obstacle(generator: Generator) -> None:
    table = people(300).assign(age=np.nan, job=None)
    drawn = draw(generator, table, 200)
    assert len(drawn) == 200
    if not isinstance(generator, DPMarginalTree):
        assert drawn["age"].isna().all()


def test_the_private_tree_leaves_no_gaps_where_public_records_have_none() -> None:
    table = people(400, seed=1)
    full = people(200, seed=2).ffill().bfill()
    half = full.assign(age=full["age"].where(full["age"] > 30))
    for background, gaps in ((full, False), (half, True), (None, True)):
        drawn = draw(DPMarginalTree(epsilon=0.3, background=background), table, 500)
        assert drawn["age"].isna().any() == gaps
        assert drawn["job"].isna().any() == (background is None)


def test_what_public_records_lack_becomes_a_public_value() -> None:
    table = people(400, seed=1).assign(job=None)
    background = people(200, seed=2).assign(job="nurse")
    drawn = draw(DPMarginalTree(epsilon=200.0, background=background), table, 300)
    assert set(drawn["job"]) == {"nurse"}
