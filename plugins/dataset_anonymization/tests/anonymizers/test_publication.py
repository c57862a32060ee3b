"""What is published depends on which people there are, and on nothing else."""

import attrs
import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.anonymizers import (
    Datafly,
    Identity,
    Mdav,
    Mondrian,
    Pram,
    anonymize_for_publication,
)
from anomed_dataset_anonymization.schema import TableSchema, encode
from anomed_dataset_anonymization.schemes import to_parquet
from hypothesis import given
from hypothesis import strategies as st


def register(n_people, seed):
    rng = np.random.default_rng(seed)
    people = {name: rng.integers(0, 4, n_people) for name in ("age", "weight", "illness")}
    return pd.DataFrame(people | {"town": rng.choice(["Bonn", "Kiel"], n_people)})


def publish(people, method):
    schema = TableSchema.infer(people, quasi_identifiers=["age", "weight", "town"])
    rng = np.random.default_rng(5)
    return anonymize_for_publication(people, method, schema, rng=rng)


@pytest.mark.parametrize(
    "method", [Mdav(k=3), Mondrian(k=3, relaxed=True), Datafly(k=3, suppression_limit=0.2), Pram()]
)
@given(n_people=st.integers(12, 40), seed=st.integers(0, 2**32 - 1))
def test_ties_are_broken_without_a_look_at_the_order(method, n_people, seed):
    people = register(n_people, seed)
    again = people.sample(frac=1, random_state=seed)
    assert to_parquet(publish(people, method)) == to_parquet(publish(again, method))


def test_ties_are_not_broken_by_what_nobody_is_to_learn():
    people = pd.DataFrame({"age": [20] * 50 + [30] * 100 + [40] * 50, "illness": [0, 1] * 100})
    schema = TableSchema.infer(people, quasi_identifiers=["age"], sensitive=["illness"])
    method, rng = Mondrian(k=80, relaxed=True), np.random.default_rng(5)
    table = anonymize_for_publication(people, method, schema, rng=rng)
    rows = people.iloc[table.lineage].assign(part=table.labels(["age"]))
    divided = rows[rows["age"] == 30].groupby("part")["illness"]
    assert divided.size().tolist() == [50, 50]
    assert divided.mean().between(0.3, 0.7).all()


def test_lineage_says_whose_each_row_is():
    people = register(30, 1)
    table = publish(people, Identity())
    schema = TableSchema.infer(people)
    cells = np.stack([cell.values for cell in table.cells.values()], axis=1)
    assert sorted(table.lineage) == list(range(30))
    assert (encode(people, schema)[table.lineage] == cells).all()


@attrs.frozen
class Forgetful:
    """A method that says nothing of who is who."""

    name = scheme = "same"

    def anonymize(self, table, schema, *, rng):
        del schema, rng
        return table.reset_index(drop=True)


def test_an_index_that_was_reset_declares_nothing():
    assert publish(register(30, 1), Forgetful()).lineage is None
