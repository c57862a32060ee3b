"""Rank anonymizers by the worst that anybody, the house included, found out about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from anomed_core import ReportSection, Score, Split, table_html
from anomed_dataset_anonymization.challenge.metrics import ANONYMIZER

_RISK, _UTILITY, _USEFULNESS = "risk_low", "query_error", "usefulness"
_HEADERS = ("Place", "Anonymizer", "Table", "Worst risk (lower bound)", "Found by", "Query error")
_RISK_DECIMALS = 2
"""Risks that are equal in whole per cents are no difference that anybody should be ranked by."""


@attrs.frozen(kw_only=True)
class Standing:
    """Where an anonymizer stands.

    Attributes
    ----------
    anonymizer : str
        Its identifier.
    split : Split
        Validation, if its final was scored; else its newest table for tuning stands in.
    query_error : float
        Utility of that table; lower is better.
    is_useful : bool
        Whether it is good for enough to be ranked by its privacy: to publish nothing is private.
    risk_low : float or None
        Lower bound of the worst risk found; None if nobody has attacked the table yet.
    attack : str
        Who found it: a house attack or a deanonymizer; empty if nobody did.
    n_attacks : int
        Attacks that count.
    """

    anonymizer: str
    split: Split
    query_error: float
    is_useful: bool
    risk_low: float | None
    attack: str
    n_attacks: int


def standings(scores: Iterable[Score], *, least_usefulness: float) -> list[Standing]:
    """Rank anonymizers: the lowest worst risk in whole per cents first, then the lowest error.

    Attacks count if they were made on the table that stands: on the final, if there is one, else on
    the newest table for tuning. The house's own attacks always do.

    Parameters
    ----------
    scores : iterable of Score
        All scores of a challenge, oldest first.
    least_usefulness : float
        Tables that are less useful come after all others.

    Returns
    -------
    list of Standing
        Among useful tables, those that nobody has attacked yet come last.
    """
    listed = list(scores)
    superseded = {score.supersedes for score in listed}
    valid = [score for score in listed if score.id not in superseded]
    table_of: dict[str, Score] = {}
    for score in valid:
        if score.kind == ANONYMIZER and score.origin == "participant":
            earlier = table_of.get(score.subject.anonymizer)
            if earlier is None or earlier.split is Split.TUNING:
                table_of[score.subject.anonymizer] = score
    found = [
        _standing(table, valid, least_usefulness=least_usefulness) for table in table_of.values()
    ]
    return ranked(found)


def ranked(found: Iterable[Standing]) -> list[Standing]:
    """Order standings, best first."""
    return sorted(found, key=_place)


def _standing(table: Score, scores: Sequence[Score], *, least_usefulness: float) -> Standing:
    attacks = [score for score in scores if _is_attack_on(score, table)]
    worst = max(attacks, key=lambda score: score.metrics[_RISK], default=None)
    return Standing(
        anonymizer=table.subject.anonymizer,
        split=table.split,
        query_error=table.metrics[_UTILITY],
        is_useful=table.metrics[_USEFULNESS] >= least_usefulness,
        risk_low=worst.metrics[_RISK] if worst else None,
        attack=(worst.label or worst.subject.deanonymizer) if worst else "",
        n_attacks=len(attacks),
    )


def _is_attack_on(score: Score, table: Score) -> bool:
    if score.subject.anonymizer != table.subject.anonymizer or _RISK not in score.metrics:
        return False
    if score.origin == "house":
        return score.payload_digest == table.payload_digest and score.split is table.split
    return score.kind != ANONYMIZER and score.id > table.id


def _place(standing: Standing) -> tuple[bool, bool, float, float, str]:
    return (
        not standing.is_useful,
        standing.risk_low is None,
        round(standing.risk_low or 0.0, _RISK_DECIMALS),
        standing.query_error,
        standing.anonymizer,
    )


def standings_section(scores: Iterable[Score], *, least_usefulness: float) -> ReportSection:
    """Return the ranking as a section of the result pages."""
    listed = standings(scores, least_usefulness=least_usefulness)
    rows = [_row(place, standing) for place, standing in enumerate(listed, start=1)]
    return ReportSection(
        title="Anonymizers by the worst attack on them",
        html="<p>Lower bound of the worst risk that any attack, the house's included, found; ties "
        "in whole per cents go to the lower query error. Tables whose usefulness is below "
        f"{least_usefulness:g} come last, however private.</p>"
        f"{table_html(_HEADERS, rows, empty='No table yet.')}",
        data={"standings": [_plain(standing) for standing in listed]},
    )


def _row(place: int, standing: Standing) -> Sequence[str]:
    risk = "not attacked yet" if standing.risk_low is None else f"{standing.risk_low:.3f}"
    error = f"{standing.query_error:.3f}"
    return (
        str(place),
        standing.anonymizer,
        standing.split.value,
        risk,
        standing.attack,
        error if standing.is_useful else f"{error} (of no use)",
    )


def _plain(standing: Standing) -> Mapping[str, object]:
    return attrs.asdict(standing) | {"split": standing.split.value}
