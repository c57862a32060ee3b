"""The rules: open challenges, hand out products, take submissions, rank scores."""

from anomed_core.service.description import describe
from anomed_core.service.dummy import dummy_data
from anomed_core.service.hosting import HostedChallenge, open_challenge
from anomed_core.service.provision import encoded, requested_product, static_product
from anomed_core.service.ranking import Ranked, newest_versions, rank, ranking_metrics
from anomed_core.service.submissions import Receipt, Submissions

__all__ = [
    "HostedChallenge",
    "Ranked",
    "Receipt",
    "Submissions",
    "describe",
    "dummy_data",
    "encoded",
    "newest_versions",
    "open_challenge",
    "rank",
    "ranking_metrics",
    "requested_product",
    "static_product",
]
