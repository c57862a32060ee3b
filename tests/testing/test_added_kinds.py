"""A type and an extension that adds a submission kind to it keep the contract together."""

import pytest

from anomed_core.testing import Check, conformance_checks
from tests import adding_extension, extended_type


@pytest.mark.parametrize(
    "check", conformance_checks(extended_type, extensions=[adding_extension]), ids=str
)
def test_both_together_keep_the_contract(check: Check) -> None:
    check()
