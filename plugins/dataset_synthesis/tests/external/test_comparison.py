"""The comparison measures each generator alike, and says what it could not measure."""

import json
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.external import (
    MOSTLYAI_ENGINE,
    ExternalGenerator,
)
from anomed_dataset_synthesis.external.comparison import (
    Comparison,
    ComparisonFailure,
    ComparisonRow,
    ComparisonSetting,
    compare_generators,
    notebook_generators,
)
from anomed_dataset_synthesis.generators import (
    Copy,
    DPMarginalTree,
    IndependentColumns,
    SequentialTrees,
)
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables, canonicalise
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn
from anomed_dataset_synthesis.utility.transfer import Task

from anomed_core.environments import Environment, Recipe

CODEBOOK = Codebook(
    (
        NumericColumn(name="age", kind="integer", minimum=0, maximum=99),
        NumericColumn(name="income", kind="integer", minimum=0, maximum=200),
        CategoryColumn(name="job", categories=("clerk", "farmer", "nurse")),
        CategoryColumn(name="rich", categories=("no", "yes")),
    )
)
NOWHERE = Environment(recipe=MOSTLYAI_ENGINE, python=Path("/no/such/python"))


def people(n_records: int, *, seed: int) -> CanonicalTable:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n_records)
    income = np.clip(age + rng.integers(-15, 16, n_records), 0, 200)
    table = pd.DataFrame(
        {
            "age": age,
            "income": income,
            "job": np.where(age < 40, "clerk", np.where(age < 60, "farmer", "nurse")),
            "rich": np.where(income > 60, "yes", "no"),
        }
    )
    return canonicalise(table, CODEBOOK)


@pytest.fixture(scope="module")
def setting() -> ComparisonSetting:
    training, non_members, background = (people(600, seed=seed) for seed in range(3))
    return ComparisonSetting(
        real=RealTables(training=training, non_members=non_members, background=background),
        tasks=(Task(column="rich", level=1), Task(column="job", level=0)),
        n_targets=200,
    )


class Ticks:
    """A clock that is read twice a generator and moves two seconds a reading."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 2.0
        return self.seconds


@pytest.fixture(scope="module")
def comparison(setting: ComparisonSetting) -> Comparison:
    return compare_generators(
        [IndependentColumns(), Copy(), DPMarginalTree(epsilon=1.0)],
        setting,
        rng=np.random.default_rng(0),
        clock=Ticks(),
    )


def test_a_copy_is_accurate_and_given_away(comparison: Comparison) -> None:
    copy = comparison.rows[1]
    assert isinstance(copy, ComparisonRow)
    assert copy.accuracy == 1.0
    assert copy.skill_two_way > 1.0
    assert copy.transfer_ratio == pytest.approx(1.0, abs=0.05)
    assert copy.risk == copy.worst_advantage.low > 0.5
    assert copy.guarantee is None


def test_independent_columns_have_neither_skill_nor_transfer(comparison: Comparison) -> None:
    independent = comparison.rows[0]
    assert isinstance(independent, ComparisonRow)
    assert abs(independent.skill_two_way) < 0.1
    assert independent.transfer_ratio < 0.3
    assert independent.two_sample_excess > 0.6


def test_a_private_tree_states_its_guarantee_and_hides_its_members(
    comparison: Comparison,
) -> None:
    private = comparison.rows[2]
    assert isinstance(private, ComparisonRow)
    assert private.guarantee is not None
    assert private.guarantee.epsilon == 1.0
    assert private.risk < 0.1


def test_runtime_is_that_of_fitting(comparison: Comparison) -> None:
    assert all(isinstance(row, ComparisonRow) and row.runtime_s == 2.0 for row in comparison.rows)


def test_the_worst_task_counts(setting: ComparisonSetting, comparison: Comparison) -> None:
    (first_task_only,) = compare_generators(
        [IndependentColumns()],
        attrs.evolve(setting, tasks=setting.tasks[:1]),
        rng=np.random.default_rng(0),
    ).rows
    both_tasks = comparison.rows[0]
    assert isinstance(first_task_only, ComparisonRow)
    assert isinstance(both_tasks, ComparisonRow)
    assert both_tasks.transfer_ratio <= first_task_only.transfer_ratio


def test_a_row_does_not_depend_on_the_generators_after_it(
    setting: ComparisonSetting, comparison: Comparison
) -> None:
    alone = compare_generators(
        [IndependentColumns()], setting, rng=np.random.default_rng(0), clock=Ticks()
    )
    assert alone.rows[0] == comparison.rows[0]


def test_a_library_that_fails_leaves_its_reason(setting: ComparisonSetting, tmp_path: Path) -> None:
    broken = Environment(
        recipe=Recipe(name="broken", driver=Path("none.py"), install=()),
        python=Path("/no/such/python"),
    )
    failing = ExternalGenerator(name="broken", environment=broken, workspaces=tmp_path)
    comparison = compare_generators([failing], setting, rng=np.random.default_rng(0))
    (row,) = comparison.rows
    assert isinstance(row, ComparisonFailure)
    assert "the worker of broken could not start" in row.reason


def test_results_are_json_and_an_aligned_table(comparison: Comparison) -> None:
    failure = ComparisonFailure(name="a much longer name than any other", reason="it ran out")
    extended = Comparison(rows=(*comparison.rows, failure))
    report = json.loads(json.dumps(extended.to_dict()))
    assert report["rows"][2]["epsilon"] == 1.0
    assert report["rows"][0]["epsilon"] is None
    assert report["rows"][3] == {"name": failure.name, "reason": "it ran out"}
    heading, *lines = extended.to_text().splitlines()
    assert len(lines) == 4
    column = heading.index("accuracy")
    assert lines[1][column:].startswith("100.0%")
    assert lines[2][column:].split()[2:4] == ["s", "1.00"]
    assert lines[3][column:] == "it ran out"


def test_the_notebook_configurations_are_its_four(tmp_path: Path) -> None:
    plain, short, default, strict = notebook_generators(NOWHERE, tmp_path, max_minutes=6.0)
    assert [each.name for each in (plain, short, default, strict)] == [
        "no DP",
        "5 epochs",
        "DP (1.5, 1.0)",
        "DP (4.0, 2.0)",
    ]
    assert plain.options == {"max_epochs": None, "max_minutes": 6.0, "differential_privacy": None}
    assert short.options["max_epochs"] == 5
    assert default.options["differential_privacy"] == {
        "max_epsilon": None,
        "delta": 1e-5,
        "noise_multiplier": 1.5,
        "max_grad_norm": 1.0,
    }
    assert strict.options["differential_privacy"]["noise_multiplier"] == 4.0
    assert strict.options["differential_privacy"]["max_grad_norm"] == 2.0


def narrow(table: CanonicalTable, *names: str) -> CanonicalTable:
    places = [table.codebook.position(name) for name in names]
    book = Codebook([table.codebook.columns[place] for place in places])
    return CanonicalTable(codebook=book, levels=table.levels[:, places])


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (("age", "income"), {"skill_three_way"}),
        (("job", "rich"), {"skill_three_way", "risk"}),
    ],
)
def test_an_undefined_figure_leaves_the_others_and_its_reason(
    setting: ComparisonSetting, names: tuple[str, ...], missing: set[str]
) -> None:
    real = setting.real
    tables = [narrow(t, *names) for t in (real.training, real.non_members, real.background)]
    poor = attrs.evolve(
        setting,
        real=RealTables(training=tables[0], non_members=tables[1], background=tables[2]),
        tasks=(),
    )
    comparison = compare_generators([Copy()], poor, rng=np.random.default_rng(0))
    (row,) = comparison.rows
    assert isinstance(row, ComparisonRow)
    missing = missing | {"transfer_auc", "transfer_ratio", "utility"}
    assert row.accuracy == 1.0
    assert {name for name in missing if getattr(row, name) is not None} == set()
    assert missing <= row.undefined.keys()
    assert json.loads(json.dumps(comparison.to_dict()))["rows"][0]["utility"] is None
    _, line, *remarks = comparison.to_text().splitlines()
    assert " - " in line
    assert len(remarks) == len(set(row.undefined.values()))
    assert all(remark.startswith("copy has no ") for remark in remarks)


@attrs.frozen(kw_only=True)
class Clumsy:
    """A generator whose records fit no codebook."""

    name: str = "clumsy"
    guarantee: None = None

    def fit(self, table: pd.DataFrame, codebook: Codebook, *, rng: np.random.Generator) -> Any:
        return self

    def sample(self, n_records: int, *, rng: np.random.Generator) -> pd.DataFrame:
        return pd.DataFrame({"age": [1_000] * n_records})


def test_a_generator_that_fails_does_not_end_the_comparison(setting: ComparisonSetting) -> None:
    rows = compare_generators([Clumsy(), Copy()], setting, rng=np.random.default_rng(0)).rows
    assert isinstance(rows[0], ComparisonFailure)
    assert "columns" in rows[0].reason
    assert isinstance(rows[1], ComparisonRow)


@pytest.mark.parametrize("place", range(2))
def test_a_column_that_nobody_has_a_value_of_is_compared(
    setting: ComparisonSetting, place: int
) -> None:
    book = Codebook(attrs.evolve(column, nullable=True) for column in CODEBOOK.columns)

    def emptied(table: CanonicalTable) -> CanonicalTable:
        levels = table.levels.copy()
        levels[:, place] = -1
        return CanonicalTable(codebook=book, levels=levels)

    real = setting.real
    tables = [emptied(t) for t in (real.training, real.non_members, real.background)]
    generators = [IndependentColumns(), SequentialTrees(), DPMarginalTree(epsilon=1.0)]
    rows = compare_generators(
        generators,
        attrs.evolve(
            setting,
            real=RealTables(training=tables[0], non_members=tables[1], background=tables[2]),
            secrets=("job",),
            n_targets=50,
        ),
        rng=np.random.default_rng(0),
    ).rows
    for row in rows:
        assert isinstance(row, ComparisonRow), row
        assert row.utility is not None
