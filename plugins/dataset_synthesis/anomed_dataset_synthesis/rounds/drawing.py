"""Draw a round: who is asked about, and whatever needs the real records only.

Each step draws from a generator of its own, and returns arrays that can be kept.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.attacks.attribute import guess_by_neighbour
from anomed_dataset_synthesis.attacks.linkage import link_by_reference
from anomed_dataset_synthesis.attacks.membership import background_outliers
from anomed_dataset_synthesis.neighbours import fit_space, nearest
from anomed_dataset_synthesis.rounds.round import Halves, Round, RoundPlan
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables
from anomed_dataset_synthesis.table.encoding import fit_bins
from anomed_dataset_synthesis.threat.targets import Targets, count_possible_targets, draw_targets
from anomed_dataset_synthesis.utility.skill import marginal_fidelity
from anomed_dataset_synthesis.utility.task_choice import choose_tasks
from anomed_dataset_synthesis.utility.transfer import Task
from anomed_dataset_synthesis.utility.two_sample import check_distinct

Arrays = dict[str, npt.NDArray[Any]]

TARGET_SETS = ("membership", "attributes", "links")
"""What attackers are asked, each about people of its own: the answer to one is no help with
another."""


_SURE_SHARE = 0.9
"""Of the room in one draw of people, what about every other one has, too."""


def draw_people(real: RealTables, plan: RoundPlan, *, rng: np.random.Generator) -> Arrays:
    """Draw whom each kind of attack is asked about.

    Parameters
    ----------
    real
        The round's records.
    plan
        How many targets.
    rng
        Keyed by the server's secret.

    Returns
    -------
    dict of str to ndarray
        Levels and memberships by kind of attack; of the membership targets, which are outliers
        and how far each is from the background.

    Raises
    ------
    ValueError
        If there are fewer records than targets, or too few outliers among them.
    """
    try:
        n_each = len(TARGET_SETS) * plan.n_targets
        drawn = draw_targets(real.training, real.non_members, n_each=n_each, rng=rng)
    except ValueError as error:
        raise ValueError(_too_many(plan, real)) from error
    arrays: Arrays = {}
    for place, purpose in enumerate(TARGET_SETS):
        chosen = np.concatenate(
            [
                np.flatnonzero(side)[place * plan.n_targets : (place + 1) * plan.n_targets]
                for side in (drawn.is_member, ~drawn.is_member)
            ]
        )
        chosen.sort()  # the lot's order, in which members and non-members are mixed
        arrays[purpose] = drawn.table.levels[chosen]
        arrays[f"{purpose} members"] = drawn.is_member[chosen]
    return arrays | _strangeness(_targets(arrays, "membership", real), real.background)


def _too_many(plan: RoundPlan, real: RealTables) -> str:
    """Say how many targets there is room for; people are drawn by lot, so with some to spare."""
    room = count_possible_targets(real.training, real.non_members) // len(TARGET_SETS)
    sure = int(_SURE_SHARE * room)
    remedy = (
        f"give {sure}, for which other draws have room, too, or more records"
        if sure >= plan.least_targets
        else f"fewer than {plan.least_targets} say too little, so give more records"
    )
    return (
        f"{plan.n_targets} for each of {len(TARGET_SETS)} kinds of attack are too many: among "
        "the records that have no double on the other side, this draw has room for "
        f"{room}; {remedy}"
    )


def _targets(arrays: Mapping[str, npt.NDArray[Any]], purpose: str, real: RealTables) -> Targets:
    table = CanonicalTable(codebook=real.background.codebook, levels=arrays[purpose])
    return Targets(table=table, is_member=arrays[f"{purpose} members"])


def _strangeness(targets: Targets, background: CanonicalTable) -> Arrays:
    space = fit_space(background)
    found = nearest(space.points(targets.table), space.points(background))
    outliers = background_outliers(targets.table, background)
    n_each = int((outliers & targets.is_member).sum()), int((outliers & ~targets.is_member).sum())
    if min(n_each) < 2:
        raise ValueError(
            f"of the outlying targets {n_each[0]} are members and {n_each[1]} are not; "
            "raise targets so that there are two of each"
        )
    return {"strangeness": found.distances[:, 0], "outliers": outliers}


def answers_of_background(
    people: Mapping[str, npt.NDArray[Any]],
    real: RealTables,
    plan: RoundPlan,
    *,
    right_order: npt.NDArray[np.int64],
) -> Arrays:
    """Answer what attackers are asked as somebody would who has seen the public background only.

    Parameters
    ----------
    people : Mapping of str to ndarray
        See `draw_people`.
    real
        The round's records.
    plan
        The secrets and the halves.
    right_order : ndarray of int64, shape (2 * n_targets,)
        A random order in which the right halves are handed out.

    Returns
    -------
    dict of str to ndarray
        A guess of each secret, and links; with the order.
    """
    background = real.background
    asked, linked = (_targets(people, name, real).table for name in ("attributes", "links"))
    guesses: Arrays = {
        f"guess {secret}": guess_by_neighbour(
            asked, background, secret=secret, background=background
        )
        for secret in plan.secrets
    }
    links = link_by_reference(
        linked,
        linked.take(right_order),
        left_columns=plan.left_columns,
        reference=background,
        background=background,
    )
    return {**guesses, "right order": right_order, "background links": links}


def draw_tasks(real: RealTables, plan: RoundPlan, *, rng: np.random.Generator) -> Arrays:
    """Draw questions that real records answer clearly better than chance.

    Parameters
    ----------
    real
        The round's records.
    plan
        How many tasks.
    rng
        Keyed by the server's secret.

    Returns
    -------
    dict of str to ndarray
        Column, level and AUC of real records, by task.

    Raises
    ------
    ValueError
        If a side has too few distinct records, or there is too little to learn from them.
    """
    check_distinct(real.training)
    check_distinct(real.non_members)
    binning = fit_bins(real.background)
    for fidelity in marginal_fidelity(
        real.non_members, real, binning=binning, rng=rng, orders=(2, 3)
    ):
        fidelity.skill  # noqa: B018 - raises where there is no scale
    aucs = choose_tasks(real, n_tasks=plan.n_tasks, rng=rng)
    codebook = real.background.codebook
    return {
        "task columns": np.array([codebook.position(task.column) for task in aucs]),
        "task levels": np.array([task.level for task in aucs]),
        "task aucs": np.array(list(aucs.values())),
    }


def build_round(
    name: str, real: RealTables, plan: RoundPlan, arrays: Mapping[str, npt.NDArray[Any]]
) -> Round:
    """Put a round together from what was drawn.

    Parameters
    ----------
    name
        The round's.
    real
        Its records.
    plan
        What is asked.
    arrays : Mapping of str to ndarray
        What `draw_people`, `answers_of_background` and `draw_tasks` returned.

    Returns
    -------
    Round
    """
    linked, order = _targets(arrays, "links", real), arrays["right order"]
    names = real.background.codebook.names
    return Round(
        name=name,
        real=real,
        membership=_targets(arrays, "membership", real),
        attributes=_targets(arrays, "attributes", real),
        outliers=arrays["outliers"],
        strangeness=arrays["strangeness"],
        background_guesses={secret: arrays[f"guess {secret}"] for secret in plan.secrets},
        halves=Halves(
            left_columns=plan.left_columns,
            right_columns=plan.right_columns,
            left=linked.table,
            right=linked.table.take(order),
            is_member=linked.is_member,
            partners=np.argsort(order),
            background_links=arrays["background links"],
        ),
        real_aucs={
            Task(column=names[column], level=int(level)): float(auc)
            for column, level, auc in zip(
                *(arrays[f"task {what}"] for what in ("columns", "levels", "aucs")), strict=True
            )
        },
    )
