"""Score a published table: everything that is measured without attacking it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from anomed_core import Split
from anomed_dataset_anonymization.privacy import (
    EquivalenceClasses,
    PrivacyProfile,
    contingency,
    dankar_uniqueness,
    effective_k,
    journalist_risk,
    k_anonymity,
    k_map,
    people_declared,
    prosecutor_risk,
    published_classes,
    published_profile,
    sample_uniqueness,
)
from anomed_dataset_anonymization.schemes import PublishedTable
from anomed_dataset_anonymization.threat import key_shares
from anomed_dataset_anonymization.utility import (
    Boxes,
    average_class_size,
    boxes_of_published,
    classification_metric,
    discernibility,
    gcp,
    k_marginal_score,
    ncp_xu,
    people_covered,
    query_error,
    truthfulness,
)
from anomed_dataset_anonymization.utility.alignment import align

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena

INFINITE = 1e6
"""Stands for infinity, which scores cannot hold: no number of the definition is ever as large."""

_LOWER_IS_PRIVATE = (
    "alpha",
    "recursive_c",
    "basic_beta",
    "enhanced_beta",
    "t",
    "delta",
    "delta_present",
)
_HIGHER_IS_PRIVATE = ("distinct_l", "entropy_l")


def score_table(table: PublishedTable, arena: Arena, split: Split) -> dict[str, float]:
    """Measure utility and syntactic privacy of a published table.

    Parameters
    ----------
    table
        In canonical form.
    arena
        What it is compared with.
    split
        Whose secret workload is asked.

    Returns
    -------
    dict of str to float
        The metrics of `anomed_dataset_anonymization.challenge.products.table_metrics`.
    """
    boxes = boxes_of_published(table)
    classes = published_classes(table)
    return {
        **_utility(boxes, arena, split),
        **_coarseness(table, classes, arena),
        **align(table, arena.people.leaky),
        **_anonymity(table, boxes, classes, arena=arena),
        **_worst_profile([published_profile(table, name) for name in arena.unknown_names]),
        "key_share": max(key_shares(table, arena.people.leaky).values()),
    }


def _utility(boxes: Boxes, arena: Arena, split: Split) -> dict[str, float]:
    measures = arena.yardsticks[split]
    error = query_error(arena.original, boxes, queries=measures.queries, truth=measures.answers)
    utility = {
        "query_error": _finite(error.mean),
        "usefulness": 1.0 - error.mean / measures.useless_error,
        "query_error_median": _finite(error.median),
        "k_marginal": k_marginal_score(arena.original, boxes),
        "gcp": gcp(boxes, arena.n_leaky),
        "ncp_xu": ncp_xu(boxes, arena.n_leaky),
        "truthfulness": truthfulness(boxes, arena.original),
        "published_share": boxes.n_people / arena.n_leaky,
    }
    if measures.prediction is not None:
        utility["accuracy"] = measures.prediction.accuracy(boxes)
    return utility


def _coarseness(
    table: PublishedTable, classes: EquivalenceClasses, arena: Arena
) -> dict[str, float]:
    n_suppressed = arena.n_leaky - table.n_rows
    minority = [
        classification_metric(contingency(classes, table.codes[name]), n_suppressed)
        for name in arena.unknown_names
    ]
    return {
        "discernibility": discernibility(classes, n_suppressed),
        "average_class_size": average_class_size(classes, 1),
        "classification_metric": max(minority),
    }


def _anonymity(
    table: PublishedTable, boxes: Boxes, classes: EquivalenceClasses, *, arena: Arena
) -> dict[str, float]:
    by_class = boxes.select(arena.known_names).take(classes.first_rows)
    in_population = people_covered(by_class, arena.population)
    population = np.maximum(in_population, classes.sizes)
    prosecutor = prosecutor_risk(classes)
    journalist = journalist_risk(classes, population)
    n_people = len(arena.people.coordinates)
    return {
        "k": k_anonymity(classes),
        "k_effective": effective_k(classes, _people_behind(table, by_class, classes, arena=arena)),
        "k_map": k_map(classes, population),
        "prosecutor_average": prosecutor.average,
        "prosecutor_share_above": prosecutor.share_above,
        "journalist_highest": journalist.highest,
        "marketer": journalist.average,
        "presence_highest": float((classes.sizes / population).max()),
        "unique_in_sample": sample_uniqueness(classes),
        "unique_in_population": dankar_uniqueness(classes, table.n_rows / n_people).fraction,
    }


def _people_behind(
    table: PublishedTable, by_class: Boxes, classes: EquivalenceClasses, *, arena: Arena
) -> np.ndarray:
    """Count the leaky people behind each class: those it covers; for class means, those declared.

    A mean covers nobody, so there the declaration is all there is.
    """
    if table.scheme != "microaggregation":
        return people_covered(by_class, arena.original)
    if table.lineage is None:
        return np.zeros(classes.n_classes, dtype=np.int64)
    return people_declared(classes, table.lineage)


def _worst_profile(profiles: list[PrivacyProfile]) -> Mapping[str, float]:
    """Take the worst sensitive column for each model by itself."""
    worst = {
        name: _finite(max(getattr(profile, name) for profile in profiles))
        for name in _LOWER_IS_PRIVATE
    }
    return worst | {
        name: min(getattr(profile, name) for profile in profiles) for name in _HIGHER_IS_PRIVATE
    }


def _finite(value: float) -> float:
    return min(value, INFINITE)
