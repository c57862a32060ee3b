"""What is measured: names, ranges, directions, definitions; higher is better for attackers."""

from __future__ import annotations

import math
from functools import singledispatch
from typing import TYPE_CHECKING

from anomed_core import Direction, Metric, Split
from anomed_dataset_anonymization.challenge.kinds import (
    INFERENCE,
    LINKAGE,
    PUBLISHED_TABLE,
    RECONSTRUCTION,
)

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena
    from anomed_dataset_anonymization.schema import Column

INFINITE = 1e6
"""Stands for infinity, which scores cannot hold: no number of the definition is ever as large."""

_SHARE = (0.0, 1.0)
_FROM_ZERO = (0.0, math.inf)
_FROM_ONE = (1.0, math.inf)
_UP_TO_INFINITE = (0.0, INFINITE)
_INFINITY = f"{INFINITE:g} stands for infinity."
_COLUMNS = "Of several sensitive columns the worst counts."
_TIE_BREAKERS = ("k_marginal", "gcp")


@singledispatch
def metrics_of(arena: Arena) -> list[Metric]:
    """Declare the metrics of all submission kinds."""
    return [
        *table_metrics(arena),
        *reconstruction_metrics(arena),
        *inference_metrics(arena),
        *linkage_metrics(),
    ]


def table_metrics(arena: Arena) -> list[Metric]:
    """Declare what `anomed_dataset_anonymization.challenge.scoring.score_table` returns."""
    prediction = arena.yardsticks[Split.VALIDATION].prediction
    if prediction is None:
        return list(_TABLE)
    accuracy = Metric(
        name="accuracy",
        kind=PUBLISHED_TABLE,
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
        kind=PUBLISHED_TABLE,
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
        "Share of people without the majority value of their class, people left out, suppressed "
        f"values and sets of values included (Iyengar 2002). {_COLUMNS}",
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


def inference_metrics(arena: Arena) -> list[Metric]:
    """Declare what an attack that infers unknown columns is scored by."""
    kind = INFERENCE
    return [
        *_risk_metrics(kind, "an unknown column"),
        _share(kind, "answered", "Share of the targets and unknown columns with a guess."),
        *(
            metric
            for place, column in enumerate(arena.unknown)
            for metric in _column_metrics(kind, column, label=column_label(column, place))
        ),
    ]


def linkage_metrics() -> list[Metric]:
    """Declare what an attack that names rows is scored by."""
    kind = LINKAGE
    return [
        *_risk_metrics(kind, "re-identification"),
        _share(kind, "answered", "Share of the targets for whom a row is named."),
        _share(
            kind,
            "recall",
            "Expected share of the members whose row is named; a row that is published alike k "
            "times counts 1 / k.",
        ),
        _share(
            kind,
            "precision",
            "Expected share of the named rows that are right; 0 if none is named.",
        ),
        _share(
            kind,
            "tpr_at_fpr_0.01",
            "Expected share of the members found among the surest claims that name at most 1 % of "
            "the non-members, equally sure ones together.",
        ),
    ]


def reconstruction_metrics(arena: Arena) -> list[Metric]:
    """Declare what a reconstructed table is scored by."""
    kind = RECONSTRUCTION
    return [
        *_risk_metrics(kind, "the reconstruction of whole records")[:3],
        *(
            _share(
                kind,
                f"{side}_{how}",
                f"Share of the {arena.n_surest} surest rows that match {whom}, {words}.",
            )
            for how, words in (("exact", "exactly"), ("tolerant", "within the tolerances"))
            for side, whom in (
                ("match", "distinct leaky people"),
                ("non_member_match", "as many non-members"),
            )
        ),
    ]


def house_metrics(arena: Arena) -> list[Metric]:
    """Declare what each attack of the house's panel is scored by."""
    kind = PUBLISHED_TABLE
    return [
        *_risk_metrics(kind, "an unknown column, or of re-identification where rows are named"),
        Metric(
            name="risk_low_exposed",
            kind=kind,
            bounds=_SHARE,
            chance=0.0,
            definition="The same bound for the people whom the published table exposes most; 0 if "
            "they are too few to count.",
        ),
        *(
            metric
            for place, column in enumerate(arena.unknown)
            for metric in _house_column_metrics(kind, column, label=column_label(column, place))
        ),
    ]


def column_label(column: Column, place: int) -> str:
    """Return a column's name as part of a metric's, or its place if it has other characters."""
    plain = column.name.isascii() and column.name.replace("_", "").replace("-", "").isalnum()
    return column.name if plain else f"unknown{place + 1}"


def _risk_metrics(kind: str, goal: str) -> list[Metric]:
    return [
        Metric(
            name="risk_low",
            kind=kind,
            bounds=_SHARE,
            chance=0.0,
            primary=True,
            definition=f"Lower 95 % bound of the worst risk of {goal}, over all people and the "
            "rare ones; the level is shared by all intervals (Bonferroni).",
        ),
        Metric(
            name="risk",
            kind=kind,
            bounds=_SHARE,
            chance=0.0,
            limits=("risk_low", "risk_high"),
            definition="That risk: success on members above the floor, as a share of what the "
            "floor leaves (Giomi et al. 2023).",
        ),
        Metric(
            name="risk_high",
            kind=kind,
            bounds=_SHARE,
            definition="Upper 95 % bound of that risk.",
        ),
        Metric(
            name="risk_low_rare",
            kind=kind,
            bounds=_SHARE,
            chance=0.0,
            definition="The same bound for the rare people alone; 0 if they are too few to count.",
        ),
    ]


def _success_metrics(kind: str, column: Column, *, label: str) -> list[Metric]:
    name = column.name
    return [
        _share(kind, f"members.{label}", f"Share of the members whose {name} is guessed rightly."),
        _share(
            kind,
            f"non_members.{label}",
            f"Share of the non-members whose {name} is guessed rightly.",
        ),
    ]


def _house_column_metrics(kind: str, column: Column, *, label: str) -> list[Metric]:
    return [
        *_success_metrics(kind, column, label=label),
        _share(kind, f"risk.{label}", "Success on members above that on non-members."),
        _share(kind, f"risk_low.{label}", "Lower bound of that risk."),
    ]


def _column_metrics(kind: str, column: Column, *, label: str) -> list[Metric]:
    name = column.name
    return [
        *_success_metrics(kind, column, label=label),
        _share(
            kind,
            f"background.{label}",
            f"Share of the same members whose {name} is guessed right by a model that never saw "
            "the table.",
        ),
        _share(kind, f"risk.{label}", "Success on members above the larger of the two floors."),
        _share(kind, f"risk_low.{label}", "Lower bound of that risk."),
        _share(kind, f"advantage.{label}", "Success on members above the background model alone."),
        Metric(
            name=f"anonymity_loss.{label}",
            kind=kind,
            bounds=(-math.inf, 1.0),
            chance=0.0,
            definition="Anonymity loss coefficient: precision discounted by recall, at the recall "
            "that suits the attack best, beyond non-members and background (Francis and Wagner "
            "2025).",
        ),
    ]


def _share(kind: str, name: str, definition: str) -> Metric:
    return Metric(name=name, kind=kind, bounds=_SHARE, definition=definition)
