"""The rules: open challenges, hand out products, take submissions, rank scores."""

from anomed_core.service.description import describe
from anomed_core.service.dummy import dummy_data
from anomed_core.service.hosting import HostedChallenge, open_challenge
from anomed_core.service.provision import encoded, requested_product, static_product
from anomed_core.service.ranking.rankings import Rankings
from anomed_core.service.ranking.table import RankingTable
from anomed_core.service.submission_stages import Receipt
from anomed_core.service.submissions import Submissions

__all__ = [
    "HostedChallenge",
    "RankingTable",
    "Rankings",
    "Receipt",
    "Submissions",
    "describe",
    "dummy_data",
    "encoded",
    "open_challenge",
    "requested_product",
    "static_product",
]
