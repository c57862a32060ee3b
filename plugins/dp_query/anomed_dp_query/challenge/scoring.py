"""Score estimates and attacks against the truth, and what was spent by the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from anomed_core import Exchange, Split, Submission, Target, measured
from anomed_dp_query.accounting import epsilon_of_rho
from anomed_dp_query.attacks import guess_secrets, secret_probabilities
from anomed_dp_query.challenge.accounts import account_of
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.challenge.contest import ATTRIBUTE, MEMBERSHIP, RECONSTRUCTION, Contest, People
from anomed_dp_query.challenge.data import Dataset
from anomed_dp_query.challenge.metrics import ANALYST, Answered, rows_of
from anomed_dp_query.threat import (
    BitsFound,
    MembershipFound,
    SecretsFound,
    Spent,
    assess_bits,
    assess_membership,
    assess_secrets,
)
from anomed_dp_query.utility import measure_errors


def utility_metrics(arena: Arena, submission: Submission) -> Mapping[str, float]:
    """Score the estimates of an analyst."""
    contest, split = arena.played, submission.split
    estimates = submission.payload["estimates"].astype(np.float64)
    estimates = estimates.reshape(len(contest.tiers), -1)
    tables = contest.tables(split)
    truth, sizes = contest.truth(split), contest.n_rows(split)
    found = Answered(
        errors={
            epsilon: measure_errors(estimates[place], truth[place], n_rows=sizes[place])
            for place, epsilon in enumerate(contest.tiers)
        },
        spent={
            epsilon: spent_on(arena, [tables[place]], submission.transcript).epsilon
            for place, epsilon in enumerate(contest.tiers)
        },
    )
    return measured(rows_of(contest, ANALYST), found)


def threat_metrics(arena: Arena, submission: Submission, target: Target) -> Mapping[str, float]:
    """Score an attack on an analyst."""
    contest, split = arena.played, submission.split
    spent = spent_on(arena, contest.tables(split), target.transcript)
    payload = submission.payload["prediction"]
    if submission.kind == MEMBERSHIP:
        found: Any = membership_found(contest, split, payload.astype(np.float64), spent)
    elif submission.kind == ATTRIBUTE:
        guesses = np.array(contest.secret_values, dtype=object)[payload]
        found = attribute_found(contest, split, guesses, spent)
    else:
        found = bits_found(contest, split, payload.astype(bool))
    return measured(rows_of(contest, submission.kind), found)


def spent_on(arena: Arena, datasets: Iterable[Dataset], transcript: Iterable[Exchange]) -> Spent:
    """Return what was spent on tables, by the lines that the ledger has booked."""
    accounts = {account_of(arena, dataset.name).name for dataset in datasets}
    sums = dict.fromkeys(("epsilon", "delta", "rho"), Decimal(0))
    for exchange in transcript:
        for line in exchange.lines:
            if line.account in accounts and line.resource in sums:
                sums[line.resource] += line.amount
    delta = sums["delta"]
    if sums["rho"]:
        at = arena.played.settings.delta
        sums["epsilon"] += epsilon_of_rho(sums["rho"], delta=at)
        delta += at
    return Spent(epsilon=float(sums["epsilon"]), delta=min(float(delta), 1.0))


def membership_found(
    contest: Contest, split: Split, scores: npt.NDArray[np.float64], spent: Spent
) -> MembershipFound:
    """Hold scores of targets against the truth."""
    people = contest.people(MEMBERSHIP, split)
    return assess_membership(
        scores, people.is_member, spent=spent, n_attackers=contest.settings.attackers
    )


def attribute_found(
    contest: Contest, split: Split, guesses: npt.NDArray[np.object_], spent: Spent
) -> SecretsFound:
    """Hold guesses of the secret column against the truth."""
    people = contest.people(ATTRIBUTE, split)
    truth = _secrets(contest, people)
    return assess_secrets(
        guesses == truth,
        people.is_member,
        right_by_background=background_guesses(contest, people) == truth,
        spent=spent,
        n_attackers=contest.settings.attackers,
    )


def bits_found(contest: Contest, split: Split, bits: npt.NDArray[np.bool_]) -> BitsFound:
    """Hold reconstructed bits against the truth."""
    people = contest.people(RECONSTRUCTION, split)
    return assess_bits(
        bits,
        true_bits(contest, people),
        by_background=_are(contest, background_guesses(contest, people)),
    )


def true_bits(contest: Contest, people: People) -> npt.NDArray[np.bool_]:
    """Return the secret bits of people."""
    return _are(contest, _secrets(contest, people))


def _secrets(contest: Contest, people: People) -> npt.NDArray[np.object_]:
    return np.asarray(people.rows[contest.settings.secret], dtype=object)


def _are(contest: Contest, values: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    return np.array([str(value) == contest.settings.secret_value for value in values])


def background_guesses(contest: Contest, people: People) -> npt.NDArray[np.object_]:
    """Return the secrets that the practice table alone makes likely."""
    secret = contest.settings.secret
    probabilities = secret_probabilities(
        [],
        people.rows.drop(columns=secret),
        contest.background,
        secret=secret,
        values=contest.secret_values,
    )
    return np.array(guess_secrets(probabilities, contest.secret_values), dtype=object)
