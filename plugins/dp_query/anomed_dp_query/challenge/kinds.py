"""What participants hand in: estimates of the workload, and three kinds of attacks."""

from __future__ import annotations

from typing import Any

import numpy as np

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    ArraySchema,
    ArraysSchema,
    DataRequest,
    FinalScores,
    Parameter,
    Purpose,
    Role,
    Split,
    SubmissionKind,
)
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.challenge.contest import (
    ACCOUNT,
    ATTRIBUTE,
    MEMBERSHIP,
    RECONSTRUCTION,
    TASKS,
    Contest,
)
from anomed_dp_query.challenge.metrics import ANALYST
from anomed_dp_query.challenge.scoring import true_bits

_TASK = Parameter(
    name="task", required=False, choices=TASKS, description="What is handed in; membership if none."
)


def submission_kinds(arena: Arena) -> list[SubmissionKind]:
    """Declare what participants hand in, where there is a contest."""
    contest = arena.contest
    if contest is None:
        return []
    n_targets, shape = contest.settings.targets, contest.shape
    return [
        SubmissionKind(
            name=ANALYST,
            schema=ArraysSchema(
                arrays=[
                    ArraySchema(
                        name="estimates",
                        kinds=("float", "int"),
                        shape=shape,
                        description="A count for each question; where there are several tiers, a "
                        "row for each, by ascending epsilon, far off for one that is not played.",
                    )
                ]
            ),
            perfect=lambda request: contest.truth(_split(request)).reshape(shape),
            trivial=np.zeros(shape),
            requires_sealed=ACCOUNT,
            with_transcript=True,
            finals=FinalScores.SEALED,
            cheap=True,
            description="Estimated counts of the workload; finals of sealed accounts only.",
        ),
        _attack(
            MEMBERSHIP,
            ArraySchema(
                name="prediction",
                kinds=("float", "int", "bool"),
                shape=(2 * n_targets,),
                low=0,
                high=1,
                description="For each target, 0 to 1; higher means more likely a member.",
            ),
            "Membership scores of the targets.",
            perfect=lambda request: _members(contest, request),
            trivial=np.full(2 * n_targets, 0.5),
        ),
        _attack(
            ATTRIBUTE,
            ArraySchema(
                name="prediction",
                kinds=("int",),
                shape=(2 * n_targets,),
                low=0,
                high=len(contest.secret_values) - 1,
                description=f"For each target, the place of its {contest.settings.secret} among "
                f"{', '.join(map(str, contest.secret_values))}, from 0.",
            ),
            f"Guesses of {contest.settings.secret}.",
            perfect=lambda request: _right_for_members(contest, request),
            trivial=np.zeros(2 * n_targets, dtype=np.int64),
        ),
        _attack(
            RECONSTRUCTION,
            ArraySchema(
                name="prediction",
                kinds=("int", "bool"),
                shape=(n_targets,),
                low=0,
                high=1,
                description=f"For each person, 1 if {contest.settings.secret} is "
                f"{contest.settings.secret_value}.",
            ),
            "Secret bits of people who are known to be in a table.",
            perfect=lambda request: _bits(contest, request),
            trivial=np.zeros(n_targets, dtype=np.int64),
        ),
    ]


def _attack(name: str, schema: ArraySchema, description: str, **baselines: Any) -> SubmissionKind:
    return SubmissionKind(
        name=name,
        path="/utility/deanonymizer",
        submitter=Role.DEANONYMIZER,
        purpose=Purpose.THREAT,
        schema=ArraysSchema(arrays=[schema]),
        parameters=(ANONYMIZER, DEANONYMIZER, DATA_SPLIT, _TASK),
        selector=("task", name),
        with_transcript=True,
        description=description,
        **baselines,
    )


def _split(request: DataRequest) -> Split:
    return request.split or Split.VALIDATION


def _members(contest: Contest, request: DataRequest) -> Any:
    return contest.people(MEMBERSHIP, _split(request)).is_member.astype(np.float64)


def _right_for_members(contest: Contest, request: DataRequest) -> Any:
    """Guess right about members, and as badly as can be about others."""
    people = contest.people(ATTRIBUTE, _split(request))
    values = list(contest.secret_values)
    places = np.array([values.index(one) for one in people.rows[contest.settings.secret]])
    return np.where(people.is_member, places, (places + 1) % len(values))


def _bits(contest: Contest, request: DataRequest) -> Any:
    return true_bits(contest, contest.people(RECONSTRUCTION, _split(request))).astype(np.int64)
