"""Distance diagnostics."""

import numpy as np
import pytest
from anomed_dataset_synthesis.attacks.diagnostics import diagnose
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables


@pytest.fixture(scope="module")
def measure(real):
    def run(synthetic, tables=real, **options):
        return diagnose(synthetic, tables, rng=np.random.default_rng(1), **options)

    return run


def test_a_copy_hugs_the_training_table(real, measure):
    found = measure(real.training)
    assert found.dcr_share > 0.999
    assert found.matches_training == found.unique_matches == 1
    assert found.nndr_training == 0 < found.nndr_non_members
    assert len(found.exact_places) > 0.99 * len(real.training)
    assert not found.copies_public_records


def test_another_sample_is_equally_far_from_both(real, measure):
    found = measure(real.background)
    assert found.dcr_share == pytest.approx(0.5, abs=0.04)
    assert found.nndr_training == pytest.approx(found.nndr_non_members, abs=0.06)
    assert found.matches_training < 0.01


def test_swapping_training_and_control_mirrors_the_share(real, measure):
    swapped = RealTables(
        training=real.non_members, non_members=real.training, background=real.background
    )
    synthetic = real.training.take(np.arange(400))
    forth, back = measure(synthetic), measure(synthetic, swapped)
    assert forth.dcr_share == pytest.approx(1 - back.dcr_share)
    assert forth.matches_training == back.matches_non_members


def test_ties_count_half(real, measure):
    tables = RealTables(
        training=real.training, non_members=real.training, background=real.background
    )
    assert measure(real.non_members, tables).dcr_share == 0.5


def test_one_extreme_training_record_does_not_move_the_scale(real, measure):
    levels = real.training.levels.copy()
    levels[0, 3] = 0
    levels[0, 0] = real.training.codebook.columns[0].n_levels - 1
    odd = CanonicalTable(codebook=real.training.codebook, levels=levels)
    tables = RealTables(training=odd, non_members=real.non_members, background=real.background)
    shares = [measure(real.background, given).dcr_share for given in (real, tables)]
    assert shares[0] == pytest.approx(shares[1], abs=0.005)


def test_verbatim_rows_are_listed_one_by_one(real, measure):
    leaked = np.array([3, 700, 1204])
    levels = np.concatenate([real.background.levels[:300], real.training.levels[leaked]])
    found = measure(CanonicalTable(codebook=real.training.codebook, levels=levels))
    assert set(leaked) <= set(found.exact_places.tolist())
    assert len(found.exact_places) <= 5


def test_without_a_unique_training_record_there_is_no_share_of_them(real, measure):
    twins = real.training.take(np.tile(np.arange(200), 2))
    tables = RealTables(training=twins, non_members=real.non_members, background=real.background)
    assert measure(real.background, tables).unique_matches is None


def test_one_record_has_no_second_neighbour(real, measure):
    alone = RealTables(
        training=real.training.take(np.array([0])),
        non_members=real.non_members,
        background=real.background,
    )
    with pytest.raises(ValueError, match="two records each"):
        measure(real.background, alone)
