"""Twenty patients, and what one may publish about them."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema


@pytest.fixture
def schema():
    return TableSchema(
        columns=[
            Column(
                name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=99), role="qi"
            ),
            Column(name="sex", kind="nominal", dtype="string", domain=["F", "M"], role="qi"),
            Column(
                name="ward",
                kind="nominal",
                dtype="string",
                domain=["cardiology", "oncology", "surgery"],
                role="qi",
            ),
            Column(
                name="triage", kind="ordinal", dtype="string", domain=["green", "yellow", "red"]
            ),
            Column(
                name="temperature",
                kind="cardinal",
                dtype="float64",
                domain=Bounds(low=35, high=42, step=0.1),
            ),
            Column(
                name="diagnosis",
                kind="nominal",
                dtype="string",
                domain=["cold", "flu"],
                role="sensitive",
            ),
        ]
    )


@pytest.fixture
def leaky():
    rng = np.random.default_rng(3)
    n_people = 20
    return pd.DataFrame(
        {
            "age": rng.integers(0, 100, n_people),
            "sex": rng.choice(["F", "M"], n_people),
            "ward": rng.choice(["cardiology", "oncology", "surgery"], n_people),
            "triage": rng.choice(["green", "yellow", "red"], n_people),
            "temperature": rng.integers(350, 421, n_people) / 10,
            "diagnosis": rng.choice(["cold", "flu"], n_people),
        },
        index=pd.Index(rng.permutation(10_000)[:n_people] + 1_000, name="record_id"),
    )
