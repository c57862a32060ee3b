"""A type and an extension that adds a submission kind to it keep the contract together."""

import pytest

import anomed_core as anomed
from anomed_core.testing import Check, conformance_checks
from tests import adding_extension, extended_type
from tests.extended_type import is_positive


@pytest.mark.parametrize(
    "check", conformance_checks(extended_type, extensions=[adding_extension]), ids=str
)
def test_both_together_keep_the_contract(check: Check) -> None:
    check()


class Showing:
    """An extension that shows how to win the attack of the type itself."""

    ANOMED_API = 1

    @anomed.hookimpl
    def anomed_baselines(self, challenge):
        """Know the answer, which does for a test."""
        return [
            anomed.Baseline(
                name="known",
                kind="deanonymizer",
                quality="attack",
                payload=lambda products: is_positive(challenge, products.request.split),
            )
        ]


def test_an_attack_that_nobody_shows_to_win_is_named() -> None:
    checks = conformance_checks(extended_type, extensions=[adding_extension, Showing()])
    (check,) = (one for one in checks if one.id == "attacks-win")

    assert check.find().looked_at == "1 attacks, of sizes none"
