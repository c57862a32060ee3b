"""The metrics of published tables, computed from a `MeasuredTable`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from anomed_core import Direction, MetricRow, Split
from anomed_dataset_anonymization.privacy import (
    effective_k,
    k_anonymity,
    k_map,
    sample_uniqueness,
)
from anomed_dataset_anonymization.threat import key_shares
from anomed_dataset_anonymization.utility import (
    average_class_size,
    discernibility,
    gcp,
    k_marginal_score,
    ncp_xu,
    truthfulness,
)

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena
    from anomed_dataset_anonymization.challenge.scoring import MeasuredTable

INFINITE = 1e6
"""Stands for infinity, which scores cannot hold: no number of the definition is ever as large."""

_FROM_ZERO = (0.0, math.inf)
_FROM_ONE = (1.0, math.inf)
_UP_TO_INFINITE = (0.0, INFINITE)
_INFINITY = f"{INFINITE:g} stands for infinity."
_COLUMNS = "Of several sensitive columns the worst counts."
_TIE_BREAKERS = ("k_marginal", "gcp")


def table_rows(arena: Arena) -> list[MetricRow[MeasuredTable]]:
    """Measure what a published table is good for, and what it protects, without attacking it."""
    prediction = arena.yardsticks[Split.VALIDATION].prediction
    if prediction is None:
        return list(TABLE_ROWS)
    accuracy: MetricRow[MeasuredTable] = MetricRow(
        name="accuracy",
        compute=lambda found: found.accuracy,
        chance=prediction.majority,
        definition="Accuracy, on people whom nobody gets, of a gradient boosting that learns "
        f"{prediction.column} from the published table; chance is its commonest value.",
    )
    return [*TABLE_ROWS, accuracy]


def _table_row(
    direction: Direction,
) -> Callable[..., MetricRow[MeasuredTable]]:
    def row(
        name: str,
        compute: Callable[[MeasuredTable], float],
        definition: str,
        *,
        bounds: tuple[float, float] = (0.0, 1.0),
        chance: float | None = None,
    ) -> MetricRow[MeasuredTable]:
        return MetricRow(
            name=name,
            compute=compute,
            definition=definition,
            direction=direction,
            bounds=bounds,
            chance=chance,
            primary=name == "query_error",
            tie_breaker=_TIE_BREAKERS.index(name) + 1 if name in _TIE_BREAKERS else None,
        )

    return row


_lower, _higher = _table_row(Direction.LOWER), _table_row(Direction.HIGHER)


def _highest(
    model: str, definition: str, *, bounds: tuple[float, float] = (0.0, 1.0)
) -> MetricRow[MeasuredTable]:
    """Measure a syntactic model, of whose numbers the lower one protects better."""
    return _lower(
        model,
        lambda found: min(found.highest(model), INFINITE),
        f"{definition} {_COLUMNS}",
        bounds=bounds,
    )


def _lowest(model: str, definition: str) -> MetricRow[MeasuredTable]:
    """Measure a syntactic model, of whose numbers the higher one protects better."""
    return _higher(
        model, lambda found: found.lowest(model), f"{definition} {_COLUMNS}", bounds=_FROM_ONE
    )


TABLE_ROWS: tuple[MetricRow[MeasuredTable], ...] = (
    _lower(
        "query_error",
        lambda found: min(found.error.mean, INFINITE),
        "Mean relative error of secret random counting queries, smaller counts than 0.1 % of "
        "the people taken for that many (Xiao, Wang, Gehrke 2010); people left out count as "
        "errors.",
        bounds=_UP_TO_INFINITE,
    ),
    _higher(
        "usefulness",
        lambda found: found.yardsticks.usefulness(found.error),
        "Geometric mean, over queries about quasi-identifiers, about sensitive columns and about "
        "both, of 1 - error / that of a table that says nothing but the number of people: 1 for "
        "the leaky table, 0 for one that says nothing in one of the three.",
        chance=0.0,
    ),
    _higher(
        "gain",
        lambda found: max(-INFINITE, found.yardsticks.gain(found.error)),
        "1 - query_error / that of the reference, counted to as many people: what is 0 or below "
        "says no more than everybody who has the reference knows.",
        bounds=(-INFINITE, 1.0),
    ),
    _lower(
        "query_error_median",
        lambda found: min(found.error.median, INFINITE),
        "Median relative error of the same queries.",
        bounds=_UP_TO_INFINITE,
    ),
    _higher(
        "k_marginal",
        lambda found: k_marginal_score(found.arena.original, found.boxes),
        "(2 - mean L1 difference of the densities of all pairs of columns) * 500 (NIST SDNist).",
        bounds=(0.0, 1000.0),
    ),
    _lower(
        "gcp",
        lambda found: gcp(found.boxes, found.arena.n_leaky),
        "Global certainty penalty: mean share of its domain that a cell spans; suppressed cells"
        " and people left out cost 1 (Xu et al. 2006; sets after Xiao and Tao 2006).",
    ),
    _lower(
        "ncp_xu",
        lambda found: ncp_xu(found.boxes, found.arena.n_leaky),
        "As gcp, but a set of several values costs |S| / |D|.",
    ),
    _higher(
        "truthfulness",
        lambda found: truthfulness(found.boxes, found.arena.original),
        "Share of the published people whose row is true of a leaky person.",
    ),
    _higher(
        "published_share",
        lambda found: found.boxes.n_people / found.arena.n_leaky,
        "Share of the leaky people that is published.",
    ),
    _lower(
        "discernibility",
        lambda found: discernibility(found.classes, found.n_suppressed),
        "Sum of squared class sizes, plus all people for each one left out (Bayardo and Agrawal"
        " 2005).",
        bounds=_FROM_ZERO,
    ),
    _lower(
        "average_class_size",
        lambda found: average_class_size(found.classes, 1),
        "Mean number of people in a class.",
        bounds=_FROM_ONE,
    ),
    _lower(
        "classification_metric",
        lambda found: found.minority,
        "Share of people without the majority value of their class, people left out, suppressed "
        f"values and sets of values included (Iyengar 2002). {_COLUMNS}",
    ),
    _higher(
        "lineage_declared",
        lambda found: found.alignment["lineage_declared"],
        "1 if the index says who is who, so that the next two can be measured; else 0.",
    ),
    _lower(
        "entropy_loss",
        lambda found: found.alignment["entropy_loss"],
        "Non-uniform entropy: share of the bits about people's values that is lost (de Waal and"
        " Willenborg 1999); 1 without lineage.",
    ),
    _lower(
        "sse_share",
        lambda found: found.alignment["sse_share"],
        "100 SSE / SST over the columns with an order (Domingo-Ferrer and Mateo-Sanz 2002); 100"
        " without lineage.",
        bounds=_FROM_ZERO,
    ),
    _higher(
        "k",
        lambda found: k_anonymity(found.classes),
        "People in the smallest class (Sweeney 2002).",
        bounds=_FROM_ONE,
    ),
    _higher(
        "k_effective",
        lambda found: effective_k(found.classes, found.people_behind),
        "Leaky people behind the smallest class: those it covers, or, for class means, those it"
        " declares; copies of a row hide nobody.",
        bounds=_FROM_ZERO,
    ),
    _higher(
        "k_map",
        lambda found: k_map(found.classes, found.population),
        "People of the population (leaky and reference) covered by the class that covers fewest "
        "(El Emam and Dankar 2008).",
        bounds=_FROM_ONE,
    ),
    _lower(
        "prosecutor_average",
        lambda found: found.prosecutor.average,
        "Mean chance that a published person is named rightly by class (El Emam and Dankar 2008).",
    ),
    _lower(
        "prosecutor_share_above",
        lambda found: found.prosecutor.share_above,
        "Share of the published people whose chance of being named rightly is above 0.09.",
    ),
    _lower(
        "journalist_highest",
        lambda found: found.journalist.highest,
        "Highest chance of being named rightly among the population.",
    ),
    _lower(
        "marketer",
        lambda found: found.journalist.average,
        "Share named rightly when all are matched to the population (Dankar and El Emam 2010).",
    ),
    _lower(
        "presence_highest",
        lambda found: (found.classes.sizes / found.population).max(),
        "Highest share of the people covered by a class who are published: the upper end of "
        "delta-presence (Nergiz et al. 2007).",
    ),
    _lower(
        "unique_in_sample",
        lambda found: sample_uniqueness(found.classes),
        "Share of the published people in classes of 1.",
    ),
    _lower(
        "unique_in_population",
        lambda found: found.uniqueness,
        "Estimated share of the population that is unique, by the rule of Dankar et al. (2012).",
    ),
    _highest(
        "alpha",
        "Largest share of one sensitive value in a class (Wong et al. 2006).",
    ),
    _lowest(
        "distinct_l",
        "Fewest distinct sensitive values in a class (Machanavajjhala et al. 2006).",
    ),
    _lowest(
        "entropy_l",
        "Exponential of the least entropy of a class, in nats.",
    ),
    _highest(
        "recursive_c",
        f"The c above which recursive (c, 2)-diversity holds. {_INFINITY}",
        bounds=_UP_TO_INFINITE,
    ),
    _highest(
        "basic_beta",
        "Largest relative gain in belief (Cao and Karras 2012).",
        bounds=_UP_TO_INFINITE,
    ),
    _highest(
        "enhanced_beta",
        f"Smallest beta of enhanced beta-likeness. {_INFINITY}",
        bounds=_UP_TO_INFINITE,
    ),
    _highest(
        "t",
        "Largest distance of a class from the table: ordered for columns with an order, else equal "
        "(Li et al. 2007).",
    ),
    _highest(
        "delta",
        f"Largest |ln(q / p)| (Brickell and Shmatikov 2008). {_INFINITY}",
        bounds=_UP_TO_INFINITE,
    ),
    _highest(
        "delta_present",
        "The same over the values that a class has.",
        bounds=_UP_TO_INFINITE,
    ),
    _lower(
        "key_share",
        lambda found: max(key_shares(found.table, found.arena.people.leaky).values()),
        "Share of the leaky people given away by the published value of a single column.",
    ),
)
