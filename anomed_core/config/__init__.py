"""The configuration: TOML, environment and command line become frozen classes at the edge."""

from anomed_core.config.settings import (
    AUTH_MODES,
    ChallengeTable,
    Configuration,
    QuotaSettings,
    ServerSettings,
    read_configuration,
)
from anomed_core.config.structuring import structure

__all__ = [
    "AUTH_MODES",
    "ChallengeTable",
    "Configuration",
    "QuotaSettings",
    "ServerSettings",
    "read_configuration",
    "structure",
]
