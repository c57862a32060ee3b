"""Compare generators side by side: accuracy, runtime, claimed privacy, and measured privacy.

The first four columns and the four configurations are those of MOSTLY AI's notebook on
differentially private synthetic data; the others are what it leaves open: whether the accuracy
is worth anything, and whether anybody shows through.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
import numpy as np
from attrs import validators

from anomed_core.statistics import Estimate
from anomed_dataset_synthesis.attacks.panel import run_panel
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.external import (
    Environment,
    ExternalGenerator,
    ExternalGeneratorError,
    tabular_argn,
)
from anomed_dataset_synthesis.generators import Generator
from anomed_dataset_synthesis.table.canonical import RealTables, canonicalise, to_frame
from anomed_dataset_synthesis.threat.evidence import Risk
from anomed_dataset_synthesis.threat.targets import draw_targets
from anomed_dataset_synthesis.utility.evaluation import Utility, evaluate_utility
from anomed_dataset_synthesis.utility.transfer import Task

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
        Questions for models trained on synthetic and tested on real records, at least one.
    secrets
        Columns that the attribute attack guesses; possibly none.
    n_targets
        Members, and as many non-members, that attacks are tried on.
    """

    real: RealTables
    tasks: tuple[Task, ...] = attrs.field(validator=validators.min_len(1))
    secrets: tuple[str, ...] = ()
    n_targets: int = attrs.field(default=2_000, validator=validators.ge(2))


@attrs.frozen(kw_only=True)
class ComparisonRow:
    """Report on one generator.

    Attributes
    ----------
    name
        The generator's.
    runtime_s
        Seconds that fitting took.
    guarantee
        What the generator claims.
    accuracy
        Mean of the one-, two- and three-way marginal accuracies, 0..1, higher is better.
    skill_two_way, skill_three_way
        Accuracy on a scale from independent columns (0) to another real sample (1).
    transfer_auc, transfer_ratio
        Of models trained on synthetic records, on the task where they lose most: AUC on real
        records (.5 at chance), and that on a scale from chance (0) to real training records (1).
    two_sample_excess
        0 where synthetic and real records are indistinguishable, 1 where always told apart.
    utility
        The score of the challenge, 0..1, higher is better.
    risk
        The score of the threat model by the house's attacks, 0..1, lower is better.
    worst_attack
        The attack that was most surely a success, what it succeeded in, and on whom.
    worst_advantage
        Its normalised advantage, 0 at chance, with an interval that allows for all attacks.
    """

    name: str
    runtime_s: float
    guarantee: Guarantee | None
    accuracy: float
    skill_two_way: float
    skill_three_way: float
    transfer_auc: float
    transfer_ratio: float
    two_sample_excess: float
    utility: float
    risk: float
    worst_attack: str
    worst_advantage: Estimate

    def to_dict(self) -> dict[str, object]:
        """Return the row as a JSON object."""
        return attrs.asdict(self) | {
            "epsilon": self.guarantee.epsilon if self.guarantee else None,
            "delta": self.guarantee.delta if self.guarantee else None,
        }

    def cells(self) -> tuple[str, ...]:
        """Return the row as texts, in the order of the table's columns."""
        guarantee, advantage = self.guarantee, self.worst_advantage
        return (
            self.name,
            f"{self.accuracy:.1%}",
            f"{self.runtime_s:.0f} s",
            f"{guarantee.epsilon:.2f}" if guarantee else "-",
            f"{guarantee.delta:.0e}" if guarantee else "-",
            f"{self.skill_two_way:.2f}",
            f"{self.skill_three_way:.2f}",
            f"{self.transfer_auc:.3f}",
            f"{self.transfer_ratio:.2f}",
            f"{self.two_sample_excess:.2f}",
            f"{advantage.value:.2f} [{advantage.low:.2f}, {advantage.high:.2f}]",
            self.worst_attack,
        )


@attrs.frozen(kw_only=True)
class ComparisonFailure:
    """Say why a generator has no figures.

    Attributes
    ----------
    name
        The generator's.
    reason
        One sentence.
    """

    name: str
    reason: str

    def to_dict(self) -> dict[str, object]:
        """Return the failure as a JSON object."""
        return attrs.asdict(self)

    def cells(self) -> tuple[str, ...]:
        """Return name and reason."""
        return (self.name, self.reason)


HEADINGS = (
    "generator",
    "accuracy",
    "runtime",
    "epsilon",
    "delta",
    "skill 2-way",
    "3-way",
    "TSTR AUC",
    "ratio",
    "C2ST excess",
    "worst advantage",
    "of attack",
)


@attrs.frozen(kw_only=True)
class Comparison:
    """One row for each generator, in the order they were given.

    Attributes
    ----------
    rows
        Figures, or why there are none.
    """

    rows: tuple[ComparisonRow | ComparisonFailure, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the comparison as a JSON object."""
        return {"rows": [row.to_dict() for row in self.rows]}

    def to_text(self) -> str:
        """Return the comparison as a table of fixed width, for people."""
        lines = [HEADINGS, *(row.cells() for row in self.rows)]
        complete = [line for line in lines if len(line) == len(HEADINGS)]
        widths = [max(map(len, column)) for column in zip(*complete, strict=True)]
        widths[0] = max(len(line[0]) for line in lines)
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)).rstrip()
            for line in lines
        )


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
        A library that fails in its own environment leaves a `ComparisonFailure`.

    Raises
    ------
    ValueError
        If the tables don't fit each other, or are too small or too simple for a measure.
    """
    rows: list[ComparisonRow | ComparisonFailure] = []
    streams = rng.spawn(len(generators))
    for place, (generator, stream) in enumerate(zip(generators, streams, strict=True), start=1):
        if progress is not None:
            progress(f"{place} of {len(generators)}: {generator.name}")
        try:
            rows.append(_measure(generator, setting, rng=stream, clock=clock))
        except ExternalGeneratorError as error:
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
    targets = draw_targets(real.training, real.non_members, n_each=setting.n_targets, rng=rng)
    panel = run_panel(synthetic, real, targets=targets, secrets=setting.secrets, rng=rng)
    return _row(
        generator.name,
        runtime_s,
        guarantee=fitted.guarantee,
        utility=evaluate_utility(synthetic, real, tasks=setting.tasks, rng=rng),
        risk=panel.risk,
    )


def _row(
    name: str, runtime_s: float, *, guarantee: Guarantee | None, utility: Utility, risk: Risk
) -> ComparisonRow:
    _, two_way, three_way = utility.fidelity
    worst_task = utility.worst_transfer
    return ComparisonRow(
        name=name,
        runtime_s=runtime_s,
        guarantee=guarantee,
        accuracy=float(np.mean([fidelity.accuracy for fidelity in utility.fidelity])),
        skill_two_way=two_way.skill,
        skill_three_way=three_way.skill,
        transfer_auc=worst_task.auc,
        transfer_ratio=worst_task.ratio,
        two_sample_excess=utility.two_sample.excess,
        utility=utility.score,
        risk=risk.value,
        worst_attack=f"{risk.worst.attack}: {risk.worst.measure}, {risk.worst.group}",
        worst_advantage=risk.estimate,
    )
