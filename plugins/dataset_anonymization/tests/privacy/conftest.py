"""Random small tables, and the definitions spelled out class by class."""

from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.privacy import Codes, contingency, equivalence_classes
from hypothesis import strategies as st

N_VALUES = 5


class SmallTable:
    """Rows of (class, sensitive value, count), as the package sees them and spelled out."""

    def __init__(self, rows):
        self.n_values = N_VALUES
        labels, values, counts = (np.array(column) for column in zip(*rows, strict=True))
        self.classes = equivalence_classes(pd.DataFrame({"label": labels}), counts=counts)
        self.contingency = contingency(
            self.classes, Codes(codes=values.astype(np.int64), n_codes=N_VALUES)
        )
        members = defaultdict(Counter)
        for label, value, count in rows:
            members[label][value] += count
        self.members = list(members.values())
        self.totals = sum(self.members, Counter())
        self.n_records = self.totals.total()

    def class_shares(self):
        """For each class, the exact share of every value of the domain."""
        for member in self.members:
            size = member.total()
            yield [Fraction(member[value], size) for value in range(N_VALUES)]

    def table_shares(self):
        """The exact share of every value of the domain in the table."""
        return [Fraction(self.totals[value], self.n_records) for value in range(N_VALUES)]


@pytest.fixture(scope="session")
def small_tables():
    """A Hypothesis strategy; draw from it with `st.data()`."""
    row = st.tuples(st.integers(0, 4), st.integers(0, N_VALUES - 1), st.integers(1, 6))
    return st.lists(row, min_size=1, max_size=25).map(SmallTable)


@pytest.fixture(scope="session")
def small_table():
    """Build one table from rows of (class, value, count)."""
    return SmallTable
