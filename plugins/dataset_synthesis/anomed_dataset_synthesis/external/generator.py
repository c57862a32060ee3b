"""Wrap a library in an environment of its own as a generator like any other."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
from attrs import validators

from anomed_core.environments import Environment, Worker
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.generators._binning import Bins, cut
from anomed_dataset_synthesis.generators._levels import (
    Levels,
    publish,
    read_donors,
    read_table,
)
from anomed_dataset_synthesis.generators._public_gaps import without_new_gaps
from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise, to_frame
from anomed_dataset_synthesis.table.codebook import Codebook


@attrs.frozen(kw_only=True)
class ExternalGenerator:
    """Fit and sample a library by the functions ``fit`` and ``sample`` of its driver.

    Attributes
    ----------
    environment
        Where the library is installed.
    workspaces
        Folder in which each fit makes a folder for its model. It holds private data and is the
        caller's to delete.
    options
        What the library's driver understands.
    n_bins
        Bins for long numeric scales, for libraries that only take categories; they are given
        codes of a public domain. ``None`` for libraries that take values as they are.
    background
        Public records, which show the columns that have no gaps.
    timeout_s
        Time limit of a fit, and of a sample.
    """

    name: str
    environment: Environment
    workspaces: Path
    options: Mapping[str, Any] = attrs.field(factory=dict)
    n_bins: int | None = None
    background: pd.DataFrame | None = attrs.field(default=None, eq=False, repr=False)
    timeout_s: float = attrs.field(default=3_600.0, validator=validators.gt(0.0))
    guarantee: Guarantee | None = None

    def fit(
        self, table: pd.DataFrame, codebook: Codebook, *, rng: np.random.Generator
    ) -> "FittedExternalGenerator":
        """Train in the library's environment. See `Generator.fit`.

        Raises
        ------
        ValueError
            If the table doesn't fit the codebook or has no records.
        ForeignLibraryError
            If the library fails or runs out of time.
        """
        private = CanonicalTable(codebook=codebook, levels=read_donors(table, codebook))
        if self.background is not None:
            public = read_table(self.background, codebook)
            private = without_new_gaps(private, public, rng=rng)
            codebook = private.codebook
        handed, bins = self._hand_over(private.levels, codebook)
        self.workspaces.mkdir(parents=True, exist_ok=True)
        workspace = Path(tempfile.mkdtemp(prefix="model-", dir=self.workspaces)).absolute()
        arguments = {
            "model": str(workspace / "model"),
            "options": dict(self.options),
            "domain": {} if bins is None else _domain(codebook, bins),
            "seed": int(rng.integers(2**31)),
        }
        start = time.perf_counter()
        with Worker(self.environment, timeout_s=self.timeout_s) as worker:
            report = worker.call("fit", arguments, tables={"table": handed})
        report["seconds"] = time.perf_counter() - start
        return FittedExternalGenerator(
            codebook=codebook,
            environment=self.environment,
            workspace=workspace,
            bins=bins,
            timeout_s=self.timeout_s,
            report=report,
            guarantee=self.guarantee or _reported_guarantee(report),
        )

    def _hand_over(
        self, levels: Levels, codebook: Codebook
    ) -> tuple[pd.DataFrame, tuple[Bins, ...] | None]:
        """Write values for libraries that take them, codes and their meaning for the others."""
        if self.n_bins is None:
            return publish(levels, codebook), None
        bins = cut(codebook, n_bins=self.n_bins)
        codes = {name: bins[j].codes(levels[:, j]) for j, name in enumerate(codebook.names)}
        return pd.DataFrame(codes), bins


@attrs.frozen(kw_only=True)
class FittedExternalGenerator:
    """Sample a trained library.

    Attributes
    ----------
    codebook
        The columns.
    environment
        Where the library is installed.
    workspace
        The folder that holds its model.
    bins
        How codes become levels again, where the library was given codes.
    timeout_s
        Time limit of a sample.
    report
        What the library said of its training: versions, epochs, seconds, epsilon, delta.
    guarantee
        What the library claims.
    """

    codebook: Codebook
    environment: Environment
    workspace: Path
    bins: tuple[Bins, ...] | None
    timeout_s: float
    report: Mapping[str, Any]
    guarantee: Guarantee | None

    def sample(self, n_records: int, *, rng: np.random.Generator) -> pd.DataFrame:
        """Draw records. See `FittedGenerator.sample`.

        Raises
        ------
        ValueError
            If the library's records don't fit the codebook.
        ForeignLibraryError
            If the library fails or runs out of time.
        """
        arguments = {
            "model": str(self.workspace / "model"),
            "n_records": max(n_records, 1),
            "seed": int(rng.integers(2**31)),
        }
        with Worker(self.environment, timeout_s=self.timeout_s) as worker:
            answered: pd.DataFrame = worker.call("sample", arguments)
        sampled = answered.head(n_records).reset_index(drop=True)
        if self.bins is None:
            return to_frame(canonicalise(sampled, self.codebook, outside="recode"))
        levels = [
            cuts.levels(sampled[name].to_numpy(np.int64), rng=rng)
            for name, cuts in zip(self.codebook.names, self.bins, strict=True)
        ]
        return publish(np.column_stack(levels), self.codebook)


def tabular_argn(
    environment: Environment,
    workspaces: Path,
    *,
    name: str = "TabularARGN",
    max_epochs: int | None = None,
    max_minutes: float | None = None,
    differential_privacy: Mapping[str, float | None] | None = None,
    timeout_s: float = 3_600.0,
) -> ExternalGenerator:
    """Configure mostlyai-engine's autoregressive network [1]_.

    Parameters
    ----------
    environment
        Made by the recipe `MOSTLYAI_ENGINE`.
    workspaces
        Where models are kept.
    name
        For tables of results.
    max_epochs
        Epochs to train at most, by default until the validation loss stops falling.
    max_minutes
        Wall-clock minutes to train at most.
    differential_privacy
        `DifferentialPrivacyConfig` by its fields: max_epsilon, delta, noise_multiplier,
        max_grad_norm, value_protection_epsilon. The epsilon that was spent is known after
        training; the validation records that stop the training are not part of it.
    timeout_s
        Time limit of a fit, and of a sample.

    Returns
    -------
    ExternalGenerator
        Not yet run.

    References
    ----------
    .. [1] P. Tiwald, I. Krchova, A. Sidorenko, M. Vargas Vieyra, M. Scriminaci, M. Platzer,
       "TabularARGN: A Flexible and Efficient Auto-Regressive Framework for Generating
       High-Fidelity Synthetic Data", 2025, arXiv:2501.12012.
    """
    options = {
        "max_epochs": max_epochs,
        "max_minutes": max_minutes,
        "differential_privacy": dict(differential_privacy) if differential_privacy else None,
    }
    return ExternalGenerator(
        name=name,
        environment=environment,
        workspaces=workspaces,
        options=options,
        timeout_s=timeout_s,
    )


def smartnoise_mst(
    environment: Environment,
    workspaces: Path,
    *,
    epsilon: float,
    delta: float = 1e-5,
    n_bins: int = 20,
    background: pd.DataFrame | None = None,
    timeout_s: float = 3_600.0,
) -> ExternalGenerator:
    """Configure smartnoise-synth's maximum spanning tree, on codes of the public domain.

    Parameters
    ----------
    environment
        Made by the recipe `SMARTNOISE_SYNTH`.
    workspaces
        Where models are kept.
    epsilon, delta
        The guarantee to ask for.
    n_bins
        Bins for long numeric scales.
    background
        Public records, which show the columns that have no gaps.
    timeout_s
        Time limit of a fit, and of a sample.

    Returns
    -------
    ExternalGenerator
        Not yet run. Its noise can't be seeded, so runs differ.
    """
    return ExternalGenerator(
        name="smartnoise MST",
        environment=environment,
        workspaces=workspaces,
        options={"epsilon": epsilon, "delta": delta},
        n_bins=n_bins,
        background=background,
        timeout_s=timeout_s,
        guarantee=Guarantee(
            epsilon=epsilon,
            delta=delta,
            accountant="smartnoise-synth: zCDP",
            public_inputs=_public_inputs(background),
        ),
    )


def dpmm_priv_bayes(
    environment: Environment,
    workspaces: Path,
    *,
    epsilon: float,
    delta: float = 1e-5,
    n_bins: int = 20,
    background: pd.DataFrame | None = None,
    timeout_s: float = 3_600.0,
) -> ExternalGenerator:
    """Configure dpmm's PrivBayes, on codes of the public domain.

    Parameters
    ----------
    environment
        Made by the recipe `DPMM`.
    workspaces
        Where models are kept.
    epsilon, delta
        The guarantee to ask for.
    n_bins
        Bins for long numeric scales.
    background
        Public records, which show the columns that have no gaps.
    timeout_s
        Time limit of a fit, and of a sample.

    Returns
    -------
    ExternalGenerator
        Not yet run.
    """
    return ExternalGenerator(
        name="dpmm PrivBayes",
        environment=environment,
        workspaces=workspaces,
        options={"epsilon": epsilon, "delta": delta},
        n_bins=n_bins,
        background=background,
        timeout_s=timeout_s,
        guarantee=Guarantee(
            epsilon=epsilon,
            delta=delta,
            accountant="dpmm: zCDP",
            public_inputs=_public_inputs(background),
        ),
    )


def _public_inputs(background: pd.DataFrame | None) -> tuple[str, ...]:
    known = ("codebook", "number of records")
    return known if background is None else (*known, "background table")


def _domain(codebook: Codebook, bins: tuple[Bins, ...]) -> dict[str, int]:
    return {name: cuts.n_codes for name, cuts in zip(codebook.names, bins, strict=True)}


def _reported_guarantee(report: Mapping[str, Any]) -> Guarantee | None:
    if report.get("epsilon") is None:
        return None
    return Guarantee(
        epsilon=report["epsilon"],
        delta=report["delta"],
        accountant=report["accountant"],
        public_inputs=tuple(report["public_inputs"]),
    )
