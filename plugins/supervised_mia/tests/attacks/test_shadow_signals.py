"""Shadow signals: borders, positions in the pool, one shadow as the target."""

import numpy as np
import pytest
from anomed_supervised_mia.attacks import ShadowSignals, Signals

CONFIDENCES = np.arange(12.0).reshape(3, 4) - 5
MEMBERSHIPS = np.eye(3, 4, dtype=bool)
SHADOWS = ShadowSignals(scaled_confidences=CONFIDENCES, memberships=MEMBERSHIPS)


def test_a_left_out_shadow_becomes_the_target():
    signals, members, others = SHADOWS.leave_one_out(1)
    np.testing.assert_allclose(signals.scaled_confidence(), CONFIDENCES[1], rtol=1e-14)
    np.testing.assert_array_equal(members, MEMBERSHIPS[1])
    np.testing.assert_array_equal(others.scaled_confidences, CONFIDENCES[[0, 2]])
    np.testing.assert_array_equal(others.memberships, MEMBERSHIPS[[0, 2]])
    np.testing.assert_array_equal(others.positions_of(signals), [0, 1, 2, 3])


@pytest.mark.parametrize("shadow", [-1, 3])
def test_only_an_existing_shadow_can_be_left_out(shadow):
    with pytest.raises(ValueError, match="from 0 to 2"):
        SHADOWS.leave_one_out(shadow)


def test_records_must_be_named_and_lie_in_the_pool():
    with pytest.raises(ValueError, match="records are missing"):
        SHADOWS.positions_of(Signals.from_losses([1.0]))
    with pytest.raises(ValueError, match="pool of 4"):
        SHADOWS.positions_of(Signals(losses=[1.0], records=[4]))


@pytest.mark.parametrize(
    ("confidences", "memberships", "message"),
    [
        (CONFIDENCES, MEMBERSHIPS.T, "one shape"),
        (CONFIDENCES, MEMBERSHIPS.astype(int), "booleans"),
        (CONFIDENCES[0], MEMBERSHIPS[0], "n_shadows, n_records"),
        (np.where(MEMBERSHIPS, np.nan, 0.0), MEMBERSHIPS, "finite"),
    ],
)
def test_malformed_shadow_signals_are_refused(confidences, memberships, message):
    with pytest.raises(ValueError, match=message):
        ShadowSignals(scaled_confidences=confidences, memberships=memberships)
