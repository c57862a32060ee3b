"""Each fault that is planted in a copy of the scaffold is found, and called by its name."""

import pytest

from anomed_core.testing import Outcome

from .conftest import Scaffolded
from .faults import Fault, faults

MEASURE = """anomed.Metric.of(
                    mean_absolute_error, name="mae","""
UNMEASURED = 'anomed.Metric(\n                    name="mae",'


@pytest.mark.parametrize("fault", list(faults()), ids=str)
def test_a_planted_fault_is_named(fault: Fault, scaffolded: Scaffolded, findings_of) -> None:
    name = f"fault-{fault.name}"
    plugin = scaffolded(name) / "plugin.py"
    source = plugin.read_text()
    assert fault.replaced in source
    faulty = source.replace(fault.replaced, fault.by)
    faulty = faulty.replace(
        "def anomed_validate_submission(submission)",
        "def anomed_validate_submission(challenge, submission)",
    )
    if "def anomed_evaluate_utility" in faulty:  # the hook gives what has no measure
        assert MEASURE in faulty
        faulty = faulty.replace(MEASURE, UNMEASURED)
    plugin.write_text(faulty)

    (finding,) = findings_of(name, (fault.check,))

    assert finding.outcome is Outcome.FAILED
    assert fault.message in finding.text
