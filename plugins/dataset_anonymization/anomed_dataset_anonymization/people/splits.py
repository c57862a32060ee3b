"""Deal the people of a table to the parts of a challenge, and draw the targets of attacks.

Only positions are dealt, from a generator that the caller keys with a secret. One person may have
several records: they always stay together, or a part would give away people of another.
"""

from __future__ import annotations

import attrs
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Positions = NDArray[np.intp]

_FIRST_ID, _LAST_ID = 10**8, 10**9


@attrs.frozen(kw_only=True, eq=False)
class Parts:
    """The records of a challenge, dealt once and for all.

    Attributes
    ----------
    leaky : ndarray of intp, shape (n_leaky,)
        Positions of the members: what anonymizers get.
    non_members : ndarray of intp, shape (n_control,)
        People like the members whom nobody gets: what an attack says about them it guessed.
    reference : ndarray of intp, shape (n_reference,)
        People whom everybody gets in full: what the world knows anyway.
    """

    leaky: Positions
    non_members: Positions
    reference: Positions


@attrs.frozen(kw_only=True, eq=False)
class Pool:
    """People from whom targets are drawn.

    Attributes
    ----------
    members, non_members : ndarray of intp, shape (n_members,) and (n_non_members,)
        Positions in the table, one for each person.
    """

    members: Positions
    non_members: Positions


@attrs.frozen(kw_only=True, eq=False)
class Targets:
    """The people that an attacker is asked about, members and non-members mixed.

    Attributes
    ----------
    ids : ndarray of int64, shape (n_targets,)
        Random and without repeats, in ascending order: neither value nor order says anything.
    positions : ndarray of intp, shape (n_targets,)
        Their records in the table; secret.
    is_member : ndarray of bool, shape (n_targets,)
        Whether they are members; secret.
    """

    ids: NDArray[np.int64]
    positions: Positions
    is_member: NDArray[np.bool_]


def split_people(
    n_records: int,
    *,
    leaky: float,
    non_members: float,
    rng: np.random.Generator,
    person: ArrayLike | None = None,
) -> Parts:
    """Deal records to the three parts.

    Parameters
    ----------
    n_records : int
        Number of records in the table.
    leaky, non_members : float
        Shares of the people, each above 0, together below 1; the rest is the reference.
    rng : Generator
        Keyed with the challenge's secret.
    person : array-like, shape (n_records,), optional
        Whose record it is; each record is a person of its own when it is missing, and so is
        each record for which it has no value.

    Returns
    -------
    Parts
        Disjoint in records and in people; each part in random order.

    Raises
    ------
    ValueError
        If the shares are impossible, or a part would be empty.
    """
    if not (leaky > 0 and non_members > 0 and leaky + non_members < 1):
        raise ValueError(
            f"the shares leaky={leaky:g} and non_members={non_members:g} must be above 0 and leave "
            "something for the reference."
        )
    owner = _number_people(person, n_records)
    n_people = int(owner.max(initial=-1)) + 1
    n_leaky, n_control = round(n_people * leaky), round(n_people * non_members)
    if min(n_leaky, n_control, n_people - n_leaky - n_control) < 1:
        raise ValueError(f"{n_people} people are too few for three parts; give more records.")
    place = rng.permutation(n_people)[owner]
    order = rng.permutation(n_records)
    part = np.digitize(place[order], [n_leaky, n_leaky + n_control])
    return Parts(leaky=order[part == 0], non_members=order[part == 1], reference=order[part == 2])


def split_pools(
    parts: Parts,
    *,
    tuning: float,
    rng: np.random.Generator,
    person: ArrayLike | None = None,
) -> dict[str, Pool]:
    """Divide members and non-members into those for tuning and those for validation.

    Parameters
    ----------
    parts : Parts
        As `split_people` returns them.
    tuning : float
        Share of the people that may be asked about in tuning, above 0 and below 1.
    rng : Generator
        Keyed with the challenge's secret.
    person : array-like, shape (n_records,), optional
        As for `split_people`. Of several records of a person one is drawn.

    Returns
    -------
    dict of str to Pool
        ``tuning`` and ``validation``, with nobody in common: what is learnt from the scores of one
        says nothing about the people of the other.

    Raises
    ------
    ValueError
        If the share is impossible, or a pool would be empty.
    """
    if not 0 < tuning < 1:
        raise ValueError(f"the share tuning={tuning:g} must be above 0 and below 1.")
    n_records = sum(map(len, (parts.leaky, parts.non_members, parts.reference)))
    owner = _number_people(person, n_records)
    pools: dict[str, dict[str, Positions]] = {"tuning": {}, "validation": {}}
    for side, positions in (("members", parts.leaky), ("non_members", parts.non_members)):
        shuffled = rng.permutation(positions)
        people = shuffled[np.sort(np.unique(owner[shuffled], return_index=True)[1])]
        n_tuning = round(len(people) * tuning)
        if not 0 < n_tuning < len(people):
            raise ValueError(f"{len(people)} {side.replace('_', '-')} are too few for two pools.")
        pools["tuning"][side], pools["validation"][side] = np.split(people, [n_tuning])
    return {split: Pool(**sides) for split, sides in pools.items()}


def draw_targets(pool: Pool, n_each: int, *, rng: np.random.Generator) -> Targets:
    """Draw as many members as non-members, and mix them.

    Of the larger side only as many take part as the other has: from a smaller one each person would
    be drawn more often, and whoever counts in how many draws somebody is would know the side.

    Parameters
    ----------
    pool : Pool
        Whom to draw from.
    n_each : int
        Number of members, and of non-members.
    rng : Generator
        Keyed with the challenge's secret and the names of those who attack.

    Returns
    -------
    Targets
        In the order of their ids, which is random.

    Raises
    ------
    ValueError
        If the pool has too few people.
    """
    available = min(len(pool.members), len(pool.non_members))
    if not 0 < n_each <= available:
        raise ValueError(f"{n_each} targets of each side can't be drawn from {available}.")
    positions = np.concatenate(
        [
            rng.choice(side[:available], n_each, replace=False, shuffle=False)
            for side in (pool.members, pool.non_members)
        ]
    )
    order = rng.permutation(2 * n_each)
    return Targets(
        ids=np.sort(draw_ids(2 * n_each, rng=rng)),
        positions=positions[order],
        is_member=order < n_each,
    )


def draw_ids(n_ids: int, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw ids that say nothing about whom they stand for.

    Parameters
    ----------
    n_ids : int
        At most some millions.
    rng : Generator
        Keyed with the challenge's secret.

    Returns
    -------
    ndarray of int64, shape (n_ids,)
        Nine digits each, without repeats, in random order; never a row number.
    """
    ids: NDArray[np.int64] = rng.choice(_LAST_ID - _FIRST_ID, n_ids, replace=False) + _FIRST_ID
    return ids


def _number_people(person: ArrayLike | None, n_records: int) -> Positions:
    if person is None:
        return np.arange(n_records)
    codes: Positions = pd.factorize(np.asarray(person))[0]
    if len(codes) != n_records:
        raise ValueError(f"{len(codes)} people were named for {n_records} records.")
    unnamed = codes < 0
    codes[unnamed] = codes.max(initial=-1) + 1 + np.arange(unnamed.sum())
    return codes
