"""Tables made of public records are told from all others, and no other table is taken for one."""

import numpy as np
import pytest
from anomed_dataset_synthesis.attacks.public_records import nearness_to_public
from anomed_dataset_synthesis.generators import DPMarginalTree, GaussianCopula, SequentialTrees
from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise, to_frame


@pytest.fixture(scope="module")
def learn(real):
    def run(generator, table):
        rng = np.random.default_rng(1)
        fitted = generator.fit(to_frame(table), table.codebook, rng=rng)
        return canonicalise(fitted.sample(len(real.training), rng=rng), table.codebook)

    return run


def area(synthetic, real):
    return nearness_to_public(synthetic, real, rng=np.random.default_rng(2))


def moved(table, name):
    """Move every value of a column by one step of its grid."""
    place = table.codebook.position(name)
    levels = table.levels.copy()
    column = levels[:, place]
    other = np.minimum(column + 1 - 2 * (column % 2), table.codebook.n_levels[place] - 1)
    levels[:, place] = np.where(column < 1, column, other)
    return CanonicalTable(codebook=table.codebook, levels=levels)


def test_the_background_is_found_be_every_weight_moved(real):
    assert area(real.background, real).value == 1
    table = moved(real.background, "weight")
    assert (table.levels != real.background.levels).any(axis=1).mean() > 0.9
    assert area(table, real).low > 0.9


def test_a_tenth_of_the_background_among_training_records_is_found(real):
    n_tenth = len(real.training) // 10
    parts = (real.background.levels[:n_tenth], real.training.levels[n_tenth:])
    table = CanonicalTable(codebook=real.training.codebook, levels=np.concatenate(parts))
    assert area(table, real).low > 0.5


def test_what_trees_learn_from_the_background_is_found(real, learn):
    assert area(learn(SequentialTrees(), real.background), real).low > 0.5


def test_what_is_made_of_training_records_is_not_taken_for_it(real, learn):
    background = to_frame(real.background)
    honest = {
        "copy": real.training,
        "trees": learn(SequentialTrees(), real.training),
        "copula": learn(GaussianCopula(), real.training),
        "private, with bins of the background": learn(
            DPMarginalTree(epsilon=3.0, background=background), real.training
        ),
    }
    for name, table in honest.items():
        assert area(table, real).low < 0.5, name


def test_public_people_of_another_sort_are_not_blamed(real, learn):
    """Only the young are public: they are near to everything that is usual."""
    ages = real.background.column("age")
    young = real.background.take(np.flatnonzero(ages < np.median(ages)))
    table = learn(SequentialTrees(), real.training)
    tables = type(real)(training=real.training, non_members=real.non_members, background=young)
    assert area(table, tables).low < 0.5
