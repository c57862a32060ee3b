"""Representatives are any number of the range, a mode, or a class's frequencies."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schemes import Frequencies, Points, canonicalise, publish
from anomed_dataset_anonymization.schemes.microaggregation import read_microaggregation


def read(schema, **columns):
    return read_microaggregation(pd.DataFrame(columns), schema)


def test_numbers_are_rounded_to_a_hundredth_of_a_step(schema):
    assert read(schema, age=[28.6123456])["age"].values.tolist() == [28.61]
    assert read(schema, temperature=[36.123456])["temperature"].values.tolist() == [36.123]


def test_ids_in_the_last_digits_fall_together(schema, leaky):
    table = pd.DataFrame({"age": 28.6 + np.arange(20) * 1e-9})
    canonical = canonicalise(table, "microaggregation", schema=schema, leaky=leaky)
    assert canonical.labels(["age"]).tolist() == [0] * 20


def test_modes_and_nulls(schema):
    values = read(schema, ward=["surgery", None])["ward"].values
    assert values[0] == 2
    assert np.isnan(values[1])


def test_frequencies_of_a_class(schema):
    cells = read(schema, ward_surgery=[2 / 3, 1], ward_oncology=[1 / 3, 0])["ward"]
    assert isinstance(cells, Frequencies)
    assert cells.shares.tolist() == [[0, 0.3333, 0.6667], [0, 0, 1]]


def test_frequencies_of_one_value_each_become_points(schema):
    cells = read(schema, sex_F=[1, 0], sex_M=[0, 1])["sex"]
    assert isinstance(cells, Points)
    assert cells.values.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"age": [99.5]}, "outside the domain 0 to 99"),
        ({"age": [np.inf]}, "infinite"),
        ({"age": [[1, 2]]}, "nested"),
        ({"ward": ["surgeon"]}, "'surgeon'"),
        ({"sex_F": [0.5]}, "row 0 sum to 0.5"),
        ({"sex_F": [0.7], "sex_M": [0.7]}, "sum to 1.4"),
        ({"sex_F": [-0.5], "sex_M": [1.5]}, "from 0 to 1"),
        ({"sex_F": [None], "sex_M": [1]}, "sex_F"),
        ({"sex_F": [np.nan], "sex_M": [1]}, "sex_F"),
        ({"sex_F": [0.5j], "sex_M": [1]}, "complex"),
        ({"sex": ["F"], "sex_M": [1]}, "comes twice"),
        ({"age_min": [1], "age_max": [2]}, "no column 'age_min'"),
    ],
)
def test_a_faulty_representative_is_refused_in_one_sentence(schema, columns, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        read(schema, **columns)
    assert "\n" not in str(caught.value)


def test_numbers_are_published_as_floats(schema, leaky):
    table = pd.DataFrame({"age": [28.5, None], "sex": ["F", "M"]})
    published = publish(canonicalise(table, "microaggregation", schema=schema, leaky=leaky))
    assert str(published.schema.field("age").type) == "double"
    assert published["age"].to_pylist() == [28.5, None]


def test_rows_with_equal_frequencies_share_a_class_in_ascending_order(schema, leaky):
    table = pd.DataFrame({"sex_F": [0.75, 0.25, 0.75, 1.0], "sex_M": [0.25, 0.75, 0.25, 0.0]})
    canonical = canonicalise(table, "microaggregation", schema=schema, leaky=leaky)
    assert canonical.labels(["sex"]).tolist() == [0, 1, 1, 2]
    assert canonical.cells["sex"].shares[:, 0].tolist() == [0.25, 0.75, 0.75, 1.0]
