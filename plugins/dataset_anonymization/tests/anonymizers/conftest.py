"""A simulated ward, and the public tables that anonymizers are compared on."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import TableSchema

from anomed_core.datasets import HOSPITAL_REGISTER, simulate_hospital_register


@pytest.fixture(scope="session")
def register():
    patients = simulate_hospital_register(1_500, rng=np.random.default_rng(11))
    record_ids = np.random.default_rng(12).permutation(100_000)[: len(patients)]
    return patients.set_axis(pd.Index(record_ids, name="record_id"), axis="index")


@pytest.fixture(scope="session")
def schema():
    return TableSchema.from_document(
        {"columns": [column.to_document() for column in HOSPITAL_REGISTER]}
    )


@pytest.fixture
def rng():
    return np.random.default_rng(20_261)


@pytest.fixture(scope="session")
def public_tables():
    """The folder of public tables that are not part of the repository."""
    folder = os.environ.get("ANOMED_TEST_DATA")
    if folder is None:
        pytest.skip("set ANOMED_TEST_DATA to the folder of public test tables")
    return Path(folder)


@pytest.fixture(scope="session")
def adult(public_tables):
    """UCI Adult, training part: 32,561 rows, doi:10.24432/C5XW20."""
    names = [
        "age",
        "workclass",
        "fnlwgt",
        "education",
        "education-num",
        "marital-status",
        "occupation",
        "relationship",
        "race",
        "sex",
        "capital-gain",
        "capital-loss",
        "hours-per-week",
        "native-country",
        "salary-class",
    ]
    return pd.read_csv(
        public_tables / "adult.data.gz", header=None, names=names, skipinitialspace=True
    )


@pytest.fixture(scope="session")
def adult_points(adult):
    """Eight quasi-identifiers of the complete rows; names as codes in order of appearance."""
    complete = adult[(adult != "?").all(axis=1)]
    names = [
        "age",
        "workclass",
        "education-num",
        "marital-status",
        "occupation",
        "race",
        "sex",
        "native-country",
    ]
    return np.stack(
        [
            complete[name] if complete[name].dtype == np.int64 else pd.factorize(complete[name])[0]
            for name in names
        ],
        axis=1,
    )
