"""Compare generators side by side: accuracy, runtime, claimed privacy, and measured privacy.

The first four columns and the four configurations are those of MOSTLY AI's notebook on
differentially private synthetic data; the others are what it leaves open: whether the accuracy
is worth anything, and whether anybody shows through.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import attrs
import numpy as np
from attrs import validators

from anomed_core.environments import Environment, ForeignLibraryError
from anomed_dataset_synthesis.attacks.panel import run_panel
from anomed_dataset_synthesis.external import (
    ExternalGenerator,
    tabular_argn,
)
from anomed_dataset_synthesis.external.comparison_table import (
    HEADINGS,
    Comparison,
    ComparisonFailure,
    ComparisonRow,
)
from anomed_dataset_synthesis.generators import Generator
from anomed_dataset_synthesis.table.canonical import (
    CanonicalTable,
    RealTables,
    canonicalise,
    to_frame,
)
from anomed_dataset_synthesis.table.encoding import MAX_TREE_CATEGORIES, fit_bins
from anomed_dataset_synthesis.threat.evidence import Risk
from anomed_dataset_synthesis.threat.targets import draw_targets
from anomed_dataset_synthesis.utility import (
    MarginalFidelity,
    Task,
    Transfer,
    Utility,
    marginal_fidelity,
    transfer,
    two_sample_test,
)

Figure = TypeVar("Figure")

__all__ = [
    "HEADINGS",
    "Comparison",
    "ComparisonFailure",
    "ComparisonRow",
    "ComparisonSetting",
    "compare_generators",
    "notebook_generators",
]


@attrs.frozen(kw_only=True, eq=False)
class ComparisonSetting:
    """Say on what generators are compared.

    Attributes
    ----------
    real
        Secret members, secret non-members, public records.
    tasks
        Questions for models trained on synthetic and tested on real records; without any, what is
        measured by them stays undefined.
    secrets
        Columns that the attribute attack guesses; possibly none.
    n_targets
        Members, and as many non-members, that attacks are tried on.
    """

    real: RealTables
    tasks: tuple[Task, ...]
    secrets: tuple[str, ...] = ()
    n_targets: int = attrs.field(default=2_000, validator=validators.ge(2))


def compare_generators(
    generators: Sequence[Generator],
    setting: ComparisonSetting,
    *,
    rng: np.random.Generator,
    clock: Callable[[], float] = time.perf_counter,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Run each generator once on the training table and measure what it publishes.

    Parameters
    ----------
    generators
        What is compared; each samples as many records as there are for training.
    setting
        Tables, tasks and attacks.
    rng
        Source of randomness, spawned for each generator: a row doesn't depend on the others.
    clock
        Seconds, for the runtimes.
    progress
        Told in a line whose turn it is.

    Returns
    -------
    Comparison
        A generator that fails leaves a `ComparisonFailure`, a figure that the tables leave
        undefined its reason: nothing ends the comparison.
    """
    rows: list[ComparisonRow | ComparisonFailure] = []
    streams = rng.spawn(len(generators))
    for place, (generator, stream) in enumerate(zip(generators, streams, strict=True), start=1):
        if progress is not None:
            progress(f"{place} of {len(generators)}: {generator.name}")
        try:
            rows.append(_measure(generator, setting, rng=stream, clock=clock))
        except (ForeignLibraryError, ValueError) as error:
            rows.append(ComparisonFailure(name=generator.name, reason=str(error)))
    return Comparison(rows=tuple(rows))


def notebook_generators(
    environment: Environment,
    workspaces: Path,
    *,
    max_minutes: float | None = None,
    timeout_s: float = 7_200.0,
) -> tuple[ExternalGenerator, ...]:
    """Configure TabularARGN in the four ways of MOSTLY AI's notebook.

    Without privacy until it converges, without privacy for five epochs, and with privacy by
    (noise multiplier, maximal gradient norm) = (1.5, 1.0) and (4.0, 2.0) at a delta of 1e-5.

    Parameters
    ----------
    environment
        Made by the recipe `MOSTLYAI_ENGINE`.
    workspaces
        Where models are kept.
    max_minutes
        Wall-clock minutes to train at most; the notebook sets no limit.
    timeout_s
        Time limit of a fit, and of a sample.

    Returns
    -------
    tuple of ExternalGenerator
        Named "no DP", "5 epochs", "DP (1.5, 1.0)" and "DP (4.0, 2.0)".
    """
    configurations: dict[str, tuple[int | None, dict[str, float | None] | None]] = {
        "no DP": (None, None),
        "5 epochs": (5, None),
    }
    for noise, norm in ((1.5, 1.0), (4.0, 2.0)):
        privacy = {
            "max_epsilon": None,
            "delta": 1e-5,
            "noise_multiplier": noise,
            "max_grad_norm": norm,
        }
        configurations[f"DP ({noise}, {norm})"] = (None, privacy)
    return tuple(
        tabular_argn(
            environment,
            workspaces,
            name=name,
            max_epochs=max_epochs,
            max_minutes=max_minutes,
            differential_privacy=privacy,
            timeout_s=timeout_s,
        )
        for name, (max_epochs, privacy) in configurations.items()
    )


def _measure(
    generator: Generator,
    setting: ComparisonSetting,
    *,
    rng: np.random.Generator,
    clock: Callable[[], float],
) -> ComparisonRow:
    real = setting.real
    codebook = real.training.codebook
    records = to_frame(real.training)
    start = clock()
    fitted = generator.fit(records, codebook, rng=rng)
    runtime_s = clock() - start
    synthetic = canonicalise(fitted.sample(len(records), rng=rng), codebook)
    undefined: dict[str, str] = {}

    def risk_of_all() -> Risk:
        targets = draw_targets(real.training, real.non_members, n_each=setting.n_targets, rng=rng)
        return run_panel(synthetic, real, targets=targets, secrets=setting.secrets, rng=rng).risk

    risk = _figure(risk_of_all, undefined, "risk", "worst_attack", "worst_advantage")
    return ComparisonRow(
        name=generator.name,
        runtime_s=runtime_s,
        guarantee=fitted.guarantee,
        **_utility(synthetic, setting, undefined, rng=rng),
        risk=risk.value if risk else None,
        worst_attack=f"{risk.worst.attack}: {risk.worst.measure}, {risk.worst.group}"
        if risk
        else None,
        worst_advantage=risk.estimate if risk else None,
        undefined=undefined,
    )


def _figure(compute: Callable[[], Figure], undefined: dict[str, str], *names: str) -> Figure | None:
    """Compute a figure, or note under its names why it is undefined."""
    try:
        return compute()
    except ValueError as error:
        undefined.update(dict.fromkeys(names, str(error)))
        return None


def _utility(
    synthetic: CanonicalTable,
    setting: ComparisonSetting,
    undefined: dict[str, str],
    *,
    rng: np.random.Generator,
) -> dict[str, float | None]:
    """Measure what `evaluate_utility` does, each figure by itself."""
    real = setting.real
    fidelity = marginal_fidelity(
        synthetic,
        real,
        binning=fit_bins(real.background),
        rng=rng,
        orders=(1, 2, 3)[: synthetic.codebook.n_columns],
    )
    transfers = _figure(
        lambda: _transfers(synthetic, setting, rng=rng), undefined, "transfer_auc", "transfer_ratio"
    )
    two_sample = _figure(
        lambda: two_sample_test(
            synthetic,
            real.non_members,
            binning=fit_bins(real.background, n_categories=MAX_TREE_CATEGORIES),
            rng=rng,
        ),
        undefined,
        "two_sample_excess",
    )
    figures = {
        "accuracy": float(np.mean([one.accuracy for one in fidelity])),
        "skill_two_way": _figure(lambda: _skill(fidelity, 2), undefined, "skill_two_way"),
        "skill_three_way": _figure(lambda: _skill(fidelity, 3), undefined, "skill_three_way"),
        "transfer_auc": transfers[0].auc if transfers else None,
        "transfer_ratio": transfers[0].ratio if transfers else None,
        "two_sample_excess": two_sample.excess if two_sample else None,
        "utility": None,
    }
    if transfers and two_sample and not undefined.keys() & figures.keys():
        utility = Utility(fidelity=fidelity, transfers=transfers, two_sample=two_sample)
        figures["utility"] = utility.score
    else:
        undefined["utility"] = "it is the worst of figures, some of which are undefined"
    return figures


def _transfers(
    synthetic: CanonicalTable, setting: ComparisonSetting, *, rng: np.random.Generator
) -> tuple[Transfer, ...]:
    """Return the transfers of all tasks, the worst first."""
    if not setting.tasks:
        raise ValueError("there is no task to train a model for")
    trees = fit_bins(setting.real.background, n_categories=MAX_TREE_CATEGORIES)
    found = [
        transfer(synthetic, setting.real, task=task, binning=trees, rng=rng)
        for task in setting.tasks
    ]
    return tuple(sorted(found, key=lambda one: one.ratio))


def _skill(fidelity: tuple[MarginalFidelity, ...], order: int) -> float:
    if len(fidelity) < order:
        raise ValueError(f"the table has {len(fidelity)} columns; {order} are needed")
    return fidelity[order - 1].skill
