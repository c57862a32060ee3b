"""Libraries that cannot live beside ours: their environments, and one warm worker for each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from anomed_core.environments import EnvironmentMissingError, Recipe, Worker, find_environment

if TYPE_CHECKING:
    import pandas as pd

_DRIVERS = Path(__file__).parent / "drivers"
_TIMEOUT_S = 600.0
_MEMORY_BYTES = 8 * 2**30

LIBRARIES = Recipe(
    name="dp-query-libraries",
    driver=_DRIVERS / "sql_and_models.py",
    install=(
        (
            "opendp==0.14.2",
            "smartnoise-sql==1.0.10",
            "diffprivlib==0.6.6",
            "scikit-learn==1.7.2",
            "pandas==2.3.3",
            "numpy==2.4.6",
            "pyarrow",
        ),
    ),
)
SYNTHESIS = Recipe(
    name="dp-query-synthesis",
    driver=_DRIVERS / "synthesis.py",
    # torch comes first, or the resolver prefers its CUDA builds
    install=(
        ("torch==2.13.0",),
        ("torch==2.13.0", "smartnoise-synth==1.0.8", "pandas==2.3.3", "pyarrow"),
    ),
)

RECIPES = (LIBRARIES, SYNTHESIS)

_workers: dict[tuple[int, str], Worker] = {}
_starting = Lock()


def missing_environment(recipe: Recipe) -> str | None:
    """Return why a library cannot answer here, as one sentence; ``None`` if it can."""
    try:
        find_environment(recipe)
    except EnvironmentMissingError:
        return (
            f"It is not offered here, as its environment is not installed; the organiser may run "
            f"anomed environments install {recipe.name}."
        )
    return None


def called(
    recipe: Recipe,
    function: str,
    arguments: Mapping[str, Any],
    *,
    tables: Mapping[str, pd.DataFrame],
) -> Any:
    """Call a function of a driver in the warm worker of this process.

    Parameters
    ----------
    recipe
        Whose environment.
    function, arguments, tables
        As for `anomed_core.environments.Worker.call`.

    Raises
    ------
    EnvironmentMissingError, ForeignLibraryError
        If there is none, or it fails.
    """
    # a forked process must not speak through the pipes of its parent
    key = (os.getpid(), recipe.name)
    with _starting:
        worker = _workers.get(key)
        if worker is None:
            worker = Worker(
                find_environment(recipe), timeout_s=_TIMEOUT_S, memory_bytes=_MEMORY_BYTES
            )
            _workers[key] = worker
    return worker.call(function, arguments, tables=tables)
