"""Where data comes from: sources by scheme, and simulated data that give nobody away."""

from anomed_core.datasets._hospital_codebook import HOSPITAL_REGISTER
from anomed_core.datasets.codebook import CodebookColumn
from anomed_core.datasets.hospital_register import simulate_hospital_register
from anomed_core.datasets.source import DataSource

__all__ = ["HOSPITAL_REGISTER", "CodebookColumn", "DataSource", "simulate_hospital_register"]
