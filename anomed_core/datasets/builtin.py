"""The data sources that come with the core; registered exactly as a third party's would be."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from zipfile import BadZipFile

import numpy as np

from anomed_core.datasets.files import (
    existing_file,
    fingerprint_of_file,
    fingerprint_of_table,
    table_of_file,
)
from anomed_core.errors import UsageError
from anomed_core.hookspecs import API, hookimpl
from anomed_core.model.codebook import CodebookColumn
from anomed_core.model.data_source import DataSource

ANOMED_API = API

SKLEARN_SETS = ("breast_cancer", "diabetes", "digits", "iris", "wine")
"""Data sets that scikit-learn carries, so that nothing is downloaded."""

_REGISTER = "hospital-register"
_REGISTER_DEFAULTS = {"n": 20_000, "seed": 7}
_MOST_SIMULATED = 10_000_000


@hookimpl
def anomed_data_sources() -> list[DataSource]:
    """Offer files, scikit-learn's bundled sets, and simulated registers."""
    return [
        DataSource(
            scheme="npz",
            description="path of an npz file with arrays X and y",
            arrays=_npz_arrays,
            fingerprint=fingerprint_of_file,
        ),
        DataSource(
            scheme="parquet",
            description="path of a parquet file, and how to read it: people.parquet?index=drop",
            table=table_of_file,
            reads_kinds=True,
            fingerprint=fingerprint_of_table,
        ),
        DataSource(
            scheme="csv",
            description="path of a CSV file with a header line, and how to read it: "
            "people.csv?decimal=,&na_values=NA&kind:zip=text",
            table=table_of_file,
            reads_kinds=True,
            fingerprint=fingerprint_of_table,
        ),
        DataSource(
            scheme="sklearn",
            description=f"a bundled data set: {', '.join(SKLEARN_SETS)}",
            arrays=_sklearn_arrays,
            table=_sklearn_table,
        ),
        DataSource(
            scheme="simulated",
            description="a simulated register with its size and seed: "
            "hospital-register?n=20000&seed=7",
            table=_simulated_table,
            codebook=_simulated_codebook,
        ),
    ]


# What numpy raises for other files, for broken archives, and for those that it cannot unpack.
_NO_NPZ = (ValueError, OSError, TypeError, EOFError, RuntimeError, BadZipFile, zlib.error)


def _npz_arrays(reference: str) -> Mapping[str, np.ndarray]:
    path = existing_file(reference)
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except _NO_NPZ as error:
        raise UsageError(f"{path} is not an npz file of plain arrays: {error}") from error


def _sklearn_loader(reference: str) -> Any:
    if reference not in SKLEARN_SETS:
        raise UsageError(
            f"scikit-learn bundles no data set {reference!r}; choose one of "
            f"{', '.join(SKLEARN_SETS)}"
        )
    import sklearn.datasets

    return getattr(sklearn.datasets, f"load_{reference}")


def _sklearn_arrays(reference: str) -> Mapping[str, np.ndarray]:
    bunch = _sklearn_loader(reference)()
    return {"X": bunch.data, "y": bunch.target}


def _sklearn_table(reference: str) -> Any:
    return _sklearn_loader(reference)(as_frame=True).frame


def _simulated_table(reference: str) -> Any:
    from anomed_core.datasets.hospital_register import simulate_hospital_register

    chosen = _register_options(reference)
    return simulate_hospital_register(chosen["n"], rng=np.random.default_rng(chosen["seed"]))


def _simulated_codebook(reference: str) -> tuple[CodebookColumn, ...]:
    from anomed_core.datasets._hospital_codebook import HOSPITAL_REGISTER

    _register_options(reference)
    return HOSPITAL_REGISTER


def _register_options(reference: str) -> dict[str, int]:
    name, _, query = reference.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    if name != _REGISTER or not set(given) <= set(_REGISTER_DEFAULTS):
        raise UsageError(
            f"there is no simulation {reference!r}; write simulated:{_REGISTER}?n=20000&seed=7"
        )
    if not all(value.isascii() and value.isdigit() for value in given.values()):
        raise UsageError(f"n and seed of {reference!r} must be whole numbers from 0")
    chosen = _REGISTER_DEFAULTS | {key: int(value) for key, value in given.items()}
    if not 1 <= chosen["n"] <= _MOST_SIMULATED:
        raise UsageError(f"n of {reference!r} must be from 1 to {_MOST_SIMULATED}")
    return chosen
