"""What anonypyx 0.2.11 writes is read without any change.

The two tables below are the complete output of, on pandas 2.3.3 and numpy 2.4.6::

    people = pd.DataFrame({
        "age": [22, 25, 27, 31, 38, 44, 47, 52, 58, 63],
        "sex": list("FMFMFMMFMF"),
        "ward": ["surgery", "surgery", "oncology", "surgery", "oncology",
                 "cardiology", "cardiology", "oncology", "cardiology", "surgery"],
        "diagnosis": ["flu", "flu", "cold", "cold", "flu", "cold", "flu", "cold", "cold", "flu"],
    }).astype({"sex": "category", "ward": "category"})
    anonypyx.Anonymiser(
        people, feature_columns=["age", "sex", "ward"], k=3, generalisation_strategy=STRATEGY
    ).anonymise()
"""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schemes import canonicalise

MACHINE_READABLE = {
    "age_min": [22, 22, 44, 44],
    "age_max": [38, 38, 63, 63],
    "sex_F": [True, True, True, True],
    "sex_M": [True, True, True, True],
    "ward_surgery": [True, True, True, True],
    "ward_oncology": [True, True, True, True],
    "ward_cardiology": [False, False, True, True],
    "diagnosis": ["cold", "flu", "cold", "flu"],
    "count": [2, 3, 3, 2],
}
MICROAGGREGATION = {
    "age": [28.6, 28.6, 52.8, 52.8],
    "diagnosis": ["cold", "flu", "cold", "flu"],
    "count": [2, 3, 3, 2],
}


@pytest.fixture
def canonical(schema, leaky):
    return lambda table, scheme: canonicalise(
        pd.DataFrame(table), scheme, schema=schema, leaky=leaky
    )


def test_machine_readable_output_is_a_generalization(canonical):
    table = canonical(MACHINE_READABLE, "generalization")
    assert table.n_rows == 10
    assert np.bincount(table.labels(["age", "sex", "ward"])).tolist() == [5, 5]
    assert (table.cells["age"].low[0], table.cells["age"].high[-1]) == (22, 63)
    assert table.cells["ward"].members[[0, -1]].tolist() == [[0, 1, 1], [1, 1, 1]]
    assert np.isnan(table.cells["sex"].values).all()
    assert table.cells["diagnosis"].values.tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 1, 1]


def test_microaggregation_output_lacks_names_and_counts_as_suppressed(canonical):
    table = canonical(MICROAGGREGATION, "microaggregation")
    assert table.cells["age"].values.tolist() == [28.6] * 5 + [52.8] * 5
    assert np.isnan(table.cells["ward"].values).all()
