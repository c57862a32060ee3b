"""The house's own attacks on what analysts were answered, and its audit of what they paid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from anomed_core import Exchange, HouseAttack, Split, Submission, measured
from anomed_dp_query.attacks import Release, guess_secrets, membership_scores, secret_probabilities
from anomed_dp_query.challenge.accounts import policy_of
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.challenge.contest import ATTRIBUTE, MEMBERSHIP, RECONSTRUCTION, Contest
from anomed_dp_query.challenge.handing_out import exchanges_about
from anomed_dp_query.challenge.metrics import ANALYST, AUDIT_ROWS, rows_of
from anomed_dp_query.challenge.queries import price_of, run, with_exact_numbers
from anomed_dp_query.challenge.scoring import (
    attribute_found,
    bits_found,
    membership_found,
    spent_on,
)
from anomed_dp_query.libraries.counts import NAME as COUNTS
from anomed_dp_query.libraries.counts import Counts
from anomed_dp_query.threat import Audited, audit_release

if TYPE_CHECKING:
    from anomed_dp_query.metadata import TableMetadata

AUDIT = "audit"

_UNLIKELY = 1e-6

_DESCRIPTIONS = {
    MEMBERSHIP: "Likelihood of each target's row under all counts (Sankararaman et al. 2009).",
    ATTRIBUTE: "Likeliest secret under all counts, on naive Bayes of the practice table.",
    RECONSTRUCTION: "Likeliest secret bits of people who are there (Dinur and Nissim 2003).",
}


def house_attacks(arena: Arena) -> list[HouseAttack]:
    """Name the attacks, as the server runs them in the background."""
    contest = arena.contest
    if contest is None:
        return []

    def attack(task: str) -> HouseAttack:
        def run(submission: Submission, _: np.random.Generator) -> Mapping[str, float] | None:
            found = attacked(arena, task, submission)
            return None if found is None else measured(rows_of(contest, task), found)

        return HouseAttack(
            name=task,
            kind=ANALYST,
            description=_DESCRIPTIONS[task],
            metrics=[row.declared() for row in rows_of(contest, task)],
            run=run,
        )

    def run_again(submission: Submission, rng: np.random.Generator) -> Mapping[str, float] | None:
        found = audited(arena, submission, rng)
        return None if found is None else measured(AUDIT_ROWS, found)

    return [
        *map(attack, _DESCRIPTIONS),
        HouseAttack(
            name=AUDIT,
            kind=ANALYST,
            on_request=True,
            description="Answers the costliest query again about two tables of public rows that "
            "differ in one person, and bounds its epsilon from below (Nasr et al. 2021).",
            metrics=[row.declared() for row in AUDIT_ROWS],
            run=run_again,
        ),
    ]


def audited(arena: Arena, submission: Submission, rng: np.random.Generator) -> Audited | None:
    """Answer the costliest query of an analyst again, as it was answered, about public rows.

    The practice table stands for the private one: a claim holds for any two neighbours, and nobody
    private is touched.

    Returns
    -------
    Audited or None
        ``None`` if nothing was asked in the challenge's own words.
    """
    contest = arena.played
    asked = exchanges_about(contest, submission.split, submission.transcript)
    exchange = costliest(one for one in asked if "query" in one.request)
    if exchange is None:
        return None
    request = exchange.request
    body = with_exact_numbers(request["query"])
    priced = price_of(arena, request["dataset"], request["library"], body)
    absent, present = neighbours(contest.background, str(priced.policy.unit))

    def answer(frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        return numbers_in(run(arena, priced, frame).result)

    return audit_release(
        partial(answer, absent),
        partial(answer, present),
        claimed=float(priced.price.epsilon),
        delta=min(float(priced.price.delta), 0.5),
        n_runs=contest.settings.audit_runs,
        rng=np.random.default_rng(rng.integers(2**63, size=4)),
    )


def neighbours(table: pd.DataFrame, unit: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two tables that differ in one person, who is the commonest kind of all.

    Under ``change-one`` somebody else stands in the person's place.
    """
    texts = table.select_dtypes(include="string")
    kinds = (
        texts.groupby(list(texts.columns), dropna=False).ngroup() if len(texts.columns) else None
    )
    place = 0 if kinds is None else int((kinds == kinds.mode().iloc[0]).to_numpy().argmax())
    others = table.drop(index=table.index[place])
    if unit == "change-one":
        return pd.concat([others, others.iloc[:1]], ignore_index=True), table
    return others, table


def numbers_in(result: Any) -> npt.NDArray[np.float64]:
    """Return all numbers of an answer but truth values, in order."""
    if isinstance(result, Mapping):
        pieces = [numbers_in(result[name]) for name in result if name not in {"by", "levels"}]
    elif isinstance(result, list | tuple):
        pieces = [numbers_in(one) for one in result]
    elif isinstance(result, int | float) and not isinstance(result, bool):
        return np.array([result], dtype=np.float64)
    else:
        return np.empty(0)
    return np.concatenate(pieces) if pieces else np.empty(0)


def attacked(arena: Arena, task: str, submission: Submission) -> Any | None:
    """Attack what an analyst was answered; ``None`` if that was nothing that can be read."""
    contest, split = arena.played, submission.split
    releases = releases_in(arena, split, submission.transcript)
    if not releases:
        return None
    spent = spent_on(arena, contest.tables(split), submission.transcript)
    if task == MEMBERSHIP:
        people = contest.people(task, split)
        scores = membership_scores(releases, people.rows, contest.background)
        return membership_found(contest, split, scores, spent)
    guesses = _guesses(contest, releases, task, split)
    if task == ATTRIBUTE:
        return attribute_found(contest, split, guesses, spent)
    bits = np.array([str(one) == contest.settings.secret_value for one in guesses])
    return bits_found(contest, split, bits)


def _guesses(contest: Contest, releases: list[Release], task: str, split: Split) -> Any:
    secret, values = contest.settings.secret, contest.secret_values
    known = contest.people(task, split).rows.drop(columns=secret)
    probabilities = secret_probabilities(
        releases, known, contest.background, secret=secret, values=values
    )
    return np.array(guess_secrets(probabilities, values), dtype=object)


def releases_in(arena: Arena, split: Split, transcript: Iterable[Exchange]) -> list[Release]:
    """Return the counts that were answered about the tables of a split, as attacks read them."""
    library, releases = Counts(), []
    for one in exchanges_about(arena.played, split, transcript):
        if one.outcome != "answered" or one.request.get("library") != COUNTS:
            continue
        dataset = arena.datasets[one.request["dataset"]]
        metadata = dataset.metadata
        question = library.read(with_exact_numbers(one.request["query"]), metadata)
        policy = policy_of(arena, dataset.name)
        release = Release(
            counts=np.array(one.answer["result"]["counts"], dtype=np.float64),
            variance=library.variance(question, metadata, policy),
            cells_of=partial(_cells, question, metadata),
        )
        chance = library.chance_of_negative(question, metadata, policy)
        if is_exact(release, arena.played.background, chance_of_negative=chance):
            release = attrs.evolve(release, variance=0.0)
        releases.append(release)
    return releases


def is_exact(release: Release, background: pd.DataFrame, *, chance_of_negative: float) -> bool:
    """Return whether counts were surely told without the noise that was paid for.

    Half of the empty cells should have negative counts then, or somewhat less; none has.

    Parameters
    ----------
    release
        What was told.
    background
        Tells which cells are empty, or nearly so.
    chance_of_negative
        Of an empty cell, with the noise that was paid for.
    """
    seen = np.bincount(1 + release.cells_of(background), minlength=1 + len(release.counts))[1:]
    n_empty = int(np.count_nonzero(seen == 0))
    none_is_negative = bool((release.counts >= 0).all() and (release.counts % 1 == 0).all())
    return none_is_negative and (1 - chance_of_negative) ** n_empty < _UNLIKELY


def _cells(question: Any, table: TableMetadata, frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    return Counts().cells(question, frame, table)


def costliest(exchanges: Iterable[Exchange]) -> Exchange | None:
    """Return the exchange with the largest price; ``None`` if there is none."""

    def amount(one: Exchange) -> Decimal:
        return sum(
            (line.amount for line in one.lines if line.resource in {"epsilon", "rho"}), Decimal(0)
        )

    return max(exchanges, key=amount, default=None)
