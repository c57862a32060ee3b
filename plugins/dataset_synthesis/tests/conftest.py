"""A simulated population whose columns hang together, cut into the tables of a round."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables, canonicalise
from anomed_dataset_synthesis.table.codebook import Codebook
from anomed_dataset_synthesis.table.inference import infer_codebook

N_EACH = 1_500
CENSUS = ("training", "control", "background")
Maker = Callable[[np.random.Generator], CanonicalTable]


def simulate(n_records: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw records: numbers, a nearly unique number, categories rare and frequent, missing ones."""
    kind = rng.choice(3, n_records, p=[0.6, 0.3, 0.1])
    age = np.clip(rng.normal(30 + 15 * kind, 8), 18, 90).round().astype(int)
    weight = np.clip(rng.normal(60 + 0.3 * age, 12), 30, 150).round(1)
    weight[rng.random(n_records) < 0.05] = np.nan
    visits = np.where(rng.random(n_records) < 0.7, 0, rng.poisson(1 + 2 * kind))
    job = (rng.geometric(0.35, n_records) - 1 + 2 * kind) % 9
    outcome = rng.random(n_records) < 1 / (1 + np.exp(-(age - 50) / 5 - (job - 4)))
    return pd.DataFrame(
        {
            "age": age,
            "weight": weight,
            "visits": visits,
            "number": rng.integers(0, 1_000_000, n_records),
            "region": np.array(["north", "south", "east"])[
                (kind + rng.integers(0, 2, n_records)) % 3
            ],
            "job": np.array([f"job {place}" for place in range(9)])[job],
            "outcome": np.where(outcome, "yes", "no"),
        }
    )


@pytest.fixture(scope="session")
def simulator() -> Callable[[int, np.random.Generator], pd.DataFrame]:
    return simulate


@pytest.fixture(scope="session")
def population() -> pd.DataFrame:
    return simulate(3 * N_EACH, np.random.default_rng(20_240_101))


@pytest.fixture(scope="session")
def codebook(population: pd.DataFrame) -> Codebook:
    return infer_codebook(population, steps={"weight": 0.1})


@pytest.fixture(scope="session")
def real(population: pd.DataFrame, codebook: Codebook) -> RealTables:
    table = canonicalise(population, codebook)
    parts = [table.take(np.arange(start, start + N_EACH)) for start in range(0, 3 * N_EACH, N_EACH)]
    return RealTables(training=parts[0], non_members=parts[1], background=parts[2])


def shuffled_columns(table: CanonicalTable, rng: np.random.Generator) -> CanonicalTable:
    """Keep every column and break all ties between them."""
    return CanonicalTable(codebook=table.codebook, levels=rng.permuted(table.levels, axis=0))


@pytest.fixture(scope="session")
def independent() -> Callable[[CanonicalTable, np.random.Generator], CanonicalTable]:
    return shuffled_columns


@pytest.fixture(scope="session")
def census_folder() -> Path:
    folder = os.environ.get("ANOMED_TEST_DATA")
    if not folder:
        pytest.skip("the census tables are not here: set ANOMED_TEST_DATA to their folder")
    return Path(folder)


@pytest.fixture(scope="session")
def census(census_folder: Path) -> RealTables:
    names = ("train", "control", "background")
    frames = [pd.read_parquet(census_folder / f"census_{name}.parquet") for name in names]
    book = infer_codebook(pd.concat(frames))
    tables = [canonicalise(frame, book) for frame in frames]
    return RealTables(training=tables[0], non_members=tables[1], background=tables[2])
