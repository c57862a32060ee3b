"""The configuration: TOML, environment and command line become frozen classes at the edge."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anomed_core.config.settings import (
        ChallengeTable,
        Configuration,
        QuotaSettings,
        ServerSettings,
        read_configuration,
    )
    from anomed_core.config.structuring import structure

__all__ = [
    "ChallengeTable",
    "Configuration",
    "QuotaSettings",
    "ServerSettings",
    "read_configuration",
    "structure",
]


def __getattr__(name: str) -> Any:
    """Import on first use: the command line imports this package before it knows the command."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "structuring" if name == "structure" else "settings"
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
