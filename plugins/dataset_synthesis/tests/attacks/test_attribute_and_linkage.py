"""Reading a secret off the nearest record, and bringing two halves together."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.attacks.attribute import guess_by_neighbour, guess_by_neighbours
from anomed_dataset_synthesis.attacks.linkage import link_by_reference
from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise
from anomed_dataset_synthesis.table.inference import infer_codebook
from anomed_dataset_synthesis.table.partial import canonicalise_known

FRAME = pd.DataFrame({"age": [10, 20, 90], "sex": ["f", "m", "f"], "ill": ["no", "yes", "rare"]})
TABLE = canonicalise(FRAME, infer_codebook(FRAME))


def test_the_secret_of_the_nearest_record_is_guessed():
    asked = canonicalise(
        pd.DataFrame({"age": [12, 60, 85], "sex": ["f", "m", "f"], "ill": ["no"] * 3}),
        TABLE.codebook,
    )
    guess = guess_by_neighbour(asked, TABLE, secret="ill", background=TABLE)
    categories = TABLE.codebook.column("ill").categories
    assert [categories[level] for level in guess] == ["no", "yes", "rare"]


def test_the_targets_own_secret_is_not_looked_at(real):
    levels = real.non_members.levels.copy()
    levels[:, -1] = 1 - levels[:, -1]
    lied = CanonicalTable(codebook=real.non_members.codebook, levels=levels)
    guesses = [
        guess_by_neighbour(table, real.training, secret="outcome", background=real.background)
        for table in (real.non_members, lied)
    ]
    assert np.array_equal(*guesses)


def test_several_secrets_are_guessed_each_without_the_others():
    known = canonicalise_known(FRAME[["age"]], TABLE.codebook)
    guesses = guess_by_neighbours(known, TABLE, secrets=["ill", "sex"], background=TABLE)

    assert guesses.codebook.names == ("ill", "sex")
    assert np.array_equal(guesses.levels, TABLE.select(["ill", "sex"]).levels)


def test_a_table_that_lacks_columns_says_what_it_knows_and_refuses_what_is_unknown():
    known = canonicalise_known(FRAME[["sex", "age"]], TABLE.codebook)

    assert np.array_equal(known.column("age"), TABLE.column("age"))
    assert np.array_equal(known.column("sex"), TABLE.column("sex"))
    assert not known.column("ill").any()
    with pytest.raises(ValueError, match="no column 'name'"):
        canonicalise_known(FRAME.rename(columns={"age": "name"}), TABLE.codebook)


def test_the_only_column_cannot_be_guessed_from_others():
    alone = canonicalise(FRAME[["age"]], infer_codebook(FRAME[["age"]]))
    with pytest.raises(ValueError, match="give at least one"):
        guess_by_neighbour(alone, alone, secret="age", background=alone)
    with pytest.raises(ValueError, match="no column 'name'"):
        guess_by_neighbour(TABLE, TABLE, secret="name", background=TABLE)


def test_a_copy_brings_halves_together_and_the_background_hardly_any(real):
    rng = np.random.default_rng(1)
    order = rng.permutation(300)
    left = real.training.take(np.arange(300))
    right = left.take(order)
    columns = ("age", "number", "job")
    partner = np.argsort(order)
    found, guessed = (
        link_by_reference(
            left, right, left_columns=columns, reference=reference, background=real.background
        )
        for reference in (real.training, real.background)
    )
    assert (right.levels[found] == left.levels).all(axis=1).mean() > 0.85
    assert (guessed == partner).mean() < 0.1


def test_both_halves_need_columns(real):
    some = real.training.take(np.arange(5))
    for columns in ((), some.codebook.names):
        with pytest.raises(ValueError, match="give at least one"):
            link_by_reference(
                some, some, left_columns=columns, reference=some, background=real.background
            )
