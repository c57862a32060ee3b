"""The comparison measures each generator alike, and says what it could not measure."""

import json
from pathlib import Path

import attrs
import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.external import (
    MOSTLYAI_ENGINE,
    Environment,
    ExternalGenerator,
    Recipe,
)
from anomed_dataset_synthesis.external.comparison import (
    Comparison,
    ComparisonFailure,
    ComparisonRow,
    ComparisonSetting,
    compare_generators,
    notebook_generators,
)
from anomed_dataset_synthesis.generators import Copy, DPMarginalTree, IndependentColumns
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables, canonicalise
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn
from anomed_dataset_synthesis.utility.transfer import Task

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
        recipe=Recipe(library="broken", driver=Path("none.py"), install=()),
        python=Path("/no/such/python"),
    )
    failing = ExternalGenerator(name="broken", environment=broken, workspaces=tmp_path)
    comparison = compare_generators([failing], setting, rng=np.random.default_rng(0))
    (row,) = comparison.rows
    assert isinstance(row, ComparisonFailure)
    assert "broken (fit) could not start" in row.reason


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


def test_a_setting_needs_a_task(setting: ComparisonSetting) -> None:
    with pytest.raises(ValueError, match="must be"):
        attrs.evolve(setting, tasks=())
