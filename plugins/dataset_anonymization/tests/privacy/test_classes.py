import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.privacy import (
    Codes,
    classes_of_codes,
    codes_of,
    equivalence_classes,
)
from hypothesis import given
from hypothesis import strategies as st


def test_rows_that_agree_everywhere_share_a_class():
    table = pd.DataFrame({"age": [30, 30, 41, 30], "sex": ["f", "f", "m", "m"]})
    classes = equivalence_classes(table)
    assert classes.class_of_row[0] == classes.class_of_row[1]
    assert classes.n_classes == 3
    assert classes.n_records == 4


def test_nulls_of_all_kinds_are_one_value_of_their_own():
    cells = pd.Series([None, np.nan, pd.NaT, pd.NA, "a"], dtype=object)
    assert sorted(equivalence_classes(cells.to_frame("x")).sizes) == [1, 4]


def test_blank_cells_do_not_raise_k():
    """Dropping rows with a null, as pycanon 1.3.6 does, would report k = 2 here."""
    table = pd.DataFrame({"age": [30, 30, None, 50], "zip": ["1", "1", "2", None]})
    assert equivalence_classes(table).sizes.min() == 1


def test_counts_weigh_the_rows():
    table = pd.DataFrame({"age": [30, 30, 41]})
    assert equivalence_classes(table, counts=[2, 3, 4]).sizes.tolist() == [5, 4]


def test_the_index_of_the_table_is_ignored():
    table = pd.DataFrame({"age": [30, 30, 41]}, index=[7, 7, 0])
    assert equivalence_classes(table).class_of_row.tolist() == [0, 0, 1]


def test_unused_categories_form_no_class():
    table = pd.DataFrame({"age": pd.Categorical(["a", "a"], categories=["a", "b"])})
    assert equivalence_classes(table).sizes.tolist() == [2]


def test_without_quasi_identifiers_all_rows_are_alike():
    assert equivalence_classes(pd.DataFrame(index=range(3))).sizes.tolist() == [3]


def test_codes_are_in_ascending_order_with_null_last():
    assert codes_of([2.5, None, -1.0]).codes.tolist() == [1, 2, 0]
    ordered = pd.Series(pd.Categorical(["low", "high"], categories=["low", "high"], ordered=True))
    assert codes_of(ordered).codes.tolist() == [0, 1]


@given(st.data())
def test_classes_are_those_of_distinct_tuples_whatever_the_key_space(data):
    n_rows = data.draw(st.integers(1, 20))
    n_codes = data.draw(st.sampled_from([2, 3, 2**31]))  # the last overflows int64 unless re-ranked
    column = st.lists(st.integers(0, min(n_codes, 4) - 1), min_size=n_rows, max_size=n_rows)
    columns = data.draw(st.lists(column, min_size=1, max_size=5))
    classes = classes_of_codes(
        [Codes(codes=np.array(codes), n_codes=n_codes) for codes in columns], n_rows=n_rows
    )
    tuples = list(zip(*columns, strict=True))
    assert classes.n_classes == len(set(tuples))
    ranks = {key: rank for rank, key in enumerate(sorted(set(tuples)))}
    assert classes.class_of_row.tolist() == [ranks[key] for key in tuples]
    assert classes.sizes.sum() == n_rows


@pytest.mark.parametrize("counts", [[1, 0], [1.0, 2.0], [1], [[1, 1]]])
def test_unusable_counts_are_refused(counts):
    with pytest.raises(ValueError, match="counts"):
        equivalence_classes(pd.DataFrame({"age": [1, 2]}), counts=counts)


def test_an_empty_table_has_no_classes():
    with pytest.raises(ValueError, match="0 rows"):
        equivalence_classes(pd.DataFrame({"age": []}))


def test_the_first_row_of_a_class_stands_for_it():
    classes = equivalence_classes(pd.DataFrame({"age": [41, 30, 41, 30]}))
    assert classes.first_rows.tolist() == [1, 0]


@pytest.mark.parametrize("codes", [[-1, 0], [0, 2], [0.0, 1.0], [[0, 1]]])
def test_codes_outside_their_domain_are_refused(codes):
    with pytest.raises(ValueError, match="expected"):
        Codes(codes=np.array(codes), n_codes=2)


def test_columns_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match=r"expected \(3,\)"):
        classes_of_codes([Codes(codes=np.zeros(2, dtype=np.int64), n_codes=1)], n_rows=3)
