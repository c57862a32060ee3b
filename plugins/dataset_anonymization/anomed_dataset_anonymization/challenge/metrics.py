"""The metrics of published tables: names, ranges, directions, definitions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from anomed_core import Direction, Metric, Split
from anomed_dataset_anonymization.challenge.scoring import INFINITE

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena

ANONYMIZER = "anonymizer"
"""The kind of submission that they belong to."""

_SHARE = (0.0, 1.0)
_FROM_ZERO = (0.0, math.inf)
_FROM_ONE = (1.0, math.inf)
_UP_TO_INFINITE = (0.0, INFINITE)
_INFINITY = f"{INFINITE:g} stands for infinity."
_COLUMNS = "Of several sensitive columns the worst counts."
_TIE_BREAKERS = ("k_marginal", "gcp")


def table_metrics(arena: Arena) -> list[Metric]:
    """Declare what `anomed_dataset_anonymization.challenge.scoring.score_table` returns."""
    prediction = arena.yardsticks[Split.VALIDATION].prediction
    if prediction is None:
        return list(_TABLE)
    accuracy = Metric(
        name="accuracy",
        kind=ANONYMIZER,
        bounds=_SHARE,
        chance=prediction.majority,
        definition="Accuracy, on people whom nobody gets, of a gradient boosting that learns "
        f"{prediction.column} from the published table; chance is its commonest value.",
    )
    return [*_TABLE, accuracy]


def _of_table(
    name: str,
    direction: Direction,
    bounds: tuple[float, float],
    definition: str,
    *,
    chance: float | None = None,
) -> Metric:
    return Metric(
        name=name,
        kind=ANONYMIZER,
        direction=direction,
        bounds=bounds,
        chance=chance,
        primary=name == "query_error",
        tie_breaker=_TIE_BREAKERS.index(name) + 1 if name in _TIE_BREAKERS else None,
        definition=definition,
    )


_TABLE = (
    _of_table(
        "query_error",
        Direction.LOWER,
        _UP_TO_INFINITE,
        "Mean relative error of secret random counting queries, smaller counts than 0.1 % of the "
        "people taken for that many (Xiao, Wang, Gehrke 2010); people left out count as errors.",
    ),
    _of_table(
        "usefulness",
        Direction.HIGHER,
        (-math.inf, 1.0),
        "1 - query_error / that of a table that says nothing but the number of people: 1 for the "
        "leaky table, 0 for nothing, below 0 for what misleads.",
        chance=0.0,
    ),
    _of_table(
        "query_error_median",
        Direction.LOWER,
        _UP_TO_INFINITE,
        "Median relative error of the same queries.",
    ),
    _of_table(
        "k_marginal",
        Direction.HIGHER,
        (0.0, 1000.0),
        "(2 - mean L1 difference of the densities of all pairs of columns) * 500 (NIST SDNist).",
    ),
    _of_table(
        "gcp",
        Direction.LOWER,
        _SHARE,
        "Global certainty penalty: mean share of its domain that a cell spans; suppressed cells "
        "and people left out cost 1 (Xu et al. 2006; sets after Xiao and Tao 2006).",
    ),
    _of_table(
        "ncp_xu", Direction.LOWER, _SHARE, "As gcp, but a set of several values costs |S| / |D|."
    ),
    _of_table(
        "truthfulness",
        Direction.HIGHER,
        _SHARE,
        "Share of the published people whose row is true of a leaky person.",
    ),
    _of_table(
        "published_share", Direction.HIGHER, _SHARE, "Share of the leaky people that is published."
    ),
    _of_table(
        "discernibility",
        Direction.LOWER,
        _FROM_ZERO,
        "Sum of squared class sizes, plus all people for each one left out (Bayardo and Agrawal "
        "2005).",
    ),
    _of_table(
        "average_class_size", Direction.LOWER, _FROM_ONE, "Mean number of people in a class."
    ),
    _of_table(
        "classification_metric",
        Direction.LOWER,
        _SHARE,
        "Share of people without the majority value of their class, people left out included "
        f"(Iyengar 2002). {_COLUMNS}",
    ),
    _of_table(
        "lineage_declared",
        Direction.HIGHER,
        _SHARE,
        "1 if the index says who is who, so that the next two can be measured; else 0.",
    ),
    _of_table(
        "entropy_loss",
        Direction.LOWER,
        _SHARE,
        "Non-uniform entropy: share of the bits about people's values that is lost (de Waal and "
        "Willenborg 1999); 1 without lineage.",
    ),
    _of_table(
        "sse_share",
        Direction.LOWER,
        _FROM_ZERO,
        "100 SSE / SST over the columns with an order (Domingo-Ferrer and Mateo-Sanz 2002); 100 "
        "without lineage.",
    ),
    _of_table("k", Direction.HIGHER, _FROM_ONE, "People in the smallest class (Sweeney 2002)."),
    _of_table(
        "k_effective",
        Direction.HIGHER,
        _FROM_ZERO,
        "Leaky people behind the smallest class: those it covers, or, for class means, those it "
        "declares; copies of a row hide nobody.",
    ),
    _of_table(
        "k_map",
        Direction.HIGHER,
        _FROM_ONE,
        "People of the population (leaky, control and reference) covered by the class that covers "
        "fewest (El Emam and Dankar 2008).",
    ),
    _of_table(
        "prosecutor_average",
        Direction.LOWER,
        _SHARE,
        "Mean chance that a published person is named rightly by class (El Emam and Dankar 2008).",
    ),
    _of_table(
        "prosecutor_share_above",
        Direction.LOWER,
        _SHARE,
        "Share of the published people whose chance of being named rightly is above 0.09.",
    ),
    _of_table(
        "journalist_highest",
        Direction.LOWER,
        _SHARE,
        "Highest chance of being named rightly among the population.",
    ),
    _of_table(
        "marketer",
        Direction.LOWER,
        _SHARE,
        "Share named rightly when all are matched to the population (Dankar and El Emam 2010).",
    ),
    _of_table(
        "presence_highest",
        Direction.LOWER,
        _SHARE,
        "Highest share of the people covered by a class who are published: the upper end of "
        "delta-presence (Nergiz et al. 2007).",
    ),
    _of_table(
        "unique_in_sample",
        Direction.LOWER,
        _SHARE,
        "Share of the published people in classes of 1.",
    ),
    _of_table(
        "unique_in_population",
        Direction.LOWER,
        _SHARE,
        "Estimated share of the population that is unique, by the rule of Dankar et al. (2012).",
    ),
    _of_table(
        "alpha",
        Direction.LOWER,
        _SHARE,
        f"Largest share of one sensitive value in a class (Wong et al. 2006). {_COLUMNS}",
    ),
    _of_table(
        "distinct_l",
        Direction.HIGHER,
        _FROM_ONE,
        f"Fewest distinct sensitive values in a class (Machanavajjhala et al. 2006). {_COLUMNS}",
    ),
    _of_table(
        "entropy_l",
        Direction.HIGHER,
        _FROM_ONE,
        f"Exponential of the least entropy of a class, in nats. {_COLUMNS}",
    ),
    _of_table(
        "recursive_c",
        Direction.LOWER,
        _UP_TO_INFINITE,
        f"The c above which recursive (c, 2)-diversity holds. {_INFINITY} {_COLUMNS}",
    ),
    _of_table(
        "basic_beta",
        Direction.LOWER,
        _UP_TO_INFINITE,
        f"Largest relative gain in belief (Cao and Karras 2012). {_COLUMNS}",
    ),
    _of_table(
        "enhanced_beta",
        Direction.LOWER,
        _UP_TO_INFINITE,
        f"Smallest beta of enhanced beta-likeness. {_INFINITY} {_COLUMNS}",
    ),
    _of_table(
        "t",
        Direction.LOWER,
        _SHARE,
        "Largest distance of a class from the table: ordered for columns with an order, else equal "
        f"(Li et al. 2007). {_COLUMNS}",
    ),
    _of_table(
        "delta",
        Direction.LOWER,
        _UP_TO_INFINITE,
        f"Largest |ln(q / p)| (Brickell and Shmatikov 2008). {_INFINITY} {_COLUMNS}",
    ),
    _of_table(
        "delta_present",
        Direction.LOWER,
        _UP_TO_INFINITE,
        f"The same over the values that a class has. {_COLUMNS}",
    ),
    _of_table(
        "key_share",
        Direction.LOWER,
        _SHARE,
        "Share of the leaky people given away by the published value of a single column.",
    ),
)
