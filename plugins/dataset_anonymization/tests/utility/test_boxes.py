import numpy as np
import pytest
from anomed_dataset_anonymization.utility import Boxes, Intervals
from hypothesis import given
from hypothesis import strategies as st


def test_rows_that_say_the_same_are_merged(boxes):
    table = boxes([(1, 2), (3, 4), (1, 2)], [{0}, {0, 1}, {0}], counts=[2, 3, 4])
    merged, box_of_row = table.distinct()
    assert len(merged.counts) == 2
    assert merged.counts[box_of_row].tolist() == [6, 3, 6]
    age = merged.columns["age"]
    assert age.low[age.cell_of_row][box_of_row].tolist() == [1, 3, 1]


@given(data=st.data())
def test_merging_keeps_every_row_and_all_people(boxes, random_rows, data):
    ages, colours = zip(*data.draw(random_rows), strict=True)
    table = boxes(ages, colours)
    merged, box_of_row = table.distinct()
    assert merged.n_people == table.n_people
    for name, cells in table.columns.items():
        kept = merged.columns[name]
        assert (kept.cell_of_row[box_of_row] == cells.cell_of_row).all()
    assert len(merged.counts) == len(set(zip(ages, map(frozenset, colours), strict=True)))


def test_selecting_keeps_the_order_asked_for(boxes):
    assert list(boxes([(1, 2)], [{0}]).select(["colour", "age"]).columns) == ["colour", "age"]


def test_unknown_columns_are_refused(boxes):
    with pytest.raises(ValueError, match=r"lacks the columns \['shoe'\]"):
        boxes([(1, 2)], [{0}]).select(["shoe"])


def test_columns_of_other_lengths_are_refused():
    age = Intervals.from_rows([1, 2], [1, 2], domain=(0, 9), step=1)
    with pytest.raises(ValueError, match="column 'age' has 2 rows, the table has 1"):
        Boxes(columns={"age": age}, counts=np.array([1]))


def test_a_table_without_columns_is_refused():
    with pytest.raises(ValueError, match="no column"):
        Boxes(columns={}, counts=np.array([1]))
