"""Data sets that come with the framework: simulated, so that nobody's data is given away."""

from anomed_core.datasets._hospital_codebook import HOSPITAL_REGISTER
from anomed_core.datasets.codebook import CodebookColumn
from anomed_core.datasets.hospital_register import simulate_hospital_register

__all__ = ["HOSPITAL_REGISTER", "CodebookColumn", "simulate_hospital_register"]
