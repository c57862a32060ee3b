"""Alpha-precision, beta-recall, authenticity."""

import numpy as np
import pytest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables
from anomed_dataset_synthesis.table.encoding import fit_bins
from anomed_dataset_synthesis.utility.manifold import _embed, manifold
from sklearn.neighbors import NearestNeighbors


@pytest.fixture(scope="module")
def measure(real):
    binning = fit_bins(real.background)

    def run(synthetic, tables=real, **options):
        rng = np.random.default_rng(3)
        return manifold(synthetic, tables, binning=binning, rng=rng, **options)

    return run


def test_a_copy_is_precise_and_complete_and_not_authentic(real, measure):
    found = measure(real.training)
    assert found.alpha_precision == pytest.approx(1, abs=0.001)
    assert found.beta_recall == pytest.approx(1, abs=0.001)
    assert found.authenticity == 0


def test_another_real_sample_is_precise_complete_and_half_authentic(real, measure):
    found = measure(real.non_members)
    assert found.alpha_precision > 0.95
    assert found.beta_recall > 0.95
    assert found.authenticity == pytest.approx(0.5, abs=0.06)


def test_one_record_over_and_over_is_neither_precise_nor_complete(real, measure):
    found = measure(real.training.take(np.zeros(500, dtype=int)))
    assert found.alpha_precision < 0.9
    assert found.beta_recall == pytest.approx(0, abs=0.01)


def test_two_categories_and_a_missing_number_are_at_distance_one(real):
    binning = fit_bins(real.background)
    codebook = real.training.codebook
    levels = np.repeat(real.training.levels[:1], 2, axis=0)
    place = codebook.position("region")
    levels[1, place] = (levels[0, place] + 1) % 3
    points = _embed(CanonicalTable(codebook=codebook, levels=levels), real.background, binning)
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(1)


def test_authenticity_agrees_with_nearest_neighbours_of_scikit_learn(real, measure):
    binning = fit_bins(real.background)
    fake, members = (
        _embed(table, real.background, binning) for table in (real.non_members, real.training)
    )
    distance, place = NearestNeighbors(n_neighbors=1).fit(members).kneighbors(fake)
    among = NearestNeighbors(n_neighbors=2).fit(members).kneighbors(members)[0][:, 1]
    expected = (distance[:, 0] > among[place[:, 0]]).mean()
    assert measure(real.non_members).authenticity == pytest.approx(expected, abs=1e-9)


def test_one_training_record_is_refused(real, measure):
    tables = RealTables(
        training=real.training.take(np.array([0])),
        non_members=real.non_members,
        background=real.background,
    )
    with pytest.raises(ValueError, match="at least two"):
        measure(real.non_members, tables=tables)
