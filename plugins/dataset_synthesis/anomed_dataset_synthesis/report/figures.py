"""The figures of a report: marginals, associations, ROC curves."""

from collections.abc import Sequence

import numpy as np

from anomed_core.report import Chart, differences_chart, marginals_chart, roc_chart
from anomed_core.statistics import auc, null_band, tpr_ceiling
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.report.associations import associations
from anomed_dataset_synthesis.table.canonical import CanonicalTable
from anomed_dataset_synthesis.table.codebook import CategoryColumn, NumericColumn
from anomed_dataset_synthesis.table.encoding import Binning
from anomed_dataset_synthesis.threat.membership import MembershipResult

_FPRS = np.geomspace(1e-3, 1, 61)


def marginal_charts(
    synthetic: CanonicalTable, background: CanonicalTable, binning: Binning
) -> list[Chart]:
    """Chart each column's distribution in both tables."""
    tables = {
        "public background": binning.bins(background),
        "submission": binning.bins(synthetic),
    }
    return [
        marginals_chart(
            bin_labels(binning, place),
            {
                name: np.bincount(bins[:, place], minlength=binning.n_bins[place]) / len(bins)
                for name, bins in tables.items()
            },
            column=column.name,
        )
        for place, column in enumerate(binning.codebook.columns)
    ]


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
    return f"from {column.in_words(level)}"


def association_chart(
    synthetic: CanonicalTable, background: CanonicalTable, binning: Binning
) -> Chart:
    """Chart the difference of Cramér's V between both tables for every pair of columns."""
    ours, theirs = (
        associations(binning.bins(table), n_bins=binning.n_bins)
        for table in (synthetic, background)
    )
    return differences_chart(
        binning.codebook.names,
        np.abs(ours - theirs),
        measure="difference of Cramér's V",
        title="Differences of association between pairs of columns",
    )


def roc_charts(memberships: Sequence[MembershipResult], claim: Guarantee | None) -> list[Chart]:
    """Chart the ROC curves of all attacks, one chart for each group of targets."""
    groups = list(dict.fromkeys(result.group for result in memberships))
    return [
        _roc_chart([result for result in memberships if result.group == group], claim)
        for group in groups
    ]


def _roc_chart(results: Sequence[MembershipResult], claim: Guarantee | None) -> Chart:
    """Chart the strongest attack first; within the band lie 95% of worthless attacks."""
    curves = {result.attack: result.curve for result in results}
    areas = {name: auc(curve) for name, curve in curves.items()}
    n_members, n_non_members = len(results[0].members), len(results[0].non_members)
    worthless = [null_band(n_members, n_non_members, fpr=float(fpr)) for fpr in _FPRS]
    ceiling = None
    if claim is not None:
        epsilon, delta = claim.epsilon, claim.delta
        allowed = [tpr_ceiling(float(fpr), epsilon=epsilon, delta=delta) for fpr in _FPRS]
        ceiling = (_FPRS, allowed)
    return roc_chart(
        {
            f"{name} (AUC {areas[name]:.3f})": (curves[name].fpr, curves[name].tpr)
            for name in sorted(areas, key=lambda name: -areas[name])
        },
        n_non_members=n_non_members,
        worthless=(_FPRS, [low for low, _ in worthless], [high for _, high in worthless]),
        ceiling=ceiling,
        ceiling_name=f"claimed epsilon {claim.epsilon:g}" if claim else "",
        title=f"{results[0].group}: {n_members} members, {n_non_members} non-members",
    )
