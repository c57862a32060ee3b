"""Baseline anonymizers: reference models from leaky to differentially private."""
