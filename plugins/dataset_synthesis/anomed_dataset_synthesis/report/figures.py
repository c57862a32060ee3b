"""The figures of a report: marginals, associations, ROC curves."""

from collections.abc import Sequence

import numpy as np

from anomed_core.statistics import auc, interpolated_tpr, null_band, tpr_ceiling
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.report.associations import associations
from anomed_dataset_synthesis.report.svg import Line, heat_map, line_plot, paired_bars
from anomed_dataset_synthesis.table.canonical import CanonicalTable
from anomed_dataset_synthesis.table.codebook import CategoryColumn, NumericColumn
from anomed_dataset_synthesis.table.encoding import Binning
from anomed_dataset_synthesis.threat.membership import MembershipResult

_LOWEST_FPR = 1e-3
_FPRS = np.logspace(-3, 0, 91)
_LARGEST_DIFFERENCE = 0.5


def marginal_pictures(
    synthetic: CanonicalTable, background: CanonicalTable, binning: Binning
) -> list[str]:
    """Draw each column's distribution in both tables, one SVG element per column."""
    ours, theirs = binning.bins(synthetic), binning.bins(background)
    pictures = []
    for place, column in enumerate(binning.codebook.columns):
        shares = [
            np.bincount(bins[:, place], minlength=binning.n_bins[place]) / len(bins)
            for bins in (ours, theirs)
        ]
        labels = bin_labels(binning, place)
        pictures.append(paired_bars(shares[0], shares[1], labels=labels, title=column.name))
    return pictures


def bin_labels(binning: Binning, place: int) -> list[str]:
    """Say what each bin of a column holds.

    Parameters
    ----------
    binning
        The bins.
    place
        The column's place.

    Returns
    -------
    list of str
        A category's name, "others", the smallest number, or "missing".
    """
    column, rule = binning.codebook.columns[place], binning.rules[place]
    if isinstance(column, CategoryColumn):
        labels = []
        for value in range(int(rule.max()) + 1):
            members = np.flatnonzero(rule == value)
            labels.append(column.categories[members[0]] if len(members) == 1 else "others")
    else:
        labels = ["less", *(_say(column, int(level)) for level in rule)]
    return [*labels, "missing"] if column.nullable else labels


def _say(column: NumericColumn, level: int) -> str:
    value = float(column.values(np.array([level]))[0])
    if column.kind == "date":
        return f"from {np.datetime64(int(value), 'D')}"
    return f"from {value:g}"


def association_map(synthetic: CanonicalTable, background: CanonicalTable, binning: Binning) -> str:
    """Draw the difference of Cramér's V between both tables for every pair of columns."""
    ours, theirs = (
        associations(binning.bins(table), n_bins=binning.n_bins)
        for table in (synthetic, background)
    )
    return heat_map(
        np.abs(ours - theirs),
        names=binning.codebook.names,
        title="Differences of association between pairs of columns",
        largest=_LARGEST_DIFFERENCE,
    )


def roc_pictures(memberships: Sequence[MembershipResult], claim: Guarantee | None) -> list[str]:
    """Draw the ROC curves of all attacks, one SVG element per group of targets."""
    groups = list(dict.fromkeys(result.group for result in memberships))
    return [
        _roc_picture([result for result in memberships if result.group == group], claim)
        for group in groups
    ]


def _roc_picture(results: Sequence[MembershipResult], claim: Guarantee | None) -> str:
    lines = []
    for result in results:
        curve = result.curve
        points = tuple((_place(float(fpr)), interpolated_tpr(curve, float(fpr))) for fpr in _FPRS)
        lines.append(Line(label=f"{result.attack}, AUC {auc(curve):.3f}", points=points))
    if claim is not None:
        points = tuple(
            (_place(float(fpr)), tpr_ceiling(float(fpr), epsilon=claim.epsilon, delta=claim.delta))
            for fpr in _FPRS
        )
        lines.append(Line(label=f"claimed epsilon {claim.epsilon:g}", points=points, dashed=True))
    n_members, n_non_members = len(results[0].members), len(results[0].non_members)
    band = [
        (_place(float(fpr)), *null_band(n_members, n_non_members, fpr=float(fpr))) for fpr in _FPRS
    ]
    return line_plot(
        lines,
        title=f"{results[0].group}: {n_members} members, {n_non_members} non-members",
        x_ticks=[(_place(fpr), f"{fpr:.1%}") for fpr in (0.001, 0.01, 0.1, 1.0)],
        y_ticks=[(share, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)],
        band=band,
    )


def _place(fpr: float) -> float:
    """Return the place of a rate on a logarithmic axis from 0.1% to 100%."""
    return float(1 - np.log10(fpr) / np.log10(_LOWEST_FPR))
