"""Random small boxes: two columns of ranges, one of sets."""

import numpy as np
import pytest
from anomed_dataset_anonymization.utility import Boxes, Intervals, ValueMasses
from hypothesis import strategies as st

N_COLOURS = 4


def make_boxes(ages, colours, counts=None):
    """Build boxes of an age range (domain 0 to 9) and a set of four colours for each row."""
    ends = np.array(ages, dtype=float).reshape(-1, 2)
    members = np.zeros((len(ends), N_COLOURS), dtype=bool)
    for row, colour_set in enumerate(colours):
        members[row, list(colour_set)] = True
    return Boxes(
        columns={
            "age": Intervals.from_rows(ends[:, 0], ends[:, 1], domain=(0, 9), step=1),
            "colour": ValueMasses.from_sets(members),
        },
        counts=np.ones(len(ends), dtype=np.int64) if counts is None else np.array(counts),
    )


@pytest.fixture(scope="session")
def boxes():
    """Build boxes from ranges of age and sets of colours."""
    return make_boxes


@pytest.fixture(scope="session")
def random_rows():
    """A Hypothesis strategy: lists of (range, set), generalised or exact."""
    row = st.tuples(
        st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda ends: tuple(sorted(ends))),
        st.sets(st.integers(0, N_COLOURS - 1), min_size=1),
    )
    return st.lists(row, min_size=1, max_size=12)


@pytest.fixture(scope="session")
def random_people():
    """A Hypothesis strategy: lists of (range, set) of one point each."""
    person = st.tuples(
        st.integers(0, 9).map(lambda age: (age, age)),
        st.integers(0, N_COLOURS - 1).map(lambda colour: {colour}),
    )
    return st.lists(person, min_size=1, max_size=12)
