"""The type keeps the contract between the core and its plugins: every check of the kit."""

import pytest

from anomed_core.testing import Check, conformance_checks


@pytest.mark.parametrize("check", conformance_checks("dp-query"))
def test_conformance(check: Check) -> None:
    check()
