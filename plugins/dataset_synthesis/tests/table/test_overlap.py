"""People who are in two tables are told from people who are alike."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise
from anomed_dataset_synthesis.table.inference import infer_codebook
from anomed_dataset_synthesis.table.overlap import overlap


@pytest.fixture(scope="module")
def people(simulator: Callable[..., pd.DataFrame]) -> CanonicalTable:
    frame = simulator(3_000, np.random.default_rng(12))
    return canonicalise(frame, infer_codebook(frame))


def part(table: CanonicalTable, start: int, stop: int) -> CanonicalTable:
    return table.take(np.arange(start, stop))


@pytest.mark.parametrize("n_columns", [2, 3, 4, 7])
def test_others_of_one_population_are_others_however_coarse_the_table(
    people: CanonicalTable, n_columns: int
) -> None:
    columns = people.codebook.columns[-n_columns:]
    book = type(people.codebook)(columns)
    coarse = CanonicalTable(codebook=book, levels=people.levels[:, -n_columns:])
    for start, stop in ((0, 1_000), (0, 100), (2_900, 3_000)):
        public = part(coarse, start, stop)
        rest = np.delete(np.arange(3_000), np.arange(start, stop))
        assert not overlap(coarse.take(rest), public).is_sure


@pytest.mark.parametrize("n_shared", [20, 200])
def test_some_shared_people_are_found(people: CanonicalTable, n_shared: int) -> None:
    found = overlap(part(people, 0, 1_000), part(people, 1_000 - n_shared, 2_000))
    assert found.is_sure
    assert found.n_shared >= n_shared


@pytest.mark.parametrize("n_records", [1, 3, 500])
def test_a_table_is_not_public_because_it_comes_twice(
    people: CanonicalTable, n_records: int
) -> None:
    table = part(people, 0, n_records)
    shuffled = table.take(np.random.default_rng(0).permutation(n_records))
    assert overlap(table, shuffled).is_sure


def test_a_part_of_a_table_is_found(people: CanonicalTable) -> None:
    assert overlap(people, part(people, 0, 20)).is_sure
