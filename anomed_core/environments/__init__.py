"""Libraries that cannot live beside ours: environments of their own, and workers in them."""

from anomed_core.environments.making import (
    environments_folder,
    find_environment,
    install_environment,
    kept_environments,
    remove_environment,
)
from anomed_core.environments.processes import run_limited
from anomed_core.environments.recipes import Environment, Recipe
from anomed_core.environments.workers import Worker
from anomed_core.errors import EnvironmentMissingError, ForeignLibraryError

__all__ = [
    "Environment",
    "EnvironmentMissingError",
    "ForeignLibraryError",
    "Recipe",
    "Worker",
    "environments_folder",
    "find_environment",
    "install_environment",
    "kept_environments",
    "remove_environment",
    "run_limited",
]
