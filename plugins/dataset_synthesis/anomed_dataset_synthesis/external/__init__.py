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
from anomed_dataset_synthesis.external.finding import find_generator
from anomed_dataset_synthesis.external.generator import (
    ExternalGenerator,
    FittedExternalGenerator,
    dpmm_priv_bayes,
    smartnoise_mst,
    tabular_argn,
)
from anomed_dataset_synthesis.external.served import FittedServedGenerator, ServedGenerator

__all__ = [
    "DPMM",
    "MOSTLYAI_ENGINE",
    "SMARTNOISE_SYNTH",
    "Environment",
    "EnvironmentMissingError",
    "ExternalGenerator",
    "ExternalGeneratorError",
    "FittedExternalGenerator",
    "FittedServedGenerator",
    "Recipe",
    "ServedGenerator",
    "create_environment",
    "dpmm_priv_bayes",
    "find_environment",
    "find_generator",
    "smartnoise_mst",
    "tabular_argn",
]
