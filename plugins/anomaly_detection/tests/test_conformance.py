"""The type keeps the contract between the core and its plugins: every check of the kit."""

import pytest
from anomed_anomaly_detection.plugin import _DIGITS, _PAIR

from anomed_core.testing import Check, conformance_checks

SMALL = {
    "data": {**_DIGITS, "copies": 3},
    "tasks": {"pair": {**_PAIR, "options": {**_PAIR["options"], "p_backdoor": 0.25}}},
    "recipe": {"epochs": 40},
    "floors": {"success_cycle": 0.4},
    "entries": ["mahalanobis"],
    "panel": ["mahalanobis"],
}
"""The demo with less training and fewer detectors, as many servers are opened."""


@pytest.mark.parametrize("check", conformance_checks("anomaly-detection", config=SMALL))
def test_conformance(check: Check) -> None:
    check()
