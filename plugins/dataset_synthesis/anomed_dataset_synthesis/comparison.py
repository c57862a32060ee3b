"""Compare generators side by side: accuracy, runtime, claimed privacy, and measured privacy.

The first four columns and the four configurations are those of MOSTLY AI's notebook on
differentially private synthetic data; the others are what it leaves open: whether the accuracy
is worth anything, and whether anybody shows through.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import attrs
import numpy as np
import numpy.typing as npt
from attrs import validators

from anomed_dataset_synthesis.accounting import Guarantee
from anomed_dataset_synthesis.attacks.membership import (
    density_ratio,
    distance_ratio,
    exact_match,
)
from anomed_dataset_synthesis.canonical import (
    CanonicalTable,
    canonicalise,
    keys_of,
    same_codebook,
    to_frame,
)
from anomed_dataset_synthesis.encoding import fit_bins
from anomed_dataset_synthesis.external import (
    Environment,
    ExternalGenerator,
    ExternalGeneratorError,
    tabular_argn,
)
from anomed_dataset_synthesis.generators import Generator
from anomed_dataset_synthesis.rows import count_in
from anomed_dataset_synthesis.threat.estimates import Estimate
from anomed_dataset_synthesis.threat.roc import auc_estimate
from anomed_dataset_synthesis.utility.skill import marginal_fidelity
from anomed_dataset_synthesis.utility.transfer import Task, Transfer, transfer
from anomed_dataset_synthesis.utility.two_sample import two_sample_test

__all__ = [
    "MEMBERSHIP_ATTACKS",
    "Comparison",
    "ComparisonFailure",
    "ComparisonRow",
    "ComparisonSetting",
    "compare_generators",
    "notebook_generators",
]

MembershipAttack = Callable[
    [CanonicalTable, CanonicalTable, CanonicalTable], npt.NDArray[np.float64]
]

MEMBERSHIP_ATTACKS: Mapping[str, MembershipAttack] = MappingProxyType(
    {
        "exact match": exact_match,
        "distance ratio": distance_ratio,
        "density ratio": density_ratio,
    }
)
"""The attacks that are run by default; each is given targets, synthetic and background table."""


@attrs.frozen(kw_only=True, eq=False)
class ComparisonSetting:
    """Say on which tables, tasks and attacks generators are compared.

    Attributes
    ----------
    training, control, background : CanonicalTable
        Secret members, secret non-members, public records, under one codebook.
    tasks : tuple of Task
        Questions for models trained on synthetic and tested on real records, at least one.
    n_targets : int
        Members and controls, each, that attacks are tried on at most.
    attacks : mapping of str to callable
        Membership attacks by name, at least one.
    confidence : float
        Of the worst attack's interval, jointly over all attacks (Bonferroni).
    """

    training: CanonicalTable
    control: CanonicalTable
    background: CanonicalTable
    tasks: tuple[Task, ...] = attrs.field(validator=validators.min_len(1))
    n_targets: int = attrs.field(default=4_000, validator=validators.ge(2))
    attacks: Mapping[str, MembershipAttack] = attrs.field(
        default=MEMBERSHIP_ATTACKS, validator=validators.min_len(1)
    )
    confidence: float = 0.95

    def __attrs_post_init__(self) -> None:
        same_codebook(self.training, self.control, self.background)


@attrs.frozen(kw_only=True)
class ComparisonRow:
    """Report on one generator.

    Attributes
    ----------
    name : str
        The generator's.
    accuracy : float
        Mean of the one-, two- and three-way marginal accuracies, 0..1, higher is better.
    runtime_s : float
        Seconds that fitting took.
    guarantee : Guarantee or None
        What the generator claims.
    skill_two_way, skill_three_way : float
        Accuracy on a scale from independent columns (0) to another real sample (1).
    transfer : Transfer
        Of the task on which training on synthetic records loses most.
    two_sample_excess : float
        0 where synthetic and real records are indistinguishable, 1 where always told apart.
    worst_attack : str
        The attack whose interval reaches highest from below.
    worst_attack_auc : Estimate
        Its area under the ROC curve, .5 at chance, lower is better.
    """

    name: str
    accuracy: float
    runtime_s: float
    guarantee: Guarantee | None
    skill_two_way: float
    skill_three_way: float
    transfer: Transfer
    two_sample_excess: float
    worst_attack: str
    worst_attack_auc: Estimate

    def to_dict(self) -> dict[str, object]:
        """Return the row as a JSON object."""
        return {
            "name": self.name,
            "accuracy": self.accuracy,
            "runtime_s": self.runtime_s,
            "epsilon": self.guarantee.epsilon if self.guarantee else None,
            "delta": self.guarantee.delta if self.guarantee else None,
            "skill_two_way": self.skill_two_way,
            "skill_three_way": self.skill_three_way,
            "transfer": attrs.asdict(self.transfer) | {"ratio": self.transfer.ratio},
            "two_sample_excess": self.two_sample_excess,
            "worst_attack": self.worst_attack,
            "worst_attack_auc": attrs.asdict(self.worst_attack_auc),
        }

    def cells(self) -> tuple[str, ...]:
        """Return the row as texts, in the order of the table's columns."""
        guarantee, attack = self.guarantee, self.worst_attack_auc
        return (
            self.name,
            f"{self.accuracy:.1%}",
            f"{self.runtime_s:.0f} s",
            f"{guarantee.epsilon:.2f}" if guarantee else "-",
            f"{guarantee.delta:.0e}" if guarantee else "-",
            f"{self.skill_two_way:.2f}",
            f"{self.skill_three_way:.2f}",
            f"{self.transfer.auc:.3f} ({self.transfer.ratio:.2f})",
            f"{self.two_sample_excess:.2f}",
            f"{attack.value:.3f} [{attack.low:.3f}, {attack.high:.3f}] {self.worst_attack}",
        )


@attrs.frozen(kw_only=True)
class ComparisonFailure:
    """Say why a generator has no figures.

    Attributes
    ----------
    name : str
        The generator's.
    reason : str
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


_HEADINGS = (
    "generator",
    "accuracy",
    "runtime",
    "epsilon",
    "delta",
    "skill 2-way",
    "3-way",
    "TSTR AUC (ratio)",
    "C2ST excess",
    "worst attack AUC [interval]",
)


@attrs.frozen(kw_only=True)
class Comparison:
    """Hold one row for each generator, in the order they were given.

    Attributes
    ----------
    rows : tuple of ComparisonRow or ComparisonFailure
        Figures, or why there are none.
    """

    rows: tuple[ComparisonRow | ComparisonFailure, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the comparison as a JSON object."""
        return {"rows": [row.to_dict() for row in self.rows]}

    def to_text(self) -> str:
        """Return the comparison as a table of fixed width, for people."""
        lines = [_HEADINGS, *(row.cells() for row in self.rows)]
        complete = [line for line in lines if len(line) == len(_HEADINGS)]
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
) -> Comparison:
    """Run each generator once on the training table and measure what it publishes.

    Parameters
    ----------
    generators : sequence of Generator
        What is compared; each samples as many records as there are for training.
    setting : ComparisonSetting
        Tables, tasks and attacks.
    rng : numpy.random.Generator
        Source of randomness, spawned for each generator: a row doesn't depend on the others.
    clock : callable, default time.perf_counter
        Seconds, for the runtimes.

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
    for generator, stream in zip(generators, rng.spawn(len(generators)), strict=True):
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
    environment : Environment
        Made by the recipe `MOSTLYAI_ENGINE`.
    workspaces : Path
        Where models are kept.
    max_minutes : float, optional
        Wall-clock minutes to train at most; the notebook sets no limit.
    timeout_s : float, default 7200
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
    training, control = setting.training, setting.control
    start = clock()
    fitted = generator.fit(to_frame(training), training.codebook, rng=rng)
    runtime_s = clock() - start
    synthetic = canonicalise(fitted.sample(len(training), rng=rng), training.codebook)
    binning = fit_bins(setting.background)
    fidelity = marginal_fidelity(
        synthetic, training=training, control=control, binning=binning, rng=rng
    )
    transfers = [
        transfer(synthetic, training=training, control=control, task=task, binning=binning, rng=rng)
        for task in setting.tasks
    ]
    worst_attack, worst_attack_auc = _worst_attack(synthetic, setting, rng=rng)
    return ComparisonRow(
        name=generator.name,
        accuracy=float(np.mean([each.accuracy for each in fidelity])),
        runtime_s=runtime_s,
        guarantee=fitted.guarantee,
        skill_two_way=fidelity[1].skill,
        skill_three_way=fidelity[2].skill,
        transfer=min(transfers, key=lambda each: each.ratio),
        two_sample_excess=two_sample_test(synthetic, control, binning=binning, rng=rng).excess,
        worst_attack=worst_attack,
        worst_attack_auc=worst_attack_auc,
    )


def _worst_attack(
    synthetic: CanonicalTable, setting: ComparisonSetting, *, rng: np.random.Generator
) -> tuple[str, Estimate]:
    """Find the attack with the highest lower bound; records on both sides are no targets."""
    keys = keys_of(setting.training, setting.control)
    members = _draw(setting.training, count_in(keys[0], keys[1]) == 0, setting.n_targets, rng=rng)
    controls = _draw(setting.control, count_in(keys[1], keys[0]) == 0, setting.n_targets, rng=rng)
    confidence = 1.0 - (1.0 - setting.confidence) / len(setting.attacks)
    estimates = {
        name: auc_estimate(
            attack(members, synthetic, setting.background),
            attack(controls, synthetic, setting.background),
            confidence=confidence,
        )
        for name, attack in setting.attacks.items()
    }
    name = max(estimates, key=lambda each: estimates[each].low)
    return name, estimates[name]


def _draw(
    table: CanonicalTable,
    allowed: npt.NDArray[np.bool_],
    n_records: int,
    *,
    rng: np.random.Generator,
) -> CanonicalTable:
    places = rng.permutation(np.flatnonzero(allowed))[:n_records]
    return table.take(places)
