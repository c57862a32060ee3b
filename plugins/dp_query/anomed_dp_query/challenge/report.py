"""What reports show beside the ranking: budgets, prices over time, error against epsilon."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate

import attrs
import numpy as np

from anomed_core import Exchange, ReportSection, Score, Split, Submission
from anomed_core.report import Axis, Chart, Guide, Series, Table, budget_chart, plain
from anomed_dp_query.challenge.accounts import account_name
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.challenge.contest import Contest
from anomed_dp_query.challenge.handing_out import exchanges_about
from anomed_dp_query.challenge.metrics import ANALYST, tier_name
from anomed_dp_query.utility import SANITY_SHARE, expected_laplace_error

SubmissionOf = Callable[[Score], Submission | None]

NAIVE = "Laplace noise, even split"


@attrs.frozen(kw_only=True)
class Final:
    """A final of an analyst, and what was asked before it.

    Attributes
    ----------
    score
        Its score.
    exchanges
        What was asked about private tables, oldest first.
    """

    score: Score
    exchanges: tuple[Exchange, ...]

    @property
    def analyst(self) -> str:
        """Whose it is."""
        return self.score.subject.anonymizer


def report_sections(
    arena: Arena, scores: Sequence[Score], submission_of: SubmissionOf
) -> list[ReportSection]:
    """Return what is to be said of a contest; nothing of a challenge without one."""
    contest = arena.contest
    if contest is None:
        return []
    finals = finals_in(contest, scores, submission_of)
    rows = budget_rows(contest, finals)
    incidents = incident_rows(scores)
    return [
        ReportSection(
            title="Budgets",
            parts=[
                Table(
                    head=("analyst", "table", "queries", "spent", "of"),
                    rows=rows,
                    empty="No final yet.",
                    folds=True,
                ),
                *([price_chart(contest, finals)] if finals else []),
            ],
            data={"budgets": [list(row) for row in rows]},
        ),
        ReportSection(
            title="Error against epsilon",
            parts=[error_chart(contest, finals)] if finals else ["No final yet."],
        ),
        ReportSection(
            title="Incidents",
            parts=[
                Table(
                    head=("analyst", "attack", "by"),
                    rows=incidents,
                    empty="No attack has surely found out more than what was spent allows.",
                )
            ],
            data={"incidents": [list(row) for row in incidents]},
        ),
    ]


def finals_in(
    contest: Contest, scores: Iterable[Score], submission_of: SubmissionOf
) -> list[Final]:
    """Return the finals of analysts with what they had asked, by the analysts' ids."""
    newest = {
        score.subject.anonymizer: score
        for score in scores
        if score.kind == ANALYST
        and score.split is Split.VALIDATION
        and score.origin == "participant"
        and not score.annulled
    }
    finals = []
    for _, score in sorted(newest.items()):
        submission = submission_of(score)
        transcript = () if submission is None else submission.transcript
        asked = exchanges_about(contest, Split.VALIDATION, transcript)
        finals.append(Final(score=score, exchanges=tuple(asked)))
    return finals


def budget_rows(contest: Contest, finals: Iterable[Final]) -> list[tuple[str, ...]]:
    """Return who has spent how much of each tier."""
    rows: list[tuple[str, ...]] = []
    for final in finals:
        for epsilon, dataset in contest.tiers.items():
            spent = [_price(one, dataset.name) for one in final.exchanges]
            queries = sum(1 for amount in spent if amount)
            total = sum(spent, Decimal(0))
            rows.append(
                (
                    final.analyst,
                    dataset.name,
                    str(queries),
                    f"{total:f}",
                    tier_name(epsilon),
                )
            )
    return rows


def _price(exchange: Exchange, dataset: str) -> Decimal:
    own = account_name(dataset)
    return sum(
        (
            line.amount
            for line in exchange.lines
            if line.account == own and line.resource in {"epsilon", "rho"}
        ),
        Decimal(0),
    )


def price_chart(contest: Contest, finals: Sequence[Final]) -> Chart:
    """Chart what analysts had spent after each of their queries, all tiers together."""
    series, said = [], []
    names = [dataset.name for dataset in contest.tiers.values()]
    for final in finals:
        prices = [float(sum(_price(one, name) for name in names)) for one in final.exchanges]
        spent = [0.0, *accumulate(prices)]
        series.append(Series(name=final.analyst, x=range(len(spent)), y=spent, form="steps"))
        said.append(f"{final.analyst}: {plain(spent[-1])} by {len(prices)} queries.")
    limit = float(sum(contest.tiers))
    longest = max(len(one.x) for one in series) - 1
    return Chart(
        title="What was spent, query by query",
        description=" ".join(said),
        x=Axis(label="queries"),
        y=Axis(label="epsilon spent"),
        series=series,
        guides=[
            Guide(name=f"budget: {plain(limit)}", x=(0, longest), y=(limit, limit), role="gate")
        ],
    )


def error_chart(contest: Contest, finals: Iterable[Final]) -> Chart:
    """Chart the error of each tier against its epsilon, beside that of naive noise."""
    tiers = list(contest.tiers)
    epsilons = [float(epsilon) for epsilon in tiers]
    errors: dict[str, tuple[Sequence[float], Sequence[float]]] = {
        NAIVE: (epsilons, naive_errors(contest))
    }
    for final in finals:
        found = [final.score.metrics[f"error@{tier_name(epsilon)}"] for epsilon in tiers]
        errors[final.analyst] = (epsilons, found)
    return budget_chart(errors, measure="mean capped relative error", reference=NAIVE)


def naive_errors(contest: Contest) -> list[float]:
    """Return the expected error of Laplace noise on each question, with an even split."""
    truth, sizes = contest.truth(Split.VALIDATION), contest.n_rows(Split.VALIDATION)
    n_questions = contest.settings.n_questions
    return [
        float(
            expected_laplace_error(
                n_questions / float(epsilon), np.maximum(truth[place], SANITY_SHARE * sizes[place])
            ).mean()
        )
        for place, epsilon in enumerate(contest.tiers)
    ]


def incident_rows(scores: Iterable[Score]) -> list[tuple[str, ...]]:
    """Return attacks that found out more than what was spent allows."""
    return [
        (
            score.subject.anonymizer,
            score.label or score.kind,
            "the house" if score.origin == "house" else score.subject.deanonymizer,
        )
        for score in scores
        if score.metrics.get("incident") == 1 and _is_current(score)
    ]


def _is_current(score: Score) -> bool:
    metrics: Mapping[str, float] = score.metrics
    return score.split is Split.VALIDATION and not score.annulled and bool(metrics)
