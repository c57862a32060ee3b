"""What is kept of finals for rankings: each metric once, however many rankings read it."""

from types import SimpleNamespace

from anomed_core.ledger import RankedMetric
from anomed_core.service.ranking_declared import ranked_metrics


def test_a_metric_that_anchors_and_decides_is_kept_once_with_its_estimate() -> None:
    """A primary metric that is a confidence limit was kept twice, and the ledger refused it."""
    limit = RankedMetric(kind="attack", metric="risk_low", estimate="risk")
    ranking = SimpleNamespace(
        ranking=SimpleNamespace(kind="attack"),
        anchor="risk_low",
        criteria=[SimpleNamespace(sources=(limit,))],
        gates=[],
    )

    assert ranked_metrics([ranking], []) == [limit]  # type: ignore[list-item]
