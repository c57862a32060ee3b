"""A report on audits: one HTML page, and its figures one by one."""

from anomed_supervised_mia.report.figures import (
    Participant,
    epochs_figure,
    privacy_utility_figure,
    roc_figure,
    slices_figure,
)
from anomed_supervised_mia.report.page import render_fragment, render_report, write_report

__all__ = [
    "Participant",
    "epochs_figure",
    "privacy_utility_figure",
    "render_fragment",
    "render_report",
    "roc_figure",
    "slices_figure",
    "write_report",
]
