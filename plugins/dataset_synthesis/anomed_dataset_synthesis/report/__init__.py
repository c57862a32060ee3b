"""What a submission is good for, and what it gives away: parts of a page."""

from anomed_dataset_synthesis.report.page import report_parts

__all__ = ["report_parts"]
