import numpy as np
import pytest
from scipy.stats import binom, norm

from anomed_core.statistics._region import corners, radius


@pytest.mark.parametrize("error", [0.3, 0.05, 0.025, 1e-4, 1e-9])
def test_radius_permits_the_error(error):
    z = radius(error)
    assert 0.25 * np.exp(-(z**2) / 2) + norm.sf(z) == pytest.approx(error, rel=1e-9)


def test_radius_is_smaller_than_the_square_it_replaces():
    assert radius(0.05) < np.sqrt(2) * norm.isf(0.025)


@pytest.mark.parametrize("error", [0.2, 0.05])
@pytest.mark.parametrize("sizes", [(12, 9), (5, 40)])
def test_true_rates_are_outside_with_at_most_the_error(sizes, error):
    # Exact, by enumeration of both binomials; the true rates run over a grid.
    n_members, n_non_members = sizes
    true_positives, false_positives = np.meshgrid(
        np.arange(n_members + 1), np.arange(n_non_members + 1), indexing="ij"
    )
    tpr, fpr = corners(
        true_positives,
        false_positives,
        n_members=n_members,
        n_non_members=n_non_members,
        error=error,
    )
    worst = 0.0
    for true_tpr in np.linspace(0.02, 0.98, 17):
        for true_fpr in np.linspace(0.02, 0.98, 17):
            inside = ((tpr <= true_tpr) & (fpr >= true_fpr)).any(axis=-1)
            chance = np.outer(
                binom.pmf(np.arange(n_members + 1), n_members, true_tpr),
                binom.pmf(np.arange(n_non_members + 1), n_non_members, true_fpr),
            )
            worst = max(worst, chance[~inside].sum())
    assert worst <= error
    assert worst > error / 10
