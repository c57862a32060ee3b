"""Several audits in one plot, for notebooks; one audit plots itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from anomed_supervised_mia.report.figures import Measure, epochs_figure, privacy_utility_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anomed_core.report import Display
    from anomed_supervised_mia.auditing.results import AuditResults


def plot_by_epoch(
    audits: Sequence[AuditResults], *, measure: Measure = "auc", ax: Axes | None = None
) -> Display:
    """Plot how leakage grows with training, a line for each model.

    Parameters
    ----------
    audits : sequence of AuditResults
        With epochs.
    measure : {"auc", "advantage"}
    ax : matplotlib Axes, optional

    Returns
    -------
    Display
        With ``ax_`` and ``figure_``.

    Raises
    ------
    ValueError
        If no audit has an epoch and a result.
    """
    return epochs_figure(audits, measure=measure).plot(ax)


def plot_privacy_utility(
    audits: Sequence[AuditResults], *, measure: Measure = "auc", ax: Axes | None = None
) -> Display:
    """Plot test accuracy against leakage, a line for each model.

    Parameters
    ----------
    audits : sequence of AuditResults
        With test accuracies.
    measure : {"auc", "advantage"}
    ax : matplotlib Axes, optional

    Returns
    -------
    Display
        With ``ax_`` and ``figure_``.

    Raises
    ------
    ValueError
        If no audit has a test accuracy and a result.
    """
    return privacy_utility_figure(audits, measure=measure).plot(ax)
