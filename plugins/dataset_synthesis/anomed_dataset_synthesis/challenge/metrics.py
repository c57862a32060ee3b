"""What a challenge measures: utility, and the success of attacks of each kind."""

import re
from collections.abc import Sequence
from typing import Any

from anomed_core import Direction, Metric
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.kinds import (
    ATTRIBUTES,
    LINKS,
    MEMBERSHIP,
    SINGLING_OUT,
    SYNTHESIZER,
)
from anomed_dataset_synthesis.threat.membership import FALSE_POSITIVE_RATES

FPR_NAMES = {rate: f"tpr_at_fpr_{rate:g}" for rate in FALSE_POSITIVE_RATES}
"""Metrics of true-positive rates, by the false-positive rate."""


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
    return [
        *_utility_metrics(arena),
        *_membership_metrics(),
        *_attribute_metrics(arena),
        risk_metric(LINKS),
        *guess_metrics("", "a left half is linked with its right half", kind=LINKS),
        risk_metric(SINGLING_OUT),
        *guess_metrics("", "a predicate is true of exactly one record", kind=SINGLING_OUT),
    ]


def _utility_metrics(arena: Arena) -> list[Metric]:
    def metric(name: str, definition: str, **options: Any) -> Metric:
        given = {"bounds": (0.0, 1.0)} | options
        return Metric(name=name, kind=SYNTHESIZER, definition=definition, **given)

    unbounded = (float("-inf"), float("inf"))
    accuracies = [
        metric(
            f"accuracy_{order}way",
            f"Mean over choices of {order} columns of 1 - total variation distance to the training "
            "records, on bins learnt from the background.",
        )
        for order in (1, 2, 3)
    ]
    skills = [
        metric(
            f"skill_{order}way",
            f"accuracy_{order}way on a scale from independent columns (0) to another real "
            "sample (1).",
            bounds=unbounded,
            chance=0.0,
        )
        for order in (2, 3)
    ]
    optional = [
        metric("alpha_precision", "Alaa et al. 2022 (arXiv:2102.08921); 1 is best."),
        metric("beta_recall", "The mirror image of alpha_precision."),
        metric("authenticity", "Share of records that are no near-copies (Alaa et al. 2022)."),
    ]
    return [
        metric(
            "utility",
            "Smallest of skill_2way, skill_3way, transfer_ratio and 1 - c2st_excess, cut off at "
            "0 and 1.",
            chance=0.0,
            primary=True,
        ),
        metric("passes_gate", f"1 if utility is at least {arena.config.gate:g}, else 0."),
        *accuracies,
        *skills,
        metric(
            "transfer_auc",
            "AUC on control records of boosted trees trained on the submission, for the hidden "
            "task that suffers most (Esteban et al. 2017).",
            chance=0.5,
        ),
        metric(
            "transfer_ratio",
            "(transfer_auc - 1/2) / (the same of real training records - 1/2), over the tasks "
            "the smallest.",
            bounds=unbounded,
            chance=0.0,
            tie_breaker=1,
        ),
        metric(
            "c2st_auc",
            "Cross-validated AUC of boosted trees telling the submission from control records "
            "(Lopez-Paz and Oquab 2017).",
            direction=Direction.LOWER,
        ),
        metric("c2st_excess", "2 |c2st_auc - 1/2|.", direction=Direction.LOWER),
        *(optional if arena.config.manifold else []),
    ]


_RISK = (
    "Lower bound of the normalised advantage over controls, largest over measures and groups, "
    "corrected (Bonferroni) for all attackers; 0 where nothing is sure."
)


def risk_metric(kind: str = "") -> Metric:
    """Declare the risk, which ranks attacks; of a house attack without a kind."""
    return Metric(
        name="risk",
        kind=kind,
        bounds=(0.0, 1.0),
        chance=0.0,
        primary=True,
        definition=_RISK,
    )


def _membership_metrics() -> list[Metric]:
    def metric(name: str, definition: str, **options: Any) -> Metric:
        given = {"bounds": (0.0, 1.0)} | options
        return Metric(name=name, kind=MEMBERSHIP, definition=definition, **given)

    figures = {"auc": ("Area under the whole ROC curve, ties counting half.", 0.5)} | {
        name: (f"TPR at an FPR of {rate:g}, read off the whole ROC curve, ties at random.", rate)
        for rate, name in FPR_NAMES.items()
    }
    declared = [risk_metric(MEMBERSHIP)]
    for prefix, whom in (("", ""), ("outliers_", " For the 5% in the thinnest background.")):
        for name, (definition, chance) in figures.items():
            full = f"{prefix}{name}"
            order = 1 if full == "auc" else None
            declared += [
                metric(full, definition + whom, chance=chance, tie_breaker=order),
                metric(f"{full}_low", "Lower end of its 95% interval."),
                metric(f"{full}_high", "Upper end of its 95% interval."),
                metric(f"{full}_null_high", "97.5% of worthless attacks stay below this."),
            ]
    positive = (0.0, float("inf"))
    return [
        *declared,
        metric("background_auc", "AUC of the distance to the background: who has seen no more."),
        metric(
            "epsilon_lower",
            "Largest epsilon that the scores prove at the claimed delta (0 without a claim), by "
            "Clopper-Pearson bounds at a threshold fixed on the other half of the targets.",
            bounds=positive,
            chance=0.0,
        ),
        metric("epsilon_provable", "What a perfect attack could have proved.", bounds=positive),
        metric("refutes_claim", "1 if epsilon_lower exceeds the claimed epsilon, else 0."),
    ]


def _attribute_metrics(arena: Arena) -> list[Metric]:
    declared = [risk_metric(ATTRIBUTES)]
    for secret, slug in column_slugs(arena.config.secrets).items():
        declared += guess_metrics(f"{slug}_", f"a guess of {secret} is right", kind=ATTRIBUTES)
        declared.append(
            Metric(
                name=f"{slug}_confident_excess",
                kind=ATTRIBUTES,
                bounds=(0.0, 1.0),
                chance=0.0,
                definition="Excess among the tenth of the targets guessed most confidently.",
            )
        )
    return declared


def guess_metrics(
    prefix: str, event: str, *, kind: str = "", optional: bool = False
) -> list[Metric]:
    """Declare success on members and non-members, and the excess with its 95% interval.

    Parameters
    ----------
    prefix : str
        What their names begin with.
    event : str
        What counts as a success, as a clause.
    kind : str
        The submission kind; empty for a house attack.
    optional : bool
        Whether a result may lack them.
    """

    def metric(name: str, definition: str, **options: Any) -> Metric:
        return Metric(
            name=f"{prefix}{name}",
            kind=kind,
            bounds=(0.0, 1.0),
            optional=optional,
            definition=definition,
            **options,
        )

    return [
        metric("success", f"How often {event}, about members (centre of Wilson's interval)."),
        metric("control_success", f"How often {event}, about non-members."),
        metric(
            "excess",
            "(success - control_success) / (1 - control_success), cut off at 0 (Abbott 1925).",
            chance=0.0,
        ),
        metric("excess_low", "Lower end of its 95% interval."),
        metric("excess_high", "Upper end of its 95% interval."),
        metric(
            "over_background",
            "The same excess over a model that has seen the public background only.",
            chance=0.0,
        ),
    ]
