"""The figures of a report: each is one HTML figure with an inline SVG, and needs no script."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import attrs
import numpy as np

from anomed_core.statistics import tpr_limits
from anomed_supervised_mia.auditing._results_json import thinned
from anomed_supervised_mia.auditing.results import AttackResult, AuditResults
from anomed_supervised_mia.metrics import Estimate, Roc, tpr_ceiling
from anomed_supervised_mia.report._chart import (
    N_STYLES,
    Plane,
    Point,
    band,
    figure,
    horizontal,
    line,
    marker,
    percent,
    point_labels,
    reference,
    vertical,
    whisker,
)
from anomed_supervised_mia.report._markup import Markup, element
from anomed_supervised_mia.report._scales import Scale, padded

#: Where the bands of ROC curves are computed.
N_BAND_LEVELS = 33

#: Rows that fit into a figure, and the room for their names.
N_SLICES = 24
SLICE_NAMES_WIDTH = 150.0


@attrs.frozen(kw_only=True)
class Participant:
    """A point in the plane of utility and privacy.

    Attributes
    ----------
    name : str
        What to write beside it.
    utility : float
        Higher is more useful, such as the accuracy.
    leak : Estimate
        Higher is less private, such as the AUC of the strongest attack.
    group : str
        Points of one group are joined by a line, such as the checkpoints of one model.
    """

    name: str
    utility: float
    leak: Estimate
    group: str = ""


def roc_figure(
    results: Sequence[AttackResult],
    *,
    claimed_epsilon: float | None = None,
    claimed_delta: float = 0.0,
) -> Markup:
    """Draw ROC curves of several attacks on logarithmic axes, with a confidence band.

    Parameters
    ----------
    results : sequence of AttackResult
        Of one slice, the strongest first; no more than the first six are drawn.
    claimed_epsilon, claimed_delta : float
        Draw the ceiling that they imply, if there is a claim.

    Returns
    -------
    Markup

    Raises
    ------
    ValueError
        If there are no results.
    """
    if not results:
        raise ValueError("a ROC figure needs the results of an attack, but there are none.")
    shown = results[:N_STYLES]
    floor = 10.0 ** math.floor(-math.log10(max(result.n_non_members for result in shown)))
    plane = Plane(
        x=horizontal("false-positive rate", (floor, 1), label=percent, logarithmic=True),
        y=vertical("true-positive rate", (floor, 1), label=percent, logarithmic=True),
    )
    levels = np.geomspace(floor, 1, N_BAND_LEVELS).tolist()
    middle = math.sqrt(floor)
    chance = (middle * 1.3, middle * 0.8)
    layers = [reference([(floor, floor), (1, 1)], plane=plane, label="chance", label_at=chance)]
    if claimed_epsilon is not None:
        ceiling = [
            (level, tpr_ceiling(level, epsilon=claimed_epsilon, delta=claimed_delta))
            for level in levels
        ]
        beside, above = ceiling[N_BAND_LEVELS // 2]
        name = f"ceiling of epsilon {claimed_epsilon:g}"
        at = (beside, above * 1.3)
        layers.append(reference(ceiling, plane=plane, label=name, label_at=at, anchor="end"))
    strongest = shown[0]
    limits = [
        tpr_limits(strongest.roc, level, confidence=strongest.auc.confidence) for level in levels
    ]
    lower = [(level, low) for level, (low, _) in zip(levels, limits, strict=True)]
    upper = [(level, high) for level, (_, high) in zip(levels, limits, strict=True)]
    layers.append(band(lower, upper, style=0, plane=plane))
    layers += [
        line(_curve(result.roc), style=style, plane=plane, step=True)
        for style, result in enumerate(shown)
    ]
    return figure(
        *layers,
        plane=plane,
        title=f"ROC curves, {strongest.slice}.",
        description=(
            f"Both axes are logarithmic: what matters is on the left. The band holds the curve of "
            f"{strongest.attack} with {100 * strongest.auc.confidence:.4g} % at each "
            "false-positive rate."
        ),
        legend=[f"{result.attack}, AUC {result.auc}" for result in shown],
    )


def slices_figure(results: Sequence[AttackResult]) -> Markup:
    """Draw the AUC of one attack on each slice, with its interval.

    Parameters
    ----------
    results : sequence of AttackResult
        Of one attack; the first 24 by the lower limit of the AUC are drawn.

    Returns
    -------
    Markup

    Raises
    ------
    ValueError
        If there are no results.
    """
    if not results:
        raise ValueError("a figure of slices needs results by slice, but there are none.")
    shown = sorted(results, key=lambda result: result.auc.low)[-N_SLICES:]
    rows = range(len(shown))
    axis = vertical("", (-0.6, len(shown) - 0.4), label=lambda row: str(shown[int(row)].slice))
    plane = Plane(
        x=horizontal("AUC", _limits(result.auc for result in shown), left=SLICE_NAMES_WIDTH),
        y=attrs.evolve(axis, ticks=rows),
    )
    scale = plane.y.scale
    chance = [(0.5, scale.low), (0.5, scale.high)]
    layers = [reference(chance, plane=plane)]
    partitions = sorted({result.slice.partition for result in shown})
    for row, result in zip(rows, shown, strict=True):
        style = partitions.index(result.slice.partition)
        ends = [(end, float(row)) for end in (result.auc.low, result.auc.high)]
        layers.append(whisker(*ends, style=style, plane=plane))
        hint = f"{result.slice}: AUC {result.auc}"
        layers.append(marker((result.auc.value, row), style=style, plane=plane, hint=hint))
    left_out = f" {len(results) - len(shown)} more are left out." if len(results) > N_SLICES else ""
    return figure(
        *layers,
        plane=plane,
        title=f"AUC of {shown[0].attack} by slice.",
        description=f"The largest lower limit is on top, the dashed line is chance.{left_out}",
        legend=partitions,
    )


def epochs_figure(audits: Sequence[AuditResults]) -> Markup:
    """Draw the AUC of the strongest attack over the epochs, a line for each model.

    Parameters
    ----------
    audits : sequence of AuditResults
        With epochs; models are told apart by their names.

    Returns
    -------
    Markup

    Raises
    ------
    ValueError
        If no audit has an epoch and a result.
    """
    lines: dict[str, list[tuple[int, Estimate]]] = {}
    for audited in audits:
        if audited.metadata.epoch is not None and audited.results:
            found = (audited.metadata.epoch, audited.strongest().auc)
            lines.setdefault(audited.metadata.model, []).append(found)
    if not lines:
        raise ValueError("a figure over epochs needs audits with an epoch, but there are none.")
    everything = [found for findings in lines.values() for found in findings]
    plane = Plane(
        x=horizontal("epoch", padded([epoch for epoch, _ in everything])),
        y=vertical("AUC of the strongest attack", _limits(found for _, found in everything)),
    )
    layers = [_chance_line(plane)]
    for style, (model, findings) in enumerate(lines.items()):
        findings.sort(key=lambda found: found[0])
        points = [(float(epoch), estimate.value) for epoch, estimate in findings]
        lower = [(float(epoch), estimate.low) for epoch, estimate in findings]
        upper = [(float(epoch), estimate.high) for epoch, estimate in findings]
        layers += [
            band(lower, upper, style=style, plane=plane),
            line(points, style=style, plane=plane),
            *(
                marker(
                    point, style=style, plane=plane, hint=f"{model}, epoch {epoch}: AUC {estimate}"
                )
                for point, (epoch, estimate) in zip(points, findings, strict=True)
            ),
        ]
    return figure(
        *layers,
        plane=plane,
        title="Privacy by epoch.",
        description="Higher is less private. Bands are the intervals of the AUC.",
        legend=list(lines),
    )


def privacy_utility_figure(
    participants: Sequence[Participant], *, utility: str = "test accuracy", leak: str = "AUC"
) -> Markup:
    """Draw privacy against utility.

    Parameters
    ----------
    participants : sequence of Participant
    utility, leak : str
        What the axes measure.

    Returns
    -------
    Markup

    Raises
    ------
    ValueError
        If there are no participants.
    """
    if not participants:
        raise ValueError("a figure of privacy and utility needs participants, but there are none.")
    plane = Plane(
        x=horizontal(f"utility: {utility}", padded([one.utility for one in participants])),
        y=vertical(f"leak: {leak}", _limits(one.leak for one in participants)),
    )
    groups = list(dict.fromkeys(one.group for one in participants))
    layers = [_chance_line(plane)]
    for style, group in enumerate(groups):
        members = [one for one in participants if one.group == group]
        points = [(one.utility, one.leak.value) for one in members]
        if group and len(points) > 1:
            layers.append(line(points, style=style, plane=plane))
        for one in members:
            ends = [(one.utility, end) for end in (one.leak.low, one.leak.high)]
            layers.append(whisker(*ends, style=style, plane=plane))
            hint = f"{one.name}: {utility} {one.utility:.3f}, {leak} {one.leak}"
            at = (one.utility, one.leak.value)
            layers.append(marker(at, style=style, plane=plane, hint=hint))
    named = [((one.utility, one.leak.value), one.name) for one in participants]
    layers.append(point_labels(named, plane=plane))
    return figure(
        *layers,
        plane=plane,
        title="Privacy against utility.",
        description="Best is at the bottom right: useful and private. Bars are intervals.",
        legend=[group for group in groups if group],
    )


def interval_bar(estimate: Estimate, *, low: float, high: float, chance: float) -> Markup:
    """Draw an interval within a table cell, on the same scale in every row.

    Parameters
    ----------
    estimate : Estimate
    low, high : float
        The scale of the column.
    chance : float
        Where to draw the line to compare with.

    Returns
    -------
    Markup
        Hidden from screen readers: the numbers stand beside it.
    """
    scale = Scale(low=low, high=high, start=3, stop=117)
    left, right, middle = (scale.place(v) for v in (estimate.low, estimate.high, estimate.value))
    line_at = scale.place(chance)
    return element(
        "svg",
        element("path", d=f"M{line_at:.1f} 0V16", class_="reference"),
        element("path", d=f"M{left:.1f} 8H{right:.1f}", class_="whisker s0"),
        element("circle", cx=middle, cy=8, r=3, class_="marker s0"),
        viewBox="0 0 120 16",
        class_="bar",
        aria_hidden="true",
    )


def _limits(estimates: Iterable[Estimate]) -> Point:
    """Return a range that holds all intervals, and chance."""
    ends = [end for estimate in estimates for end in (estimate.low, estimate.high)]
    return padded([*ends, 0.5])


def _chance_line(plane: Plane) -> Markup:
    x, y = plane.x.scale, plane.y.scale
    at = (x.low + 0.02 * (x.high - x.low), 0.5 - 0.035 * (y.high - y.low))
    return reference(plane.across(0.5), plane=plane, label="chance", label_at=at)


def _curve(roc: Roc) -> list[Point]:
    kept = thinned(roc)
    return list(zip(roc.fpr[kept].tolist(), roc.tpr[kept].tolist(), strict=True))
