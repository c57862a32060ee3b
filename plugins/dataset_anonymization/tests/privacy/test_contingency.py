import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.privacy import contingency, equivalence_classes
from hypothesis import given
from hypothesis import strategies as st


@given(data=st.data())
def test_the_cells_are_the_counts_of_the_dense_table(small_tables, data):
    table = data.draw(small_tables)
    sparse = table.contingency
    dense = np.zeros((table.classes.n_classes, table.n_values), dtype=int)
    dense[sparse.cell_class, sparse.cell_value] = sparse.cell_count
    assert (dense.sum(axis=1) == table.classes.sizes).all()
    assert (dense.sum(axis=0) == sparse.totals).all()
    assert sorted(map(tuple, dense)) == sorted(
        tuple(member[value] for value in range(table.n_values)) for member in table.members
    )


@given(data=st.data())
def test_cells_are_sorted_by_class_then_value_and_never_empty(small_tables, data):
    table = data.draw(small_tables)
    keys = table.contingency.cell_class * table.n_values + table.contingency.cell_value
    assert (np.diff(keys) > 0).all()
    assert table.contingency.cell_count.min() >= 1
    firsts = table.contingency.cell_class[table.contingency.starts]
    assert firsts.tolist() == list(range(table.classes.n_classes))


def test_a_null_sensitive_value_is_a_value():
    classes = equivalence_classes(pd.DataFrame({"age": [1, 1]}))
    assert contingency(classes, ["flu", None]).cells_per_class.tolist() == [2]


def test_a_column_of_another_length_is_refused():
    classes = equivalence_classes(pd.DataFrame({"age": [1, 1]}))
    with pytest.raises(ValueError, match="expected"):
        contingency(classes, ["flu"])
