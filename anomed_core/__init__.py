"""A plugin-based framework for privacy challenges.

Everything a plugin or an organiser's script needs is importable from here; modules below are the
core's own. Names are imported when they are used, so that the command line stays fast.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

from anomed_core.version import __version__

if TYPE_CHECKING:
    from anomed_core.application import create_app
    from anomed_core.config import ServerSettings
    from anomed_core.datasets import DataSource, simulate_hospital_register
    from anomed_core.delivery import DeliveryContext
    from anomed_core.demonstration import DemoSession
    from anomed_core.errors import ConfigError, SubmissionRejected, UsageError
    from anomed_core.hookspecs import hookimpl
    from anomed_core.model import (
        ANONYMIZER,
        DATA_SPLIT,
        DEANONYMIZER,
        PAIR,
        ArraySchema,
        ArraysSchema,
        Baseline,
        Challenge,
        ChallengeSpec,
        ChallengeType,
        ColumnSchema,
        Criterion,
        DataProduct,
        DataRequest,
        DemoConfig,
        Direction,
        FormPart,
        FormSchema,
        Gate,
        HouseAttack,
        HouseEntry,
        JSONSchema,
        Meaning,
        Metric,
        Parameter,
        Phase,
        Purpose,
        Quality,
        Ranking,
        ReportSection,
        Role,
        Score,
        ShownRanking,
        Split,
        Subject,
        Submission,
        SubmissionKind,
        TableSchema,
        Take,
        Target,
        TextSchema,
        alternatives,
    )
    from anomed_core.plugins import CreationContext, ExtensionPoint, extension_points
    from anomed_core.sampling import Lottery
    from anomed_core.system.threads import one_thread
    from anomed_core.wire import decode_npz, encode_npz

_HOMES = {
    "anomed_core.application": ("create_app",),
    "anomed_core.config": ("ServerSettings",),
    "anomed_core.datasets": ("DataSource", "simulate_hospital_register"),
    "anomed_core.delivery": ("DeliveryContext",),
    "anomed_core.demonstration": ("DemoSession",),
    "anomed_core.errors": ("ConfigError", "SubmissionRejected", "UsageError"),
    "anomed_core.hookspecs": ("hookimpl",),
    "anomed_core.model": (
        "ANONYMIZER",
        "DATA_SPLIT",
        "DEANONYMIZER",
        "PAIR",
        "ArraySchema",
        "ArraysSchema",
        "Baseline",
        "Challenge",
        "ChallengeSpec",
        "ChallengeType",
        "ColumnSchema",
        "DemoConfig",
        "Criterion",
        "DataProduct",
        "DataRequest",
        "Direction",
        "FormPart",
        "FormSchema",
        "Gate",
        "HouseAttack",
        "HouseEntry",
        "JSONSchema",
        "Meaning",
        "Metric",
        "Parameter",
        "Phase",
        "Purpose",
        "Quality",
        "Ranking",
        "ReportSection",
        "Role",
        "Score",
        "ShownRanking",
        "Split",
        "Subject",
        "Submission",
        "SubmissionKind",
        "TableSchema",
        "Take",
        "Target",
        "TextSchema",
        "alternatives",
    ),
    "anomed_core.plugins": ("CreationContext", "ExtensionPoint", "extension_points"),
    "anomed_core.sampling": ("Lottery",),
    "anomed_core.system.threads": ("one_thread",),
    "anomed_core.wire": ("decode_npz", "encode_npz"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ANONYMIZER",
    "DATA_SPLIT",
    "DEANONYMIZER",
    "PAIR",
    "ArraySchema",
    "ArraysSchema",
    "Baseline",
    "Challenge",
    "ChallengeSpec",
    "ChallengeType",
    "ColumnSchema",
    "ConfigError",
    "CreationContext",
    "Criterion",
    "DataProduct",
    "DataRequest",
    "DataSource",
    "DeliveryContext",
    "DemoConfig",
    "DemoSession",
    "Direction",
    "ExtensionPoint",
    "FormPart",
    "FormSchema",
    "Gate",
    "HouseAttack",
    "HouseEntry",
    "JSONSchema",
    "Lottery",
    "Meaning",
    "Metric",
    "Parameter",
    "Phase",
    "Purpose",
    "Quality",
    "Ranking",
    "ReportSection",
    "Role",
    "Score",
    "ServerSettings",
    "ShownRanking",
    "Split",
    "Subject",
    "Submission",
    "SubmissionKind",
    "SubmissionRejected",
    "TableSchema",
    "Take",
    "Target",
    "TextSchema",
    "UsageError",
    "__version__",
    "alternatives",
    "create_app",
    "decode_npz",
    "encode_npz",
    "extension_points",
    "hookimpl",
    "one_thread",
    "simulate_hospital_register",
]


_RENAMED = {"Competition": "DemoConfig"}
"""Names of older plugins, which keep working until the second minor version after the change."""


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        new = _RENAMED[name]
        warnings.warn(f"anomed_core.{name} is {new} now", DeprecationWarning, stacklevel=2)
        return __getattr__(new)
    if name in _HOME_OF:
        value = getattr(importlib.import_module(_HOME_OF[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
