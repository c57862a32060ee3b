"""The contest: tiers of privacy, a hidden workload, and the people who are attacked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from anomed_core import ConfigError, CreationContext, Lottery, Split
from anomed_dp_query.challenge.config import ContestSettings, DatasetSettings
from anomed_dp_query.challenge.data import Dataset, open_datasets
from anomed_dp_query.counting import (
    ConditionError,
    CountingQuestion,
    draw_workload,
    levels_of,
    read_workload,
    true_counts,
)
from anomed_dp_query.metadata import MetadataError, TableMetadata

ACCOUNT, QUERIES = "contest", "queries"
"""The account that closes all tiers at once, and what each query takes of it."""

MEMBERSHIP, ATTRIBUTE, RECONSTRUCTION = "membership", "attribute", "reconstruction"
TASKS = (MEMBERSHIP, ATTRIBUTE, RECONSTRUCTION)

Integers = npt.NDArray[np.int64]


@attrs.frozen(kw_only=True, eq=False)
class People:
    """Whom an attack is asked about.

    Attributes
    ----------
    rows
        All that is known of them, the secret column included.
    is_member
        bool array of shape (n_people,): who is in a private table.
    """

    rows: pd.DataFrame
    is_member: npt.NDArray[np.bool_]


@attrs.frozen(kw_only=True, eq=False, slots=False)
class Contest:
    """A contest, ready to be played.

    Attributes
    ----------
    settings
        What the organiser decided.
    practice
        The table that everybody may see.
    tiers
        Private tables by epsilon, ascending.
    workload
        Questions of each split; the private one is handed out to sealed accounts only.
    outsiders
        Other people of the same population, who are in no table.
    """

    settings: ContestSettings
    practice: Dataset
    tiers: Mapping[Decimal, Dataset]
    workload: Mapping[Split, tuple[CountingQuestion, ...]]
    outsiders: Dataset = attrs.field(repr=False)
    _drawn: Mapping[str, np.ndarray] = attrs.field(repr=False, alias="drawn")

    @property
    def metadata(self) -> TableMetadata:
        """What is public about all tables alike."""
        return self.practice.metadata

    @property
    def secret_values(self) -> tuple[Any, ...]:
        """All values that the secret column may have."""
        return levels_of(self.metadata.column(self.settings.secret))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of estimates: the questions, for each tier where there are several."""
        questions = (self.settings.n_questions,)
        return questions if len(self.tiers) == 1 else (len(self.tiers), *questions)

    @cached_property
    def background(self) -> pd.DataFrame:
        """The practice table: what every attacker knows of the population."""
        return self.practice.frame()

    def tables(self, split: Split) -> list[Dataset]:
        """Return the table of each tier; in tuning, the practice table for all of them."""
        if split is Split.TUNING:
            return [self.practice] * len(self.tiers)
        return list(self.tiers.values())

    def truth(self, split: Split) -> npt.NDArray[np.float64]:
        """Return the true counts, float64 of shape (n_tiers, n_questions)."""
        return np.asarray(self._drawn[f"truth {split.value}"])

    def n_rows(self, split: Split) -> list[int]:
        """Return the size of each tier's table."""
        return [int(size) for size in self._drawn[f"n_rows {split.value}"]]

    def people(self, task: str, split: Split) -> People:
        """Return whom a task is about."""
        tables = [self.outsiders, *_distinct(self.tables(split))]
        places = np.asarray(self._drawn[f"{task} {split.value}"])
        pieces = []
        for number, dataset in enumerate(tables):
            chosen = np.flatnonzero(places[:, 0] == number)
            pieces.append(dataset.frame().iloc[places[chosen, 1]].set_axis(chosen))
        return People(rows=pd.concat(pieces).sort_index(), is_member=places[:, 0] > 0)

    def limit_of(self, dataset: str) -> Mapping[str, Decimal] | None:
        """Return what an analyst may spend on a tier's table; ``None`` for other tables."""
        for epsilon, tier in self.tiers.items():
            if tier.name == dataset:
                return {"epsilon": epsilon, "delta": self.settings.delta}
        return None


def open_contest(
    settings: ContestSettings,
    datasets: Mapping[str, Dataset],
    context: CreationContext,
) -> Contest:
    """Draw a contest, once for all processes.

    Raises
    ------
    ConfigError
        If tables are missing or differ, or people or questions do not suffice.
    """
    key = f"challenges.{context.challenge_id}.contest"
    with _blamed_on(f"{key}.practice"):
        practice = _named(settings.practice, datasets)
    with _blamed_on(f"{key}.tiers"):
        tiers = {
            epsilon: _named(name, datasets) for epsilon, name in sorted(settings.budgets.items())
        }
        for tier in tiers.values():
            _require_alike(tier.metadata, practice.metadata)
    (outsiders,) = open_datasets(
        {"contest outsiders": _like(practice.settings, settings.outsiders)}, context
    ).values()
    with _blamed_on(f"{key}.secret"):
        values = levels_of(practice.metadata.column(settings.secret))
        if settings.secret_value not in map(str, values):
            raise ConditionError(
                f"secret_value is {settings.secret_value!r}, but {settings.secret!r} has "
                f"{', '.join(map(str, values))}"
            )
    with _blamed_on(f"{key}.questions"):
        workload = _workload(settings, practice.metadata, context.lottery)
    facts = {
        "contest": attrs.asdict(settings, filter=lambda field, _: field.name != "attackers"),
        "frozen": context.frozen_digests,
        "workload": [[one.document() for one in questions] for questions in workload.values()],
    }
    contest = Contest(
        settings=settings,
        practice=practice,
        tiers=tiers,
        workload=workload,
        outsiders=outsiders,
        drawn={},
    )
    with _blamed_on(f"{key}.targets"):
        drawn = context.freeze(
            "contest",
            json.dumps(facts, sort_keys=True, default=str),
            lambda: _drawn(contest, context.lottery),
        )
    return attrs.evolve(contest, drawn=drawn)


@contextmanager
def _blamed_on(key: str) -> Iterator[None]:
    try:
        yield
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(key, str(error)) from error


def _named(name: str, datasets: Mapping[str, Dataset]) -> Dataset:
    if name not in datasets:
        raise ValueError(f"names the dataset {name!r}; there are {', '.join(datasets)}")
    return datasets[name]


def _require_alike(one: TableMetadata, other: TableMetadata) -> None:
    if one.columns != other.columns:
        raise MetadataError(
            "the tables of a contest must have the same columns, as all are asked the same "
            "questions; give them one file of metadata"
        )


def _like(settings: DatasetSettings, source: str) -> DatasetSettings:
    return attrs.evolve(settings, source=source, size_is_public=False)


def _workload(
    settings: ContestSettings, table: TableMetadata, lottery: Lottery
) -> dict[Split, tuple[CountingQuestion, ...]]:
    def drawn(split: Split) -> tuple[CountingQuestion, ...]:
        return draw_workload(
            table,
            n_questions=settings.n_questions,
            n_conditions=settings.n_conditions,
            columns=settings.columns,
            rng=lottery.generator("workload", split.value),
        )

    workload = {split: drawn(split) for split in Split}
    if settings.questions:
        text = Path(settings.questions).expanduser().read_text(encoding="utf-8")
        workload[Split.VALIDATION] = read_workload(json.loads(text), table)
        if len(workload[Split.VALIDATION]) != settings.n_questions:
            raise ValueError(
                f"{settings.questions} has {len(workload[Split.VALIDATION])} questions, and "
                f"n_questions is {settings.n_questions}; make them equal"
            )
    return workload


def _drawn(contest: Contest, lottery: Lottery) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    outside = lottery.permutation(len(contest.outsiders.frame()), "outsiders")
    halves = np.array_split(outside, len(Split))
    for split, pool in zip(Split, halves, strict=True):
        tables = [dataset.frame() for dataset in contest.tables(split)]
        questions = contest.workload[split]
        arrays[f"truth {split.value}"] = np.array([true_counts(questions, one) for one in tables])
        arrays[f"n_rows {split.value}"] = np.array([len(one) for one in tables])
        arrays |= _people(contest, split, pool, lottery)
    return arrays


def _people(
    contest: Contest, split: Split, outside: Integers, lottery: Lottery
) -> dict[str, np.ndarray]:
    """Deal people to the tasks of a split: nobody is in two of them.

    Rows are pairs of a table, 0 for the outsiders, and a place in it.
    """
    n_targets = contest.settings.targets
    sizes = [len(dataset.frame()) for dataset in _distinct(contest.tables(split))]
    inside = np.array(
        [(number, place) for number, size in enumerate(sizes, start=1) for place in range(size)]
    )
    if len(inside) < 3 * n_targets or len(outside) < 2 * n_targets:
        raise ValueError(
            f"{n_targets} targets of each task take {3 * n_targets} rows and {2 * n_targets} "
            f"outsiders in {split.value}; there are {len(inside)} and {len(outside)}, so take "
            "fewer targets or more outsiders"
        )
    members = inside[lottery.permutation(len(inside), "members", split.value)]
    others = np.column_stack([np.zeros_like(outside), outside])
    dealt = {}
    for number, task in enumerate(TASKS):
        chosen = members[number * n_targets : (number + 1) * n_targets]
        if task != RECONSTRUCTION:
            chosen = np.concatenate([chosen, others[number * n_targets : (number + 1) * n_targets]])
        order = lottery.permutation(len(chosen), "order", task, split.value)
        dealt[f"{task} {split.value}"] = chosen[order].astype(np.int64)
    return dealt


def _distinct(datasets: list[Dataset]) -> list[Dataset]:
    return list({dataset.name: dataset for dataset in datasets}.values())
