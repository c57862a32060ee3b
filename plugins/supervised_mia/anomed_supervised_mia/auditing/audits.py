"""Audit a model offline: run attacks on what it says about members and non-members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from anomed_core.statistics import Ranking, rank, roc_of_ranking
from anomed_supervised_mia.attacks import (
    Attack,
    ConfidenceThreshold,
    EntropyThreshold,
    GapAttack,
    LossThreshold,
    ModifiedEntropyThreshold,
    Signals,
)
from anomed_supervised_mia.attacks.alike import check_alike
from anomed_supervised_mia.auditing.metadata import AuditMetadata
from anomed_supervised_mia.auditing.results import (
    AttackResult,
    AuditResults,
    SkippedSlice,
)
from anomed_supervised_mia.auditing.slices import Partition, Slice, partition_of
from anomed_supervised_mia.metrics import (
    epsilon_of_one_run,
    epsilon_of_scores,
    estimate_auc,
    estimate_best_balanced_accuracy,
    estimate_max_advantage,
    estimate_tpr_at_fpr,
)


def _levels(given: ArrayLike) -> tuple[float, ...]:
    return tuple(np.atleast_1d(np.asarray(given, dtype=np.float64)).tolist())


@attrs.frozen(kw_only=True)
class AuditSettings:
    """What to measure, and how sure to be.

    Attributes
    ----------
    levels : tuple of float
        False-positive rates at which to measure the true-positive rate, each in [0, 1]; a single
        number stands for a tuple of it.
    calibrated : bool
        Choose the thresholds for them without the optimism of small samples.
    delta : float
        The delta that the bounds of epsilon are for, in [0, 1).
    confidence : float
        Of each interval, in (0.25, 1).
    simultaneous : bool
        Let the confidence hold for all attacks and slices together (Bonferroni).
    independent_inclusion : bool
        Whether each record became a member by an independent fair coin, as the one-run audit
        demands; samples of a fixed size did not.
    """

    levels: tuple[float, ...] = attrs.field(default=(0.0, 0.001, 0.01, 0.1), converter=_levels)
    calibrated: bool = False
    delta: float = attrs.field(default=0.0, converter=float)
    confidence: float = attrs.field(default=0.95, converter=float)
    simultaneous: bool = False
    independent_inclusion: bool = False


def audit(
    members: Signals,
    non_members: Signals,
    *,
    attacks: Sequence[Attack] | Attack | None = None,
    slices: Sequence[str | Partition] | str | Partition = ("whole",),
    settings: AuditSettings | None = None,
    metadata: AuditMetadata | None = None,
    rng: np.random.Generator | int | None = None,
) -> AuditResults:
    """Run attacks on a model's answers and measure what they learn, for all records and slices.

    Parameters
    ----------
    members : Signals
        What the model says about records it was trained on.
    non_members : Signals
        What it says about others of the same distribution.
    attacks : sequence of Attack, Attack or None, default=None
        Each with a name of its own. None: every threshold attack that the signals permit. An
        attack that learns is fitted on a random half of the members, or of the non-members if
        they are fewer, and as many of the others; it is measured on the rest.
    slices : sequence of str or Partition, or one of them, default=("whole",)
        Names from "whole", "class", "correctness" and "loss-decile", or partitions such as from
        `by_column`.
    settings : AuditSettings or None, default=None
        None: 95 % intervals, and true-positive rates at 0, 0.1, 1 and 10 %.
    metadata : AuditMetadata or None, default=None
        What is known about the model; missing accuracies are computed where possible.
    rng : numpy.random.Generator, int or None, default=None
        For attacks that learn, or its seed. None: a generator seeded with 0.

    Returns
    -------
    AuditResults
        A result for each attack and slice that has members and non-members.

    Raises
    ------
    ValueError
        If members and non-members are described in different ways, there are no attacks or no
        slices, two have one name, an attack or a slice needs what the signals lack, or a setting
        is out of range.
    TypeError
        If signals, an attack or a slice are none.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> members = Signals.from_losses(rng.exponential(0.5, size=1000))
    >>> non_members = Signals.from_losses(rng.exponential(1.0, size=1000))
    >>> results = audit(members, non_members)
    >>> print(results.find("loss-threshold").auc)
    0.649 [0.624, 0.673]
    """
    check_alike(members, non_members)
    settings = settings or AuditSettings()
    chosen = default_attacks(members) if attacks is None else _listed(attacks)
    _check_attacks(chosen)
    _check_distinct("attack", [attack.name for attack in chosen])
    partitions = [partition_of(division, members, non_members) for division in _listed(slices)]
    _check_distinct("way to slice", [partition.name for partition in partitions])
    n_measured = len(chosen) * sum(len(partition.values) for partition in partitions)
    if settings.simultaneous and n_measured:
        together = 1 - (1 - settings.confidence) / n_measured
        settings = attrs.evolve(settings, confidence=together)
    generator = np.random.default_rng(0 if rng is None else rng)
    results: list[AttackResult] = []
    skipped: dict[Slice, SkippedSlice] = {}
    for attack in chosen:
        ranking = ranked_by(attack, members, non_members=non_members, rng=generator)
        for partition in partitions:
            for name, part in partition.rankings(ranking):
                n_members = int(np.count_nonzero(part.is_member))
                if 0 < n_members < part.is_member.size:
                    results.append(measure(part, attack=attack.name, part=name, settings=settings))
                else:
                    skipped[name] = _skip(name, n_members, part.is_member.size - n_members)
    return AuditResults(
        metadata=_with_accuracies(metadata or AuditMetadata(), members, non_members),
        n_members=len(members),
        n_non_members=len(non_members),
        confidence=settings.confidence,
        results=tuple(results),
        skipped=tuple(skipped.values()),
    )


def _listed(one_or_several: Any) -> list[Any]:
    """Return one as a list of one; a word is no sequence of letters here."""
    is_one = isinstance(one_or_several, str) or not isinstance(one_or_several, Iterable)
    return [one_or_several] if is_one else list(one_or_several)


def default_attacks(signals: Signals) -> list[Attack]:
    """Return the attacks that learn nothing and can look at such signals.

    Parameters
    ----------
    signals : Signals

    Returns
    -------
    list of Attack
        At least one.

    Raises
    ------
    ValueError
        If the signals permit none of them.
    """
    has_outputs = signals.n_classes is not None
    has_labels = signals.labels is not None
    chosen: list[Attack] = []
    if signals.losses is not None or (has_outputs and has_labels):
        chosen.append(LossThreshold())
    if has_outputs:
        chosen += [ConfidenceThreshold(), EntropyThreshold()]
        if has_labels:
            chosen.append(ModifiedEntropyThreshold())
    if not chosen and has_labels and signals.predicted_labels is not None:
        chosen.append(GapAttack())
    if not chosen:
        raise ValueError(
            "no threshold attack can look at these signals, which hold "
            f"{', '.join(signals.arrays())}; name the attacks to run, or add labels."
        )
    return chosen


def ranked_by(
    attack: Attack, members: Signals, *, non_members: Signals, rng: np.random.Generator
) -> Ranking:
    """Rank records by an attack's scores, leaving out those that it was fitted on.

    Fitting on each half and scoring the other would rank all records, but not independently: what
    either half teaches is tested on the other and vice versa, so that the same accident counts
    twice. Without any leak, intervals of the AUC then miss one half in 7 to 15 % of the runs
    instead of 5 %.

    Parameters
    ----------
    attack : Attack
    members, non_members : Signals
    rng : numpy.random.Generator
        Draws the records to fit on, and whatever the attack draws.

    Returns
    -------
    Ranking
        Its `order` counts members first, then non-members.

    Raises
    ------
    ValueError
        If there are too few records to fit on, or the signals lack what the attack looks at.
    """
    if not attack.learns:
        fitted = attack.fit(members, non_members, rng=rng)
        return _ranked([fitted.score(members), fitted.score(non_members)])
    n_fitted = min(len(members), len(non_members)) // 2
    if n_fitted == 0:
        raise ValueError(
            f"attack {attack.name!r} learns, which needs at least 2 members and 2 non-members, "
            f"but there are {len(members)} and {len(non_members)}."
        )
    drawn = [rng.permutation(len(side)) for side in (members, non_members)]
    fitted = attack.fit(
        members.subset(drawn[0][:n_fitted]), non_members.subset(drawn[1][:n_fitted]), rng=rng
    )
    kept = [np.sort(positions[n_fitted:]) for positions in drawn]
    ranking = _ranked(
        [fitted.score(members.subset(kept[0])), fitted.score(non_members.subset(kept[1]))]
    )
    return attrs.evolve(ranking, order=np.append(kept[0], len(members) + kept[1])[ranking.order])


def _ranked(scores: Sequence[NDArray[np.float64]]) -> Ranking:
    """Rank members and non-members together, given the scores of each."""
    is_member = np.repeat([True, False], [side.size for side in scores])
    return rank(is_member, np.concatenate(scores))


def measure(ranking: Ranking, *, attack: str, part: Slice, settings: AuditSettings) -> AttackResult:
    """Measure what an attack's scores reveal about some records.

    Parameters
    ----------
    ranking : Ranking
        The records by score, with at least one member and one non-member.
    attack : str
        The attack's name.
    part : Slice
        The records' name.
    settings : AuditSettings

    Returns
    -------
    AttackResult

    Raises
    ------
    ValueError
        If members or non-members are missing, or a setting is out of range.
    """
    roc = roc_of_ranking(ranking)
    confidence, delta = settings.confidence, settings.delta
    one_run = None
    if settings.independent_inclusion:
        one_run = epsilon_of_one_run(roc, delta=delta, confidence=confidence)
    return AttackResult(
        attack=attack,
        slice=part,
        n_members=roc.n_members,
        n_non_members=roc.n_non_members,
        auc=estimate_auc(roc, confidence=confidence),
        max_advantage=estimate_max_advantage(roc, confidence=confidence),
        balanced_accuracy=estimate_best_balanced_accuracy(roc, confidence=confidence),
        tpr_at_fpr=tuple(
            estimate_tpr_at_fpr(roc, level, confidence=confidence, calibrated=settings.calibrated)
            for level in settings.levels
        ),
        epsilon=epsilon_of_scores(roc, delta=delta, confidence=confidence),
        one_run=one_run,
        roc=roc,
    )


def _check_attacks(attacks: Sequence[object]) -> None:
    for attack in attacks:
        if isinstance(attack, type) or not isinstance(attack, Attack):
            raise TypeError(
                f"attacks are instances such as LossThreshold(), but {attack!r} came; call the "
                "class, or see `anomed_supervised_mia.attacks`."
            )


def _check_distinct(kind: str, names: Sequence[str]) -> None:
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"an audit needs at least one {kind}, each with a name of its own, "
            f"but came with {', '.join(names) or 'none'}."
        )


def _skip(part: Slice, n_members: int, n_non_members: int) -> SkippedSlice:
    missing = "members" if n_members == 0 else "non-members"
    return SkippedSlice(
        slice=part,
        n_members=n_members,
        n_non_members=n_non_members,
        reason=f"no {missing}",
    )


def _with_accuracies(
    metadata: AuditMetadata, members: Signals, non_members: Signals
) -> AuditMetadata:
    train, test = metadata.train_accuracy, metadata.test_accuracy
    if train is None and _can_be_right(members):
        train = float(members.correct().mean())
    if test is None and _can_be_right(non_members):
        test = float(non_members.correct().mean())
    return attrs.evolve(metadata, train_accuracy=train, test_accuracy=test)


def _can_be_right(signals: Signals) -> bool:
    predicted = signals.predicted_labels is not None or signals.n_classes is not None
    return signals.labels is not None and predicted and len(signals) > 0
