"""An audit of a side of one, two or three records says how little it knows, also on its page."""

import numpy as np
import pytest
from anomed_supervised_mia import AuditResults, Signals, audit, write_report
from hypothesis import given, settings
from hypothesis import strategies as st

LOSSES = st.lists(st.floats(0, 5, width=16), min_size=1, max_size=3)


@pytest.mark.parametrize(("n_members", "n_non_members"), [(1, 1), (2, 1), (1, 2), (1, 50), (50, 1)])
def test_a_page_is_written(tmp_path, n_members, n_non_members):
    losses = np.arange(n_members + n_non_members) / 10
    results = audit(
        Signals.from_losses(losses[:n_members]), Signals.from_losses(losses[n_members:])
    )
    assert write_report(results, tmp_path).exists()


@settings(max_examples=30, deadline=None)
@given(LOSSES, LOSSES)
def test_no_number_is_certain_and_all_come_back(members, non_members):
    results = audit(Signals.from_losses(members), Signals.from_losses(non_members))
    (result,) = results
    assert result.auc.high - result.auc.low > 0.5
    assert not result.auc.resolved
    assert result.epsilon.estimate.low == 0
    assert AuditResults.from_json(results.to_json()) == results
    assert "(" in results.summary()
