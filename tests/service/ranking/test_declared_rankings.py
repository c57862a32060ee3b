"""What is kept of finals for rankings: each metric once, however many rankings read it."""

from anomed_core import Criterion, Metric, Ranking, SubmissionKind
from anomed_core.ledger import RankedMetric
from anomed_core.service.ranking.declared_rankings import Declarations, ranked_metrics, resolve


def test_a_metric_that_anchors_and_decides_is_kept_once_with_its_estimate() -> None:
    """A primary metric that is a confidence limit was kept twice, and the ledger refused it."""
    kind = SubmissionKind.of_array("deanonymizer", "bool", shape=4, description="Guesses.")
    metrics = (
        Metric(name="risk_low", kind="deanonymizer", primary=True),
        Metric(name="risk", kind="deanonymizer", limits=("risk_low", "risk_high")),
        Metric(name="risk_high", kind="deanonymizer"),
    )
    declared = Declarations(kinds=[kind], metrics={"deanonymizer": metrics}, attacks=[], entries=[])
    ranking = Ranking(name="attacks", kind="deanonymizer", criteria=[Criterion(metric="risk_low")])

    assert ranked_metrics([resolve(ranking, declared)], []) == [
        RankedMetric(kind="deanonymizer", metric="risk_low", estimate="risk")
    ]
