"""What is measured: one row a metric, with what it means and the function that computes it.

A row computes from what was found out about a submission as a whole, such as `Published`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from anomed_core import Direction, Metric, MetricRow, rows_of_part
from anomed_dataset_synthesis.challenge.kinds import (
    ATTRIBUTES,
    LINKS,
    MEMBERSHIP,
    SINGLING_OUT,
    SYNTHESIZER,
)
from anomed_dataset_synthesis.threat.guesses import GuessResult
from anomed_dataset_synthesis.threat.membership import FALSE_POSITIVE_RATES, MembershipResult

if TYPE_CHECKING:
    from anomed_core.statistics import Estimate
    from anomed_dataset_synthesis.challenge.arena import Arena
    from anomed_dataset_synthesis.challenge.scoring import Guessed, Published, Told
    from anomed_dataset_synthesis.utility.manifold import Manifold
    from anomed_dataset_synthesis.utility.transfer import Transfer

Part = TypeVar("Part")

INFINITY = float("inf")


def column_slugs(columns: Sequence[str]) -> dict[str, str]:
    """Return a name for each column that metrics may begin with.

    Examples
    --------
    >>> column_slugs(["income", "marital status"])
    {'income': 'income', 'marital status': 'marital_status'}
    """
    slugs: dict[str, str] = {}
    for place, column in enumerate(columns):
        slug = re.sub(r"[^A-Za-z0-9_]", "_", column)
        usable = slug[0].isalpha() and slug not in slugs.values()
        slugs[column] = slug if usable else f"column_{place}_{slug}"
    return slugs


def metrics(arena: Arena) -> list[Metric]:
    """Declare all metrics."""
    kinds = (SYNTHESIZER, MEMBERSHIP, ATTRIBUTES, LINKS, SINGLING_OUT)
    return [row.declared(kind) for kind in kinds for row in rows_of(arena, kind)]


def rows_of(arena: Arena, kind: str) -> Sequence[MetricRow[Any]]:
    """Return what is measured of a kind of submissions."""
    if kind == SYNTHESIZER:
        return utility_rows(arena.config.gate, manifold=arena.config.manifold)
    if kind == MEMBERSHIP:
        return MEMBERSHIP_ROWS
    if kind == ATTRIBUTES:
        return attribute_rows(arena.config.secrets)
    event = LINK_EVENT if kind == LINKS else "a predicate is true of exactly one record"
    return [*RISK_ROWS, *rows_of_part(guess_rows(event), lambda found: found.guesses[""])]


def utility_rows(gate: float, *, manifold: bool) -> list[MetricRow[Published]]:
    """Measure what a synthetic table is good for."""
    return [
        MetricRow(
            name="utility",
            compute=lambda found: found.utility.score,
            definition="Smallest of skill_2way, skill_3way, transfer_ratio and 1 - c2st_excess, "
            "cut off at 0 and 1.",
            chance=0.0,
            primary=True,
        ),
        MetricRow(
            name="passes_gate",
            compute=lambda found: found.utility.passes(found.gate),
            definition=f"1 if utility is at least {gate:g}, else 0.",
        ),
        MetricRow(
            name="gain",
            compute=lambda found: found.gain,
            definition="(utility - that of the public background) / (1 - that of the public "
            "background): what is 0 or below is no more use than what everybody has.",
            bounds=(-INFINITY, 1.0),
        ),
        *(_accuracy(order) for order in (1, 2, 3)),
        *(_skill(order) for order in (2, 3)),
        *rows_of_part(_TRANSFER_ROWS, lambda found: found.utility.worst_transfer),
        MetricRow(
            name="c2st_auc",
            compute=lambda found: found.utility.two_sample.auc,
            definition="Cross-validated AUC of boosted trees telling the submission from "
            "non-members (Lopez-Paz and Oquab 2017).",
            direction=Direction.LOWER,
        ),
        MetricRow(
            name="c2st_excess",
            compute=lambda found: found.utility.two_sample.excess,
            definition="2 |c2st_auc - 1/2|.",
            direction=Direction.LOWER,
        ),
        *(rows_of_part(_MANIFOLD_ROWS, lambda found: found.manifold) if manifold else []),
    ]


def _accuracy(order: int) -> MetricRow[Published]:
    return MetricRow(
        name=f"accuracy_{order}way",
        compute=lambda found: found.utility.fidelity[order - 1].accuracy,
        definition=f"Mean over choices of {order} columns of 1 - total variation distance to the "
        "training records, on bins learnt from the background.",
    )


def _skill(order: int) -> MetricRow[Published]:
    return MetricRow(
        name=f"skill_{order}way",
        compute=lambda found: found.utility.fidelity[order - 1].skill,
        definition=f"accuracy_{order}way on a scale from independent columns (0) to another real "
        "sample (1).",
        bounds=(-INFINITY, INFINITY),
        chance=0.0,
    )


_TRANSFER_ROWS: tuple[MetricRow[Transfer], ...] = (
    MetricRow(
        name="transfer_auc",
        compute=lambda worst: worst.auc,
        definition="AUC on non-members of boosted trees trained on the submission, for the "
        "hidden task that suffers most (Esteban et al. 2017).",
        chance=0.5,
    ),
    MetricRow(
        name="transfer_ratio",
        compute=lambda worst: worst.ratio,
        definition="(transfer_auc - 1/2) / (the same of real training records - 1/2), over the "
        "tasks the smallest.",
        bounds=(-INFINITY, INFINITY),
        chance=0.0,
        tie_breaker=1,
    ),
)

_MANIFOLD_ROWS: tuple[MetricRow[Manifold], ...] = (
    MetricRow(
        name="alpha_precision",
        compute=lambda figures: figures.alpha_precision,
        definition="Alaa et al. 2022 (arXiv:2102.08921); 1 is best.",
    ),
    MetricRow(
        name="beta_recall",
        compute=lambda figures: figures.beta_recall,
        definition="The mirror image of alpha_precision.",
    ),
    MetricRow(
        name="authenticity",
        compute=lambda figures: figures.authenticity,
        definition="Share of records that are no near-copies (Alaa et al. 2022).",
    ),
)


LINK_EVENT = "a left half is linked with its right half"

RISK_ROWS: tuple[MetricRow[Any], ...] = (
    MetricRow(
        name="risk_low",
        compute=lambda found: found.risk.value,
        definition="Lower bound of the normalised advantage over non-members, largest over "
        "measures and groups, corrected (Bonferroni) for all attackers; 0 where nothing is sure.",
        chance=0.0,
        primary=True,
    ),
    MetricRow(
        name="risk",
        compute=lambda found: max(0.0, found.risk.estimate.value),
        definition="That advantage itself, where its lower bound is the largest.",
        chance=0.0,
    ),
)
"""What attacks are ranked by, of whatever holds a `Risk`; the bound is corrected already."""


def with_limits(
    main: MetricRow[Part], estimate: Callable[[Part], Estimate]
) -> tuple[MetricRow[Part], MetricRow[Part], MetricRow[Part]]:
    """Add the limits of its interval to a row."""
    return (
        main,
        MetricRow(
            name=f"{main.name}_low",
            compute=lambda part: estimate(part).low,
            definition="Lower end of its 95% interval.",
        ),
        MetricRow(
            name=f"{main.name}_high",
            compute=lambda part: estimate(part).high,
            definition="Upper end of its 95% interval.",
        ),
    )


def _curve_rows(
    main: MetricRow[MembershipResult],
    estimate: Callable[[MembershipResult], Estimate],
    fpr: float | None = None,
) -> tuple[MetricRow[MembershipResult], ...]:
    return (
        *with_limits(main, estimate),
        MetricRow(
            name=f"{main.name}_null_high",
            compute=lambda told: told.null_band(fpr)[1],
            definition="97.5% of worthless attacks stay below this.",
        ),
    )


def _tpr_rows(fpr: float, about: str) -> tuple[MetricRow[MembershipResult], ...]:
    main: MetricRow[MembershipResult] = MetricRow(
        name=f"tpr_at_fpr_{fpr:g}",
        compute=lambda told: told.tpr_at(fpr).value,
        definition=f"TPR at an FPR of {fpr:g}, read off the whole ROC curve, ties at random."
        f"{about}",
        chance=fpr,
    )
    return _curve_rows(main, lambda told: told.tpr_at(fpr), fpr)


def membership_rows(
    about: str = "", *, breaks_ties: bool = False
) -> list[MetricRow[MembershipResult]]:
    """Measure how well scores tell members from non-members, with intervals and null bands."""
    area: MetricRow[MembershipResult] = MetricRow(
        name="auc",
        compute=lambda told: told.auc().value,
        definition=f"Area under the whole ROC curve, ties counting half.{about}",
        chance=0.5,
        tie_breaker=1 if breaks_ties else None,
    )
    rates = [row for fpr in FALSE_POSITIVE_RATES for row in _tpr_rows(fpr, about)]
    return [*_curve_rows(area, MembershipResult.auc), *rates]


MEMBERSHIP_ROWS: tuple[MetricRow[Told], ...] = (
    *RISK_ROWS,
    *rows_of_part(membership_rows(breaks_ties=True), lambda told: told.everybody),
    *rows_of_part(
        membership_rows(" For the 5% in the thinnest background."),
        lambda told: told.outliers,
        prefix="outliers_",
    ),
    MetricRow(
        name="background_auc",
        compute=lambda told: told.background_auc,
        definition="AUC of the distance to the background: who has seen no more.",
    ),
    MetricRow(
        name="epsilon_lower",
        compute=lambda told: told.finding.epsilon_lower,
        definition="Largest epsilon that the scores prove at the claimed delta (0 without a "
        "claim), by Clopper-Pearson bounds at a threshold fixed on the other half of the targets.",
        bounds=(0.0, INFINITY),
        chance=0.0,
    ),
    MetricRow(
        name="epsilon_provable",
        compute=lambda told: told.finding.epsilon_provable,
        definition="What a perfect attack could have proved.",
        bounds=(0.0, INFINITY),
    ),
    MetricRow(
        name="refutes_claim",
        compute=lambda told: told.claimed and told.finding.state == "refuted",
        definition="1 if epsilon_lower exceeds the claimed epsilon, else 0.",
    ),
)


def guess_rows(event: str) -> list[MetricRow[GuessResult]]:
    """Measure successes on members and non-members; `event` says what is one, as a clause."""
    excess: MetricRow[GuessResult] = MetricRow(
        name="excess",
        compute=lambda found: found.over_non_members().value,
        definition="(success - non_member_success) / (1 - non_member_success), cut off at 0 "
        "(Abbott 1925).",
        chance=0.0,
    )
    return [
        MetricRow(
            name="success",
            compute=lambda found: found.success().value,
            definition=f"How often {event}, about members (centre of Wilson's interval).",
        ),
        MetricRow(
            name="non_member_success",
            compute=lambda found: found.non_member_success().value,
            definition=f"How often {event}, about non-members.",
        ),
        *with_limits(excess, GuessResult.over_non_members),
        MetricRow(
            name="over_background",
            compute=lambda found: found.over_background().value if found.background else None,
            definition="The same excess over a model that has seen the public background only.",
            chance=0.0,
        ),
    ]


def attribute_rows(secrets: Sequence[str]) -> list[MetricRow[Guessed]]:
    """Measure guesses of each secret column."""
    rows: list[MetricRow[Guessed]] = [*RISK_ROWS]
    for secret, slug in column_slugs(secrets).items():
        rows += _secret_rows(secret, f"{slug}_")
    return rows


def _secret_rows(secret: str, prefix: str) -> list[MetricRow[Guessed]]:
    confident: MetricRow[GuessResult] = MetricRow(
        name="confident_excess",
        compute=lambda found: found.over_non_members().value,
        definition="Excess among the tenth of the targets guessed most confidently.",
        chance=0.0,
    )
    guessed = guess_rows(f"a guess of {secret} is right")
    return [
        *rows_of_part(guessed, lambda found: found.guesses[secret], prefix=prefix),
        *rows_of_part([confident], lambda found: found.confident[secret], prefix=prefix),
    ]
