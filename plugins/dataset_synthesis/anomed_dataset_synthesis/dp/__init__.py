"""Differential privacy: budgets and claims of privacy, exactly."""
