"""Each fault that is planted in an operation is found and called by its name."""

import re
from pathlib import Path

import pytest

from anomed_core.testing import Outcome, conformance_checks

from .conftest import NOT_OFFERED
from .planted import Planted
from .planted_calls import CALLS, TOLD, UNCHECKED

NUMBERS = Path(__file__).with_name(
    "secret_numbers.py"
)  # a file alone: of a package, all is looked at


@pytest.mark.parametrize("fault", [*CALLS, *TOLD], ids=str)
def test_a_planted_fault_is_named(fault: Planted, planting, tmp_path: Path) -> None:
    finding = planting(fault, "secret_numbers")

    plugin = str(tmp_path / "secret_numbers_planted.py")
    told = re.escape(fault.message.replace("{plugin}", plugin)).replace(r"\{\}", r"\d+")
    assert finding.outcome is Outcome.FAILED
    assert re.search(told, finding.text), finding.text


@pytest.mark.parametrize("fault", UNCHECKED, ids=str)
def test_emptiness_is_not_checked(fault: Planted, planting) -> None:
    finding = planting(fault, "secret_numbers")

    assert finding.outcome is Outcome.UNCHECKED
    assert fault.message in finding.text


def test_the_type_is_sound() -> None:
    findings = [check.find() for check in conformance_checks(str(NUMBERS))]

    missing = {one for one in NOT_OFFERED if "no operation is declared" not in one}
    told = {f"{f.id}: {f.text}" for f in findings if f.outcome is not Outcome.OK}
    skipped = {one for one in told if one.startswith(("attacks-win: ", "nobody-attacked: "))}
    assert told - skipped == missing
    assert {f.looked_at for f in findings} >= {"4 calls of 2 operations", "2 prices", "4 calls"}
