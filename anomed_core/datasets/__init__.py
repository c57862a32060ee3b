"""Where data comes from: sources by scheme, and simulated data that give nobody away."""

from anomed_core.datasets._hospital_codebook import HOSPITAL_REGISTER
from anomed_core.datasets.hospital_register import simulate_hospital_register

__all__ = ["HOSPITAL_REGISTER", "simulate_hospital_register"]
