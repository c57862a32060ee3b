"""Anonymized tables against re-identification: a challenge type for anomed-core.

The names are those of anomed-challenge. They are imported when they are used: finding the plugin
must not load pandas.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.server import (
        tabular_data_reconstruction_challenge_server_factory,
    )
    from anomed_dataset_anonymization.challenge.upstream import (
        AnonymizationScheme,
        TabularDataReconstructionChallenge,
    )

_HOME_OF = {
    "AnonymizationScheme": "challenge.upstream",
    "TabularDataReconstructionChallenge": "challenge.upstream",
    "tabular_data_reconstruction_challenge_server_factory": "challenge.server",
}

__all__ = [
    "AnonymizationScheme",
    "TabularDataReconstructionChallenge",
    "tabular_data_reconstruction_challenge_server_factory",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        module = importlib.import_module(f"{__name__}.{_HOME_OF[name]}")
        value = getattr(module, name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
