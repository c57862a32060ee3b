"""Who won: what a challenge type declares about the order of play, and the house's own entries."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import attrs

from anomed_core.model._converters import as_tuple, choice_of, matching, naming
from anomed_core.model.events import DataRequest, Payload
from anomed_core.model.extras import as_function

_NAME = matching(r"[a-z][a-z0-9_-]*", "lower-case letters, digits, hyphens, as in privacy")


class Take(StrEnum):
    """How a criterion takes its metric from the scores about an entry.

    ``FINAL`` is the entry's own final. ``WORST`` is the attack that is worst for the entry, over
    the house's and all participants' attacks on it, each at its lower confidence limit corrected
    for how many they are. The others rank who has a final on each of several targets:
    ``MEAN_OVER_TARGETS`` counts 0 for a ranked target that was not attacked, ``MEAN_RANK`` is the
    mean of the places on each target, and ``AREA_OVER`` is the area below the metric over a
    parameter of the submissions.
    """

    FINAL = "final"
    WORST = "worst"
    MEAN_OVER_TARGETS = "mean_over_targets"
    MEAN_RANK = "mean_rank"
    AREA_OVER = "area_over"


def _as_take(value: Take | str) -> Take:
    return choice_of(Take, value)


@attrs.frozen(kw_only=True, field_transformer=naming)
class Criterion:
    """One number that decides about places; better is what the metric's declaration says.

    Attributes
    ----------
    metric
        A declared metric. For ``WORST``, one that attacks declare, such as the lower limit of a
        risk: what is higher for the attack is worse for the entry. Where a metric with `limits`
        names it as its lower one, it is corrected for the number of attacks. An attack that does
        worse than by chance has learnt nothing: it counts as the declared chance.
    take
        How it is taken.
    kind
        The submission kind whose metric it is. If it is not given: the ranking's own, and for
        ``WORST`` each attack that declares the metric, be it a kind with a target or a house
        attack; one that an extension has added, if it says what it attacks and its metric has the
        same direction, bounds, chance and interval.
    resolution
        Entries within it of the first of their group are tied; ``None`` compares exactly.
    over
        For ``AREA_OVER``, the query parameter of the submissions that holds a number.

    Examples
    --------
    >>> Criterion(metric="risk_low", take="worst", resolution=0.01).take.value
    'worst'
    """

    metric: str
    take: Take = attrs.field(default=Take.FINAL, converter=_as_take)
    kind: str = ""
    resolution: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.gt(0))
    )
    over: str = ""

    def __attrs_post_init__(self) -> None:
        if (self.take is Take.AREA_OVER) != bool(self.over):
            raise ValueError(
                f"the criterion {self.metric!r} is taken as {self.take.value!r} with "
                f"over={self.over!r}; name a parameter for 'area_over', and for nothing else"
            )


@attrs.frozen(kw_only=True, field_transformer=naming)
class Gate:
    """What an entry must reach to have a place: who is of no use does not win by being private.

    Attributes
    ----------
    metric
        A declared metric.
    kind
        The submission kind whose metric it is; the ranking's own, if it is not given.
    at_least, at_most
        Bounds of the metric, both inclusive; at least one of them.
    house_attack
        Name of a house attack whose metric is read instead. An entry that it has not attacked yet
        passes.
    label
        Shown with entries that miss it, such as ``of no use``.

    Examples
    --------
    >>> gate = Gate(metric="accuracy", at_least=0.6, label="of no use")
    >>> gate.admits(0.6), gate.admits(0.59)
    (True, False)
    """

    metric: str
    kind: str = ""
    at_least: float | None = None
    at_most: float | None = None
    house_attack: str = ""
    label: str

    def __attrs_post_init__(self) -> None:
        if self.at_least is None and self.at_most is None:
            raise ValueError(
                f"the gate {self.label!r} bounds {self.metric!r} nowhere; give at_least or at_most"
            )

    def admits(self, value: float) -> bool:
        """Return whether a value of the metric passes."""
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


@attrs.frozen(kw_only=True, field_transformer=naming)
class Ranking:
    """An order of the finals of one submission kind.

    Attributes
    ----------
    name
        Short name, unique within the challenge.
    title
        A few words for people; the name, if it is not given.
    kind
        The submission kind whose finals are the entries.
    gates
        What an entry must reach first.
    criteria
        What decides, in this order; at least one.

    Examples
    --------
    >>> ranking = Ranking(
    ...     name="anonymizers",
    ...     kind="anonymizer",
    ...     gates=[Gate(metric="accuracy", at_least=0.6, label="of no use")],
    ...     criteria=[
    ...         Criterion(metric="risk_low", take="worst", resolution=0.01),
    ...         Criterion(metric="accuracy"),
    ...     ],
    ... )
    >>> ranking.title
    'Anonymizers'
    """

    name: str = attrs.field(validator=_NAME)
    title: str = attrs.field(
        default=attrs.Factory(
            lambda self: self.name.replace("-", " ").replace("_", " ").capitalize(),
            takes_self=True,
        )
    )
    kind: str
    gates: tuple[Gate, ...] = attrs.field(converter=as_tuple, default=())
    criteria: tuple[Criterion, ...] = attrs.field(
        converter=as_tuple, validator=attrs.validators.min_len(1)
    )


@attrs.frozen(kw_only=True, field_transformer=naming)
class HouseEntry:
    """A reference entry of the house, listed in rankings without a place.

    Attributes
    ----------
    name
        Short name, unique within the challenge; the label of the recorded score.
    kind
        A submission kind that has no target.
    description
        One sentence for people.
    payload
        The decoded body, or a function that is called with the request that a participant would
        have made for the final and returns it. Where the kind takes one array, that alone will do.
    """

    name: str = attrs.field(validator=_NAME)
    kind: str
    description: str = ""
    payload: Callable[[DataRequest], Payload] | Any = attrs.field(
        converter=as_function, eq=False, repr=False
    )
