"""What a challenge offers below its address: the one list that commands show."""

from __future__ import annotations

import attrs

from anomed_core.model import Role
from anomed_core.service.hosting import HostedChallenge


@attrs.frozen
class OfferedRoute:
    """Something that can be asked for.

    Attributes
    ----------
    method
        HTTP method.
    path
        Below the challenge, with the query that chooses it where several share a path.
    audience
        For whom it is, as words.
    description
        One sentence for participants.
    """

    method: str
    path: str
    audience: str
    description: str


def offered_routes(hosted: HostedChallenge) -> list[OfferedRoute]:
    """Return products, submission kinds and operations, each in declared order."""
    products = [
        OfferedRoute("GET", product.path, _words(product.audience), product.description)
        for product in hosted.products.values()
    ]
    kinds = [
        OfferedRoute("POST", kind.address, kind.submitter.value, kind.description)
        for kind in hosted.kinds
    ]
    operations = [
        OfferedRoute(one.method, one.path, _words(one.audience), one.description)
        for one in hosted.operations
    ]
    return [*products, *kinds, *operations]


def _words(audience: frozenset[Role]) -> str:
    return ", ".join(sorted(audience))
