"""Generators of other projects, each in an environment of its own, spoken to as subprocesses."""

from anomed_dataset_synthesis.external.environment import (
    DPMM,
    MOSTLYAI_ENGINE,
    SMARTNOISE_SYNTH,
    Environment,
    EnvironmentMissingError,
    ExternalGeneratorError,
    Recipe,
    create_environment,
    find_environment,
)
from anomed_dataset_synthesis.external.generator import (
    ExternalGenerator,
    FittedExternalGenerator,
    dpmm_priv_bayes,
    smartnoise_mst,
    tabular_argn,
)

__all__ = [
    "DPMM",
    "MOSTLYAI_ENGINE",
    "SMARTNOISE_SYNTH",
    "Environment",
    "EnvironmentMissingError",
    "ExternalGenerator",
    "ExternalGeneratorError",
    "FittedExternalGenerator",
    "Recipe",
    "create_environment",
    "dpmm_priv_bayes",
    "find_environment",
    "smartnoise_mst",
    "tabular_argn",
]
