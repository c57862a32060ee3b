"""What is measured: one row a metric, with what it means and the function that computes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

from anomed_core import Direction, Metric, MetricRow, rows_of_part
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.challenge.contest import ATTRIBUTE, MEMBERSHIP, RECONSTRUCTION, Contest
from anomed_dp_query.threat import (
    FALSE_POSITIVE_RATES,
    Audited,
    BitsFound,
    MembershipFound,
    SecretsFound,
)
from anomed_dp_query.utility import Errors, area_over_epsilon
from anomed_dp_query.utility import efficiency as efficiency_of
from anomed_dp_query.utility.errors import MOST_EFFICIENT

ANALYST = "anonymizer"
INFINITY = float("inf")


@attrs.frozen(kw_only=True)
class Answered:
    """What became of the estimates of an analyst.

    Attributes
    ----------
    errors
        Of each tier, by epsilon.
    spent
        Epsilon that was spent on each tier, by epsilon.
    """

    errors: Mapping[Decimal, Errors]
    spent: Mapping[Decimal, float]


def metrics(arena: Arena) -> list[Metric]:
    """Declare all metrics; none where there is no contest."""
    contest = arena.contest
    if contest is None:
        return []
    kinds = (ANALYST, MEMBERSHIP, ATTRIBUTE, RECONSTRUCTION)
    return [row.declared(kind) for kind in kinds for row in rows_of(contest, kind)]


def rows_of(contest: Contest, kind: str) -> Sequence[MetricRow[Any]]:
    """Return what is measured of a kind of submissions."""
    if kind == ANALYST:
        return utility_rows(tuple(contest.tiers))
    rows: dict[str, Sequence[MetricRow[Any]]] = {
        MEMBERSHIP: MEMBERSHIP_ROWS,
        ATTRIBUTE: ATTRIBUTE_ROWS,
        RECONSTRUCTION: RECONSTRUCTION_ROWS,
    }
    return rows[kind]


def tier_name(epsilon: Decimal) -> str:
    """Return how metrics call a tier.

    Examples
    --------
    >>> tier_name(Decimal("0.10")), tier_name(Decimal("1E+1"))
    ('0.1', '10')
    """
    return f"{epsilon.normalize():f}"


def utility_rows(tiers: Sequence[Decimal]) -> list[MetricRow[Answered]]:
    """Measure estimates."""
    rows: list[MetricRow[Answered]] = [
        MetricRow(
            name="auec",
            compute=lambda found: area_over_epsilon(
                {float(epsilon): errors.error for epsilon, errors in found.errors.items()}
            ),
            definition="Mean error of the tiers over log epsilon, by the trapezoid rule; the error "
            "itself where there is one tier.",
            direction=Direction.LOWER,
            primary=True,
        ),
        MetricRow(
            name="epsilon_spent",
            compute=lambda found: sum(found.spent.values()),
            definition="Epsilon that was spent on all tiers, by the ledger.",
            direction=Direction.LOWER,
            bounds=(0.0, INFINITY),
            tie_breaker=1,
        ),
    ]
    for epsilon in tiers:
        rows += _rows_of_tier(epsilon)
    return rows


def _rows_of_tier(epsilon: Decimal) -> list[MetricRow[Answered]]:
    def of_tier(found: Answered) -> tuple[Errors, float]:
        return found.errors[epsilon], found.spent[epsilon]

    rows = rows_of_part(_TIER_ROWS, of_tier)
    return [attrs.evolve(row, name=f"{row.name}@{tier_name(epsilon)}") for row in rows]


_TIER_ROWS: tuple[MetricRow[tuple[Errors, float]], ...] = (
    MetricRow(
        name="error",
        compute=lambda found: found[0].error,
        definition="Mean of min(1, |estimate - count| / max(count, 0.005 n)) (Garofalakis and "
        "Gibbons 2002).",
        direction=Direction.LOWER,
    ),
    MetricRow(
        name="rmse",
        compute=lambda found: found[0].rmse,
        definition="Root of the mean squared error, in rows.",
        direction=Direction.LOWER,
        bounds=(0.0, INFINITY),
    ),
    MetricRow(
        name="within_10_percent",
        compute=lambda found: found[0].within_10_percent,
        definition="Share of estimates with a capped relative error of 0.1 at most.",
    ),
    MetricRow(
        name="efficiency",
        compute=lambda found: efficiency_of(found[0], epsilon=found[1]),
        definition="Questions / (mean absolute error x epsilon spent): 1 is Laplace noise with an "
        "even split; 0 where nothing was spent.",
        bounds=(0.0, MOST_EFFICIENT),
    ),
)


def _with_limits(name: str, limits: Any, **facts: Any) -> list[MetricRow[Any]]:
    """Return a row of an estimate and the limits of its interval."""
    definition = facts.pop("definition")
    bounds = facts.get("bounds", (0.0, 1.0))
    low, high = f"{name}_low", f"{name}_high"
    return [
        MetricRow(
            name=name,
            compute=lambda found: limits(found).value,
            definition=definition,
            limits=(low, high),
            **facts,
        ),
        MetricRow(
            name=low,
            compute=lambda found: limits(found).low,
            definition=f"Lower limit of the 95 % interval of {name}.",
            bounds=bounds,
        ),
        MetricRow(
            name=high,
            compute=lambda found: limits(found).high,
            definition=f"Upper limit of the 95 % interval of {name}.",
            bounds=bounds,
        ),
    ]


def _incident() -> MetricRow[Any]:
    return MetricRow(
        name="incident",
        compute=lambda found: float(found.is_incident),
        definition="1 if more was surely learnt, corrected for all attackers, than the privacy "
        "that was spent allows: a fault of the server, and no merit.",
    )


def _spent() -> MetricRow[Any]:
    return MetricRow(
        name="epsilon_spent",
        compute=lambda found: found.spent.epsilon,
        definition="Epsilon that the attacked analyst had spent, by the ledger.",
        bounds=(0.0, INFINITY),
    )


MEMBERSHIP_ROWS: tuple[MetricRow[MembershipFound], ...] = (
    *_with_limits(
        "auc",
        lambda found: found.auc,
        definition="Area under the ROC curve of members against others.",
        chance=0.5,
        primary=True,
    ),
    *(
        MetricRow(
            name=f"tpr_at_fpr_{fpr:g}",
            compute=lambda found, fpr=fpr: found.tpr_at(fpr),  # type: ignore[misc]
            definition=f"True-positive rate at a false-positive rate of {fpr:g}.",
            chance=fpr,
        )
        for fpr in FALSE_POSITIVE_RATES
    ),
    *_with_limits(
        "advantage",
        lambda found: found.advantage,
        definition="TPR - FPR of scores above one half.",
        bounds=(-1.0, 1.0),
        chance=0.0,
    ),
    MetricRow(
        name="epsilon_lower",
        compute=lambda found: found.epsilon_lower,
        definition="Largest epsilon that the scores prove, corrected for all attackers.",
        bounds=(0.0, INFINITY),
    ),
    _spent(),
    MetricRow(
        name="auc_ceiling",
        compute=lambda found: found.spent.auc_ceiling,
        definition="1 - (1 - delta)^2 / (1 + e^epsilon): no attack can do better for what was "
        "spent (Kairouz, Oh and Viswanath 2015).",
    ),
    _incident(),
)

ATTRIBUTE_ROWS: tuple[MetricRow[SecretsFound], ...] = (
    *_with_limits(
        "advantage",
        lambda found: found.advantage,
        definition="Share of right guesses among members minus that among others.",
        bounds=(-1.0, 1.0),
        chance=0.0,
        primary=True,
    ),
    MetricRow(
        name="share_of_members",
        compute=lambda found: found.of_members,
        definition="Share of members whose secret was guessed.",
    ),
    MetricRow(
        name="share_of_others",
        compute=lambda found: found.of_non_members,
        definition="Share of others whose secret was guessed.",
    ),
    MetricRow(
        name="share_by_background",
        compute=lambda found: found.by_background,
        definition="Share of members whose secret the practice table alone tells (naive Bayes).",
    ),
    _spent(),
    MetricRow(
        name="advantage_ceiling",
        compute=lambda found: found.spent.advantage_ceiling,
        definition="(e^epsilon - 1 + 2 delta) / (e^epsilon + 1): no attack can do better for what "
        "was spent.",
    ),
    _incident(),
)

RECONSTRUCTION_ROWS: tuple[MetricRow[BitsFound], ...] = (
    *_with_limits(
        "gain",
        lambda found: found.gain,
        definition="Share of secret bits that were found minus what the practice table alone "
        "tells.",
        bounds=(-1.0, 1.0),
        chance=0.0,
        primary=True,
    ),
    MetricRow(
        name="share_found",
        compute=lambda found: found.share.value,
        definition="Share of the secret bits that were found (Dinur and Nissim 2003).",
    ),
    MetricRow(
        name="share_by_background",
        compute=lambda found: found.by_background,
        definition="Share of the bits that the practice table alone tells (naive Bayes).",
    ),
)

AUDIT_ROWS: tuple[MetricRow[Audited], ...] = (
    MetricRow(
        name="epsilon",
        compute=lambda found: found.claimed,
        definition="What the costliest query has cost.",
        bounds=(0.0, INFINITY),
    ),
    MetricRow(
        name="epsilon_lower",
        compute=lambda found: found.epsilon_lower,
        definition="Largest epsilon that is proved, with 95 % confidence, by answers about two "
        "tables that differ in one person (Jagielski, Ullman and Oprea 2020).",
        bounds=(0.0, INFINITY),
    ),
    MetricRow(
        name="epsilon_provable",
        compute=lambda found: found.bound.attainable,
        definition="What a perfect audit could have proved.",
        bounds=(0.0, INFINITY),
    ),
    MetricRow(
        name="refuted",
        compute=lambda found: float(found.is_refuted),
        definition="1 if epsilon_lower exceeds what was paid, else 0.",
    ),
)
