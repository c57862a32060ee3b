"""The scheme `same` needs all columns, and allows values of their domains and nulls."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema
from anomed_dataset_anonymization.schemes import Points, canonicalise, write_scheme
from anomed_dataset_anonymization.schemes.same import read_same


def test_each_column_becomes_points(schema, leaky):
    cells = read_same(leaky, schema)
    assert list(cells) == list(schema.names)
    assert all(isinstance(column, Points) for column in cells.values())
    assert cells["age"].values.tolist() == leaky["age"].tolist()


def test_null_suppresses_a_cell(schema, leaky):
    cells = read_same(leaky.assign(ward=None), schema)
    assert np.isnan(cells["ward"].values).all()


def test_a_missing_column_is_refused(schema, leaky):
    with pytest.raises(ValueError, match="\\['ward'\\] are missing"):
        read_same(leaky.drop(columns="ward"), schema)


def test_generalised_columns_belong_to_another_scheme(schema, leaky):
    with pytest.raises(ValueError, match="'same' has no column 'age_min'"):
        read_same(leaky.assign(age_min=1), schema)


def test_a_typing_error_is_pointed_out(schema, leaky):
    with pytest.raises(ValueError, match="do you mean 'diagnosis'"):
        read_same(leaky.rename(columns={"diagnosis": "diagnose"}), schema)


def test_columns_that_only_generalised_tables_or_the_protocol_have_keep_their_names():
    names = ("age", "age_min", "count", "rank")
    schema = TableSchema(
        columns=[
            Column(name=name, kind="cardinal", dtype="int64", domain=Bounds(low=0, high=9))
            for name in names
        ]
    )
    people = pd.DataFrame({name: [3, 1, 2] for name in names})
    table = canonicalise(people, "same", schema=schema, leaky=people)
    assert write_scheme(table).to_pydict() == {name: [1, 2, 3] for name in names}
