"""The type keeps the contract between the core and its plugins: every check of the kit."""

import pytest

from anomed_core.testing import Check, conformance_checks

SMALL = {
    "title": "A small register",
    "data": {"source": "simulated:hospital-register?n=6000&seed=7"},
    "secrets": ["outcome"],
    "targets": 100,
    "tasks": 1,
}


@pytest.mark.parametrize("check", conformance_checks("dataset-synthesis", config=SMALL))
def test_conformance(check: Check) -> None:
    check()
