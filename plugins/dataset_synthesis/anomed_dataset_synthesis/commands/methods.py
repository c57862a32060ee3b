"""The methods of synthesis, by the names they have on the command line."""

from collections.abc import Callable
from pathlib import Path

import attrs
import pandas as pd

from anomed_core.environments import (
    Environment,
    Recipe,
    find_environment,
    install_environment,
)
from anomed_dataset_synthesis.external import (
    DPMM,
    MOSTLYAI_ENGINE,
    SMARTNOISE_SYNTH,
    dpmm_priv_bayes,
    smartnoise_mst,
    tabular_argn,
)
from anomed_dataset_synthesis.generators import (
    Bootstrap,
    Copy,
    DPMarginalTree,
    GaussianCopula,
    Generator,
    IndependentColumns,
    SequentialTrees,
)

DEFAULT_EPSILON = 1.0


@attrs.frozen(kw_only=True)
class MethodSettings:
    """Say how methods are to run.

    Attributes
    ----------
    epsilon
        What a differentially private method may spend; None for its default.
    delta
        The same.
    background
        Public records that say where to cut bins and which columns have no gaps.
    workspaces
        Folder for trained models; they are private.
    install
        Whether a missing environment is made.
    max_minutes
        How long a network trains at most.
    """

    epsilon: float | None = None
    delta: float = 1e-5
    background: pd.DataFrame | None = attrs.field(default=None, eq=False, repr=False)
    workspaces: Path
    install: bool = False
    max_minutes: float | None = None

    def environment(self, recipe: Recipe) -> Environment:
        """Find the environment of a library, or make it.

        Raises
        ------
        EnvironmentMissingError
            If there is none, and none may be or can be made.
        """
        return (install_environment if self.install else find_environment)(recipe)


def _tree(settings: MethodSettings) -> Generator:
    return DPMarginalTree(
        epsilon=settings.epsilon or DEFAULT_EPSILON,
        delta=settings.delta,
        background=settings.background,
    )


def _argn(settings: MethodSettings) -> Generator:
    private = {
        "max_epsilon": settings.epsilon,
        "delta": settings.delta,
        "noise_multiplier": 1.5,
        "max_grad_norm": 1.0,
    }
    return tabular_argn(
        settings.environment(MOSTLYAI_ENGINE),
        settings.workspaces,
        max_minutes=settings.max_minutes,
        differential_privacy=private if settings.epsilon else None,
    )


def _mst(settings: MethodSettings) -> Generator:
    return smartnoise_mst(
        settings.environment(SMARTNOISE_SYNTH),
        settings.workspaces,
        epsilon=settings.epsilon or DEFAULT_EPSILON,
        delta=settings.delta,
        background=settings.background,
    )


def _priv_bayes(settings: MethodSettings) -> Generator:
    return dpmm_priv_bayes(
        settings.environment(DPMM),
        settings.workspaces,
        epsilon=settings.epsilon or DEFAULT_EPSILON,
        delta=settings.delta,
        background=settings.background,
    )


METHODS: dict[str, Callable[[MethodSettings], Generator]] = {
    "copy": lambda _: Copy(),
    "bootstrap": lambda _: Bootstrap(),
    "independent-columns": lambda _: IndependentColumns(),
    "gaussian-copula": lambda _: GaussianCopula(),
    "sequential-trees": lambda _: SequentialTrees(),
    "dp-marginal-tree": _tree,
    "tabular-argn": _argn,
    "smartnoise-mst": _mst,
    "dpmm-privbayes": _priv_bayes,
}
"""Makers of generators; the last three are other projects' and run in environments of their own."""

PUBLIC_DOMAIN = ("dp-marginal-tree", "smartnoise-mst", "dpmm-privbayes")
"""Methods whose claim holds only if the codebook was not learnt from the private table."""
