"""How a published table looks, for people: its cells in words, and its figures."""

from anomed_dataset_anonymization.report.figures import class_sizes_chart, column_charts
from anomed_dataset_anonymization.report.readable import readable_frame, readable_table

__all__ = ["class_sizes_chart", "column_charts", "readable_frame", "readable_table"]
