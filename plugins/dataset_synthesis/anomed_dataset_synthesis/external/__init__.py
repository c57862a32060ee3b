"""Generators of other projects, each in an environment of its own, behind workers."""

from anomed_dataset_synthesis.external.finding import find_generator
from anomed_dataset_synthesis.external.generator import (
    ExternalGenerator,
    FittedExternalGenerator,
    dpmm_priv_bayes,
    smartnoise_mst,
    tabular_argn,
)
from anomed_dataset_synthesis.external.recipes import (
    DPMM,
    MOSTLYAI_ENGINE,
    RECIPES,
    SMARTNOISE_SYNTH,
)
from anomed_dataset_synthesis.external.served import FittedServedGenerator, ServedGenerator

__all__ = [
    "DPMM",
    "MOSTLYAI_ENGINE",
    "RECIPES",
    "SMARTNOISE_SYNTH",
    "ExternalGenerator",
    "FittedExternalGenerator",
    "FittedServedGenerator",
    "ServedGenerator",
    "dpmm_priv_bayes",
    "find_generator",
    "smartnoise_mst",
    "tabular_argn",
]
