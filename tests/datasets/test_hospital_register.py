import numpy as np
import pandas as pd
import pytest

from anomed_core.datasets import HOSPITAL_REGISTER, simulate_hospital_register
from anomed_core.model import CodebookColumn


@pytest.fixture(scope="module")
def register() -> pd.DataFrame:
    return simulate_hospital_register(200_000, rng=np.random.default_rng(20_260))


def shares(series: pd.Series) -> pd.Series:
    return series.value_counts(normalize=True)


def test_the_same_seed_gives_the_same_register() -> None:
    first, second = (
        simulate_hospital_register(500, rng=np.random.default_rng(3)) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)
    other = simulate_hospital_register(500, rng=np.random.default_rng(4))
    assert not first.equals(other)


@pytest.mark.parametrize("n_patients", [1, 2, 17])
def test_small_registers_have_as_many_rows_as_asked_for(n_patients: int) -> None:
    assert len(simulate_hospital_register(n_patients, rng=np.random.default_rng(0))) == n_patients


@pytest.mark.parametrize("n_patients", [0, -3])
def test_a_register_without_patients_is_refused(n_patients: int) -> None:
    with pytest.raises(ValueError, match=rf"at least 1, got {n_patients}\."):
        simulate_hospital_register(n_patients, rng=np.random.default_rng(0))


def test_the_columns_are_those_of_the_codebook_in_order(register: pd.DataFrame) -> None:
    assert list(register.columns) == [column.name for column in HOSPITAL_REGISTER]
    assert not register.isna().any().any()


@pytest.mark.parametrize("column", HOSPITAL_REGISTER, ids=lambda column: column.name)
def test_each_value_is_in_its_domain(register: pd.DataFrame, column: CodebookColumn) -> None:
    values = register[column.name]
    if column.kind != "cardinal":
        assert list(values.cat.categories) == list(column.values)
        assert values.cat.ordered is (column.kind == "ordinal")
        assert values.nunique() == len(column.values)
        return
    assert values.dtype == column.dtype
    assert values.between(column.low, column.high).all()
    steps = values / column.step
    np.testing.assert_allclose(steps, steps.round(), rtol=0, atol=1e-6)


def test_every_role_is_played() -> None:
    assert {column.role for column in HOSPITAL_REGISTER} == {"qi", "sensitive", "other"}


def test_regions_have_their_published_shares(register: pd.DataFrame) -> None:
    share = shares(register["region"])
    # Four standard errors of a share of 0.24 at 200,000 rows are 0.0038.
    assert share["capital"] == pytest.approx(0.24, abs=0.004)
    assert share["islands"] == pytest.approx(0.002, abs=0.0004)


def test_pregnancies_are_those_of_women_of_fertile_age(register: pd.DataFrame) -> None:
    pregnant = register[register["diagnosis"] == "pregnancy"]
    assert set(pregnant["sex"]) == {"female"}
    assert pregnant["age"].between(12, 55).all()
    assert 28 < pregnant["age"].median() < 35


def test_perinatal_diagnoses_are_those_of_newborns(register: pd.DataFrame) -> None:
    assert set(register.loc[register["diagnosis"] == "perinatal", "age"]) == {0}
    assert set(register.loc[register["admission_type"] == "birth", "age"]) == {0}


def test_age_leads_to_other_diagnoses(register: pd.DataFrame) -> None:
    mean_age = register.groupby("diagnosis", observed=True)["age"].mean()
    assert mean_age["circulatory"] > mean_age["mental"] + 15


def test_respiratory_admissions_peak_in_winter(register: pd.DataFrame) -> None:
    respiratory = register["diagnosis"] == "respiratory"
    by_month = respiratory.groupby(register["admission_month"]).mean()
    assert by_month[1] > 3 * by_month[7]


def test_respiratory_admissions_depend_on_the_region(register: pd.DataFrame) -> None:
    respiratory = register["diagnosis"] == "respiratory"
    by_region = respiratory.groupby(register["region"], observed=True).mean()
    assert by_region["mining belt"] > 1.3 * by_region["capital"]


def test_diagnoses_show_in_the_laboratory(register: pd.DataFrame) -> None:
    median = register.groupby("diagnosis", observed=True)[["hemoglobin", "crp", "glucose"]].median()
    assert median.loc["blood", "hemoglobin"] < median.loc["eye", "hemoglobin"] - 2
    assert median.loc["infectious", "crp"] > 5 * median.loc["mental", "crp"]
    assert median["glucose"].idxmax() == "endocrine"


def test_laboratory_values_hang_together(register: pd.DataFrame) -> None:
    correlation = register[["crp", "leukocytes", "hemoglobin"]].corr("spearman")
    assert correlation.loc["crp", "leukocytes"] > 0.3
    assert correlation.loc["crp", "hemoglobin"] < -0.15


def test_severity_lengthens_the_stay(register: pd.DataFrame) -> None:
    median = register.groupby("severity", observed=True)["length_of_stay"].median()
    assert median.is_monotonic_increasing
    assert median["extreme"] >= 2 * median["minor"]


def test_death_follows_age_and_laboratory_at_equal_severity(register: pd.DataFrame) -> None:
    ill = register[(register["severity"] == "extreme") & register["age"].between(70, 80)]
    died = ill["outcome"] == "died"
    anemic = ill["hemoglobin"] < ill["hemoglobin"].quantile(0.25)
    assert died[anemic].mean() > 1.3 * died[~anemic].mean()
    by_age = (register["outcome"] == "died").groupby(register["age"] // 20).mean()
    assert by_age[4] > 5 * by_age[2]


def test_death_is_rare_but_not_too_rare_to_be_predicted(register: pd.DataFrame) -> None:
    assert 0.01 < shares(register["outcome"])["died"] < 0.04


def test_there_are_rare_people(register: pd.DataFrame) -> None:
    assert 0 < (register["age"] >= 100).mean() < 0.01
    assert 0 < shares(register["diagnosis"]).min() < 0.01
    keys = ["age", "sex", "region"]
    sizes = register.head(20_000).groupby(keys, observed=True)["outcome"].transform("size")
    assert 0.001 < (sizes == 1).mean() < 0.05
