"""``anomed compare``."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anomed_core.tables import read_as_told, refuse_identifiers, table_options
from anomed_dataset_synthesis.commands.command_line import (
    ANY_FILE,
    METHOD_NAMES,
    complaints,
    method_options,
    read_steps,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from anomed_dataset_synthesis.commands.methods import MethodSettings
    from anomed_dataset_synthesis.external.comparison import Comparison, ComparisonSetting
    from anomed_dataset_synthesis.generators import Generator
    from anomed_dataset_synthesis.table.canonical import RealTables
    from anomed_dataset_synthesis.utility import Task

_DEFAULTS = ("independent-columns", "gaussian-copula", "sequential-trees", "dp-marginal-tree")
_MOST_TARGETS = 2_000


@click.command()
@click.argument("table", type=ANY_FILE)
@click.option(
    "--method",
    "methods",
    multiple=True,
    type=click.Choice(METHOD_NAMES),
    help=f"What to compare; may be repeated [default: {', '.join(_DEFAULTS)}].",
)
@click.option(
    "--notebook",
    is_flag=True,
    help="Add TabularARGN in four ways: no DP, 5 epochs, DP (1.5, 1.0), DP (4.0, 2.0). Needs its "
    "environment, and takes minutes each.",
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="COLUMN",
    help="Column that the attribute attack guesses. May be repeated.",
)
@click.option(
    "--tasks",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Prediction tasks to draw.",
)
@click.option(
    "--targets",
    type=click.IntRange(min=2),
    help="Members, and as many non-members, to attack [default: up to 2,000].",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an HTML page with the table and a figure, too.",
)
@table_options
@method_options
def compare(  # noqa: PLR0913 - each option is one
    table: Path,
    *,
    methods: tuple[str, ...],
    notebook: bool,
    secrets: tuple[str, ...],
    tasks: int,
    targets: int | None,
    report: Path | None,
    reading: tuple[str, ...],
    dropped: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Compare methods on TABLE (CSV or parquet) by what they keep, cost, claim and give away.

    A random third of the records is the public background, a fair coin makes each other one a
    training record or a non-member. Every method is trained once on the training records.
    """
    import numpy as np

    from anomed_dataset_synthesis.commands.methods import MethodSettings
    from anomed_dataset_synthesis.external.comparison import compare_generators
    from anomed_dataset_synthesis.table.canonical import to_frame

    steps = read_steps(options.pop("steps"))
    rng = np.random.default_rng(options.pop("seed"))
    with complaints():
        people = read_as_told(table, reading, dropped=dropped).frame
        refuse_identifiers(people, unchanged=list(people.columns))
    with tempfile.TemporaryDirectory(prefix="anomed-") as folder, complaints():
        real = _divided(people, steps, rng=rng)
        setting = _setting(real, secrets, tasks=tasks, targets=targets, rng=rng)
        settings = MethodSettings(
            background=to_frame(real.background), workspaces=Path(folder), **options
        )
        generators = _generators(methods or (() if notebook else _DEFAULTS), settings)
        if notebook:
            generators += _as_in_the_notebook(settings)
        comparison = compare_generators(generators, setting, rng=rng, progress=_tell)
    if report is not None:
        _write_page(comparison, report, table=table.name)
    click.echo(json.dumps(comparison.to_dict(), indent=2) if as_json else comparison.to_text())


def _write_page(comparison: Comparison, path: Path, *, table: str) -> None:
    from anomed_core.report import page
    from anomed_dataset_synthesis.report.comparison import comparison_parts

    html = page(f"Generators compared on {table}", comparison_parts(comparison))
    path.write_text(html, encoding="utf-8")
    _tell(f"wrote {path}")


def _generators(names: tuple[str, ...], settings: MethodSettings) -> list[Generator]:
    from anomed_dataset_synthesis.commands.methods import METHODS

    return [METHODS[name](settings) for name in names]


def _as_in_the_notebook(settings: MethodSettings) -> list[Generator]:
    from anomed_dataset_synthesis.external import MOSTLYAI_ENGINE
    from anomed_dataset_synthesis.external.comparison import notebook_generators

    return list(
        notebook_generators(
            settings.environment(MOSTLYAI_ENGINE),
            settings.workspaces,
            max_minutes=settings.max_minutes,
        )
    )


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _divided(
    people: pd.DataFrame, steps: dict[str, float], *, rng: np.random.Generator
) -> RealTables:
    from anomed_dataset_synthesis.table.canonical import RealTables, canonicalise
    from anomed_dataset_synthesis.table.inference import infer_codebook
    from anomed_dataset_synthesis.threat.targets import split_population

    split = split_population(len(people), rng=rng)
    known = people.iloc[split.background].notna().any()
    for name in known.index[~known]:
        _tell(f"column {name!r} is left out: no record of the background has a value of it")
    people = people.loc[:, known]
    codebook = infer_codebook(people.iloc[split.background], steps=steps, nullable=True)
    tables = [
        canonicalise(people.iloc[places], codebook, outside="recode")
        for places in (split.training, split.non_members, split.background)
    ]
    return RealTables(training=tables[0], non_members=tables[1], background=tables[2])


def _setting(
    real: RealTables,
    secrets: tuple[str, ...],
    *,
    tasks: int,
    targets: int | None,
    rng: np.random.Generator,
) -> ComparisonSetting:
    from anomed_dataset_synthesis.external.comparison import ComparisonSetting
    from anomed_dataset_synthesis.threat.targets import count_possible_targets
    from anomed_dataset_synthesis.utility import choose_tasks

    unknown = [name for name in secrets if name not in real.training.codebook.names]
    if unknown:
        raise click.UsageError(f"there is no column {unknown[0]!r} to be a secret")
    possible = count_possible_targets(real.training, real.non_members)
    if targets and targets > possible:
        raise click.UsageError(
            f"--targets {targets} asks for more records than have no double on the other side; "
            f"at most {possible} of either kind do"
        )
    at_most = min(len(real.training), len(real.non_members)) // 2
    chosen: tuple[Task, ...] = ()
    try:
        chosen = tuple(choose_tasks(real, n_tasks=tasks, rng=rng))
    except ValueError as error:
        _tell(f"no model is trained: {error}")
    return ComparisonSetting(
        real=real,
        tasks=chosen,
        secrets=secrets,
        n_targets=targets or max(2, min(_MOST_TARGETS, at_most, possible)),
    )
