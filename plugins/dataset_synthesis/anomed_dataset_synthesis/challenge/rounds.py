"""A round that is scored: its tables, who is asked about, and what knowing nothing achieves."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core import ConfigError, Lottery
from anomed_dataset_synthesis.attacks.attribute import guess_by_neighbour
from anomed_dataset_synthesis.attacks.linkage import link_by_reference
from anomed_dataset_synthesis.attacks.membership import background_outliers
from anomed_dataset_synthesis.challenge.config import DatasetSynthesisConfig
from anomed_dataset_synthesis.challenge.data import Population
from anomed_dataset_synthesis.neighbours import fit_space, nearest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables, keys_of
from anomed_dataset_synthesis.table.codebook import Codebook
from anomed_dataset_synthesis.table.encoding import fit_bins
from anomed_dataset_synthesis.table.rows import row_keys
from anomed_dataset_synthesis.threat.targets import Targets, draw_targets
from anomed_dataset_synthesis.utility.skill import marginal_fidelity
from anomed_dataset_synthesis.utility.task_choice import choose_tasks
from anomed_dataset_synthesis.utility.transfer import Task

TARGET_SETS = ("membership", "attributes", "links")
"""What attackers are asked, each about people of its own: the answer to one is no help with
another."""

LEAST_DISTINCT = 100
"""A table needs so many distinct records for a two-sample test to have folds of both kinds."""


@attrs.frozen(kw_only=True, eq=False)
class Halves:
    """The linking task of a round.

    Attributes
    ----------
    left_columns, right_columns : tuple of str
        Columns of either half.
    left, right : CanonicalTable
        The same targets in two orders, whole; of each only its half is handed out.
    is_member : ndarray of bool, shape (n_targets,)
        Of the left halves.
    partners : ndarray of int64, shape (n_targets,)
        For each left half, the place of its right half.
    background_links : ndarray of int64, shape (n_targets,)
        Links of a model that has seen the public background only.
    """

    left_columns: tuple[str, ...]
    right_columns: tuple[str, ...]
    left: CanonicalTable
    right: CanonicalTable
    is_member: npt.NDArray[np.bool_]
    partners: npt.NDArray[np.int64]
    background_links: npt.NDArray[np.int64]

    @property
    def right_keys(self) -> npt.NDArray[np.int64]:
        """Return the keys of the right halves: equal for equal ones."""
        codebook = self.right.codebook
        places = [codebook.position(name) for name in self.right_columns]
        (keys,) = row_keys(
            self.right.levels[:, places], n_levels=[codebook.n_levels[place] for place in places]
        )
        return keys


@attrs.frozen(kw_only=True, eq=False)
class Round:
    """One scored round.

    Attributes
    ----------
    name : str
        ``tuning`` or ``validation``.
    real : RealTables
        Secret members, secret non-members, public records.
    membership, attributes : Targets
        Who is asked about.
    outliers : ndarray of bool, shape (n_targets,)
        Which membership targets lie in the thinnest parts of the background.
    strangeness : ndarray of float64, shape (n_targets,)
        Distance of each membership target to the background: scores of an attacker who has seen
        nothing else.
    background_guesses : Mapping of str to ndarray of int32, shape (n_targets,)
        By secret column, what such an attacker guesses.
    halves : Halves
        The linking task.
    real_aucs : Mapping of Task to float
        Hidden questions that utility is measured by, and how well real records answer them.
    """

    name: str
    real: RealTables
    membership: Targets
    attributes: Targets
    outliers: npt.NDArray[np.bool_]
    strangeness: npt.NDArray[np.float64]
    background_guesses: Mapping[str, npt.NDArray[np.int32]]
    halves: Halves
    real_aucs: Mapping[Task, float]


def halves_of(codebook: Codebook, left: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Divide the columns for the linking task.

    Raises
    ------
    ConfigError
        If a column is unknown or a half is empty.
    """
    unknown = [name for name in left if name not in codebook.names]
    if unknown:
        raise ConfigError("left_half", f"there is no column {unknown[0]!r}")
    chosen = tuple(left) or codebook.names[: codebook.n_columns // 2]
    right = tuple(name for name in codebook.names if name not in chosen)
    if not chosen or not right:
        raise ConfigError("left_half", "both halves need a column; name some columns, not all")
    return chosen, right


def draw_round(
    name: str, population: Population, config: DatasetSynthesisConfig, lottery: Lottery
) -> dict[str, npt.NDArray[Any]]:
    """Draw who is asked about, and compute what needs the real records only.

    Parameters
    ----------
    name : str
        The round.
    population : Population
        Everybody's records.
    config : DatasetSynthesisConfig
        How many targets and tasks.
    lottery : Lottery
        The challenge's.

    Returns
    -------
    dict of str to ndarray
        What `build_round` takes, to be kept.

    Raises
    ------
    ConfigError
        If there are too few records, or too little to learn from them.
    """
    real = _real(name, population)
    drawn = _drawn(real, config, lottery.generator("targets", name))
    arrays: dict[str, npt.NDArray[Any]] = {}
    for place, purpose in enumerate(TARGET_SETS):
        chosen = np.concatenate(
            [
                np.flatnonzero(side)[place * config.targets : (place + 1) * config.targets]
                for side in (drawn.is_member, ~drawn.is_member)
            ]
        )
        chosen.sort()  # the lot's order, in which members and controls are mixed
        arrays[purpose] = drawn.table.levels[chosen]
        arrays[f"{purpose} members"] = drawn.is_member[chosen]
    tables = {
        purpose: CanonicalTable(codebook=population.codebook, levels=arrays[purpose])
        for purpose in TARGET_SETS
    }
    arrays |= _strangeness(tables["membership"], arrays["membership members"], real.background)
    for secret in config.secrets:
        arrays[f"guess {secret}"] = guess_by_neighbour(
            tables["attributes"], real.background, secret=secret, background=real.background
        )
    arrays |= _links(tables["links"], real.background, config, lottery, name)
    aucs = _real_aucs(real, config, lottery.generator("tasks", name))
    codebook = population.codebook
    arrays["task columns"] = np.array([codebook.position(task.column) for task in aucs])
    arrays["task levels"] = np.array([task.level for task in aucs])
    arrays["task aucs"] = np.array(list(aucs.values()))
    return arrays


def build_round(
    name: str,
    population: Population,
    config: DatasetSynthesisConfig,
    arrays: Mapping[str, npt.NDArray[Any]],
) -> Round:
    """Put a round together from what `draw_round` drew."""
    codebook = population.codebook

    def targets(purpose: str) -> Targets:
        table = CanonicalTable(codebook=codebook, levels=arrays[purpose])
        return Targets(table=table, is_member=arrays[f"{purpose} members"])

    linked = targets("links")
    order = arrays["right order"]
    left_columns, right_columns = halves_of(codebook, config.left_half)
    return Round(
        name=name,
        real=_real(name, population),
        membership=targets("membership"),
        attributes=targets("attributes"),
        outliers=arrays["outliers"],
        strangeness=arrays["strangeness"],
        background_guesses={secret: arrays[f"guess {secret}"] for secret in config.secrets},
        halves=Halves(
            left_columns=left_columns,
            right_columns=right_columns,
            left=linked.table,
            right=linked.table.take(order),
            is_member=linked.is_member,
            partners=np.argsort(order),
            background_links=arrays["background links"],
        ),
        real_aucs={
            Task(column=codebook.names[column], level=int(level)): float(auc)
            for column, level, auc in zip(
                *(arrays[f"task {what}"] for what in ("columns", "levels", "aucs")), strict=True
            )
        },
    )


def _real(name: str, population: Population) -> RealTables:
    return RealTables(
        training=population.training[name],
        control=population.control[name],
        background=population.background,
    )


def _drawn(real: RealTables, config: DatasetSynthesisConfig, rng: np.random.Generator) -> Targets:
    for table in (real.training, real.control):
        n_distinct = len(np.unique(keys_of(table)[0]))
        if n_distinct < LEAST_DISTINCT:
            raise ConfigError(
                "data.source",
                f"a round has only {n_distinct} distinct records on one side; it needs "
                f"{LEAST_DISTINCT}: give more records or finer steps",
            )
    try:
        n_each = len(TARGET_SETS) * config.targets
        return draw_targets(real.training, real.control, n_each=n_each, rng=rng)
    except ValueError as error:
        raise ConfigError(
            "targets",
            f"{config.targets} for each of {len(TARGET_SETS)} kinds of attack are too many: "
            f"{error}; lower targets or give more records",
        ) from error


def _strangeness(
    targets: CanonicalTable, is_member: npt.NDArray[np.bool_], background: CanonicalTable
) -> dict[str, npt.NDArray[Any]]:
    space = fit_space(background)
    found = nearest(space.points(targets), space.points(background))
    outliers = background_outliers(targets, background)
    n_each = int((outliers & is_member).sum()), int((outliers & ~is_member).sum())
    if min(n_each) < 2:
        raise ConfigError(
            "targets",
            f"of the outlying targets {n_each[0]} are members and {n_each[1]} are not; "
            "raise targets so that there are two of each",
        )
    return {"strangeness": found.distances[:, 0], "outliers": outliers}


def _links(
    targets: CanonicalTable,
    background: CanonicalTable,
    config: DatasetSynthesisConfig,
    lottery: Lottery,
    name: str,
) -> dict[str, npt.NDArray[Any]]:
    left_columns, _ = halves_of(targets.codebook, config.left_half)
    order = lottery.permutation(len(targets), "right halves", name)
    links = link_by_reference(
        targets,
        targets.take(order),
        left_columns=left_columns,
        reference=background,
        background=background,
    )
    return {"right order": order, "background links": links}


def _real_aucs(
    real: RealTables, config: DatasetSynthesisConfig, rng: np.random.Generator
) -> dict[Task, float]:
    """Draw questions that real records answer clearly better than chance."""
    binning = fit_bins(real.background)
    try:
        for fidelity in marginal_fidelity(
            real.control, real, binning=binning, rng=rng, orders=(2, 3)
        ):
            fidelity.skill  # noqa: B018 - raises where there is no scale
        return choose_tasks(real, n_tasks=config.tasks, rng=rng)
    except ValueError as error:
        raise ConfigError("data.source", str(error)) from error
