"""The type keeps the contract between the core and its plugins: every check of the kit."""

import pytest

from anomed_core.testing import Check, conformance_checks

SMALL = {
    "title": "A small register",
    "data": {"source": "simulated:hospital-register?n=1500&seed=7"},
    "predict": "admission_type",
    "n_targets": 100,
    "n_queries": 100,
}


@pytest.mark.parametrize("check", conformance_checks("dataset-anonymization", config=SMALL))
def test_conformance(check: Check) -> None:
    check()
