"""One HTML page per submission: what it is good for, and what it gives away."""

from anomed_dataset_synthesis.report.page import report_page

__all__ = ["report_page"]
