"""Counts of kinds have a cell for all that can be."""

import numpy as np
import pandas as pd
import pytest
from anomed_dp_query.counting import (
    ConditionError,
    cells_of,
    levels_of,
    most_cells,
    parse_conditions,
)


def test_each_row_is_counted_once_where_it_belongs(register):
    frame, table = register.draw(400, 1), register.METADATA
    by = ["sex", "admission_month"]

    cells = cells_of(frame, table, by=by, where=parse_conditions({"age": [18, 200]}, table))

    months = levels_of(table.column("admission_month"))
    counts = np.bincount(cells[cells >= 0], minlength=most_cells(table, by)).reshape(2, 12)
    expected = pd.crosstab(*(frame.loc[frame["age"] >= 18, name] for name in by))
    expected = expected.reindex(index=levels_of(table.column("sex")), columns=months, fill_value=0)
    assert (counts == expected.to_numpy()).all()


def test_columns_whose_values_are_not_public_have_no_cells(register):
    with pytest.raises(ConditionError, match="not all public"):
        levels_of(register.METADATA.column("crp"))


def test_no_columns_have_one_cell(register):
    assert most_cells(register.METADATA, []) == 1
