"""The test bench for plugins: conformance checks, a participant's client, a platform's double.

Names are imported when they are used, so that a test run that uses none of them pays nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anomed_core.testing.checks.failure import ConformanceError
    from anomed_core.testing.client import Answer, AnswerError, ChallengeClient
    from anomed_core.testing.conformance import (
        Check,
        Finding,
        Outcome,
        conformance_checks,
        conformance_test,
    )
    from anomed_core.testing.hostile import hostile_uploads
    from anomed_core.testing.platform import FakePlatform, listening_platform
    from anomed_core.testing.plugin_under_test import served

_HOMES = {
    "Answer": "client",
    "AnswerError": "client",
    "ChallengeClient": "client",
    "Check": "conformance",
    "ConformanceError": "checks.failure",
    "FakePlatform": "platform",
    "Finding": "conformance",
    "Outcome": "conformance",
    "conformance_checks": "conformance",
    "conformance_test": "conformance",
    "hostile_uploads": "hostile",
    "listening_platform": "platform",
    "served": "plugin_under_test",
}

__all__ = [
    "Answer",
    "AnswerError",
    "ChallengeClient",
    "Check",
    "ConformanceError",
    "FakePlatform",
    "Finding",
    "Outcome",
    "conformance_checks",
    "conformance_test",
    "hostile_uploads",
    "listening_platform",
    "served",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
