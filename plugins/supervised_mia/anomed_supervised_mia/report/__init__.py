"""A report on audits: figures that draw themselves, and one HTML page."""

from anomed_supervised_mia.report.figures import (
    epochs_figure,
    privacy_utility_figure,
    roc_figure,
    scores_figure,
    slices_figure,
)
from anomed_supervised_mia.report.page import render_report, report_parts, write_report
from anomed_supervised_mia.report.plots import plot_by_epoch, plot_privacy_utility

__all__ = [
    "epochs_figure",
    "plot_by_epoch",
    "plot_privacy_utility",
    "privacy_utility_figure",
    "render_report",
    "report_parts",
    "roc_figure",
    "scores_figure",
    "slices_figure",
    "write_report",
]
