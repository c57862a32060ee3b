"""Where data comes from: sources by scheme, and data that is simulated."""

from anomed_core.datasets.source import DataSource

__all__ = ["DataSource"]
