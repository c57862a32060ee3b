"""The order of play: who won, and what the house enters itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from anomed_core.hookspecs._markers import hookspec

if TYPE_CHECKING:
    from anomed_core.model import Challenge, HouseEntry, Ranking


@hookspec
def anomed_rankings(challenge: Challenge) -> Iterable[Ranking]:  # type: ignore[empty-body]
    """Declare who wins: gates first, then criteria in their order.

    Called once per challenge and process, after creation; owner and extensions. The owner's first
    ranking is the headline; an extension ranks the kinds that it has added, and no others. Where a
    plugin declares none, each of its kinds is ranked by its primary metric and its tie-breakers.
    Rankings decide no score, so they may change while a challenge runs. If this hook raises, or
    names a kind, metric or house attack that is not declared, the server refuses to start.

    Returns
    -------
    iterable of Ranking
        In the order in which they are listed.

    Examples
    --------
    >>> from anomed_core import Criterion, Gate, Ranking, hookimpl
    >>> @hookimpl
    ... def anomed_rankings(challenge):
    ...     return [
    ...         Ranking(
    ...             name="anonymizers",
    ...             kind="anonymizer",
    ...             gates=[Gate(metric="accuracy", at_least=0.6, label="of no use")],
    ...             criteria=[
    ...                 Criterion(metric="risk_low", take="worst", resolution=0.01),
    ...                 Criterion(metric="accuracy"),
    ...             ],
    ...         )
    ...     ]
    >>> [criterion.take.value for criterion in anomed_rankings(None)[0].criteria]
    ['worst', 'final']
    """


@hookspec
def anomed_house_entries(challenge: Challenge) -> Iterable[HouseEntry]:  # type: ignore[empty-body]
    """Enter references of the house in kinds that have no target.

    Called once per challenge and process, after creation; owner and extensions. The server scores
    each entry in the background, once for each fingerprint, and lists it in rankings without a
    place, labelled as the house's. If this hook raises, the server refuses to start; if an entry
    cannot be scored, the log says so and it is not listed.

    Returns
    -------
    iterable of HouseEntry
        Possibly none.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from anomed_core import DataRequest, HouseEntry, hookimpl
    >>> @hookimpl
    ... def anomed_house_entries(challenge):
    ...     def mean(request):
    ...         y = challenge.definition["y"]
    ...         return {"prediction": np.full(len(y), y.mean())}
    ...     return [HouseEntry(name="mean", kind="anonymizer", payload=mean)]
    >>> (entry,) = anomed_house_entries(SimpleNamespace(definition={"y": np.array([1.0, 3.0])}))
    >>> entry.payload(DataRequest())
    {'prediction': array([2., 2.])}
    """
