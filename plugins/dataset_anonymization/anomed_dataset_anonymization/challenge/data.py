"""The people of a challenge, kept as plain arrays, and what utility is measured with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np
import pandas as pd

from anomed_core import ConfigError, CreationContext, Lottery, Split
from anomed_dataset_anonymization.challenge.config import DatasetAnonymizationConfig
from anomed_dataset_anonymization.people.splits import (
    Parts,
    Pool,
    draw_ids,
    split_people,
    split_pools,
)
from anomed_dataset_anonymization.schema import ColumnKind, TableSchema, encode
from anomed_dataset_anonymization.schema.frames import people_frame
from anomed_dataset_anonymization.utility import (
    Boxes,
    CountQuery,
    answer,
    boxes_of_people,
    draw_workload,
    majority_accuracy,
    model_accuracy,
    query_error,
)
from anomed_dataset_anonymization.utility.classification import Prediction

if TYPE_CHECKING:
    from anomed_dataset_anonymization.schema import Coordinates

Arrays = Mapping[str, np.ndarray]
Freeze = Callable[[str, str, Callable[[], Arrays]], Arrays]
"""Takes a name, a key and a function that computes arrays; returns them read-only."""

_TUNING_SHARE = 0.5
_SPLITS = ("tuning", "validation")
_SIDES = ("members", "non_members")
_MOST_TRAINING_ROWS = 4_000
_MOST_UNSEEN = 4_000


@attrs.frozen(kw_only=True, eq=False)
class People:
    """All people of a challenge.

    Attributes
    ----------
    schema : TableSchema
        Describes the columns.
    coordinates : ndarray of float64, shape (n_records, n_columns)
        All records, in the order of the source.
    parts : Parts
        Which of them are leaky, non-members and reference.
    pools : mapping of str to Pool
        By split, whom attacks are asked about.
    record_ids : ndarray of int64, shape (n_leaky,)
        Index of the leaky table.
    """

    schema: TableSchema
    coordinates: Coordinates = attrs.field(repr=False)
    parts: Parts
    pools: Mapping[str, Pool]
    record_ids: np.ndarray = attrs.field(repr=False)

    @property
    def leaky(self) -> Coordinates:
        """Coordinates of the leaky people, in the order in which they are handed out."""
        return self.coordinates[self.parts.leaky]

    def sides(self, split: Split) -> tuple[Coordinates, Coordinates]:
        """Return members and equally many non-members: of the pool for tuning, all otherwise."""
        members, non_members = self.parts.leaky, self.parts.non_members
        if split is Split.TUNING:
            pool = self.pools[split.value]
            members, non_members = pool.members, pool.non_members
        n_each = min(len(members), len(non_members))
        return self.coordinates[members[:n_each]], self.coordinates[non_members[:n_each]]

    @property
    def reference(self) -> Coordinates:
        """Coordinates of the reference people."""
        return self.coordinates[self.parts.reference]


def open_people(config: DatasetAnonymizationConfig, context: CreationContext) -> People:
    """Load the people, once for all processes, and deal them.

    Parameters
    ----------
    config
        What the organiser decided.
    context
        Holds sources and secrets, and keeps what is computed.

    Returns
    -------
    People

    Raises
    ------
    ConfigError
        If the source, the schema or the split does not suit the data.
    """
    schema_text = _schema_text(config)
    roles = f"{sorted(config.quasi_identifiers)} {sorted(config.sensitive)}"
    data = config.data
    lottery = context.lottery if data.seed is None else Lottery.seeded(data.seed, "split")
    fingerprint = context.source_fingerprint(data.source)

    def build() -> dict[str, np.ndarray]:
        schema = _written_schema(schema_text, config=config, context=context)
        kinds = schema.kinds if schema else None
        table = context.load(data.source, "table", kinds=kinds)
        schema = schema or _inferred(table, config)
        try:
            schema.require_clear_names()
        except ValueError as error:
            raise ConfigError("schema", str(error)) from error
        return _dealt(table, schema, config=config, lottery=lottery)

    # The number changes with the names of the arrays, so that no older ones are taken up.
    key = (
        f"2 {fingerprint} {data.split} {data.person!r} {lottery.fingerprint} {schema_text} {roles}"
    )
    arrays = context.freeze("people", key, build)
    pools = {
        split: Pool(**{side: arrays[f"{split} {side}"] for side in _SIDES}) for split in _SPLITS
    }
    _check_pools(pools, config.n_targets)
    return People(
        schema=TableSchema.from_json(arrays["schema"].tobytes().decode()),
        coordinates=arrays["coordinates"],
        parts=Parts(
            leaky=arrays["leaky"], non_members=arrays["control"], reference=arrays["reference"]
        ),
        pools=pools,
        record_ids=arrays["record_ids"],
    )


def _check_pools(pools: Mapping[str, Pool], n_targets: int) -> None:
    smallest = min(len(getattr(pool, side)) for pool in pools.values() for side in _SIDES)
    if n_targets > smallest:
        raise ConfigError(
            "n_targets",
            f"{n_targets} is too large: the smallest pool of targets has {smallest} people; "
            f"lower it to at most {smallest} or give more people",
        )


def _dealt(
    table: pd.DataFrame,
    schema: TableSchema,
    *,
    config: DatasetAnonymizationConfig,
    lottery: Lottery,
) -> dict[str, np.ndarray]:
    data = config.data
    if data.person and data.person not in table.columns:
        raise ConfigError("data.person", f"the table has no column {data.person!r}")
    person = table[data.person] if data.person else None
    try:
        coordinates = encode(table, schema)
        parts = split_people(
            len(table),
            leaky=data.split[0],
            non_members=data.split[1],
            rng=lottery.generator("parts"),
            person=person,
        )
        pools = split_pools(
            parts, tuning=_TUNING_SHARE, rng=lottery.generator("pools"), person=person
        )
    except ValueError as error:
        raise ConfigError("data", str(error)) from error
    return {
        "schema": np.frombuffer(schema.to_json().encode(), dtype=np.uint8),
        "coordinates": coordinates,
        "leaky": parts.leaky,
        "control": parts.non_members,
        "reference": parts.reference,
        **{f"{split} {side}": getattr(pools[split], side) for split in _SPLITS for side in _SIDES},
        "record_ids": draw_ids(len(parts.leaky), rng=lottery.generator("record ids")),
    }


def _schema_text(config: DatasetAnonymizationConfig) -> str:
    if not config.schema:
        return ""
    path = Path(config.schema).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("schema", f"{path} cannot be read: {error}") from error


def _written_schema(
    text: str, *, config: DatasetAnonymizationConfig, context: CreationContext
) -> TableSchema | None:
    """Return the schema that was written, or the source's own, or None."""
    try:
        if text:
            return TableSchema.from_json(text)
        source, reference = context.source(config.data.source)
        if source.codebook is None or config.quasi_identifiers:
            return None
        entries = [entry.to_document() for entry in source.codebook(reference)]
        return TableSchema.from_document({"columns": entries})
    except ValueError as error:
        raise ConfigError("schema", str(error)) from error


def _inferred(table: pd.DataFrame, config: DatasetAnonymizationConfig) -> TableSchema:
    """Return what the table looks like."""
    columns = [name for name in table.columns if name != config.data.person]
    try:
        return TableSchema.infer(
            table[columns],
            quasi_identifiers=config.quasi_identifiers,
            sensitive=config.sensitive,
        )
    except ValueError as error:
        raise ConfigError("schema", str(error)) from error


@attrs.frozen(kw_only=True, eq=False)
class Yardsticks:
    """The measures of one split.

    Attributes
    ----------
    queries : sequence of CountQuery
        A secret workload.
    answers : ndarray of float64, shape (n_queries,)
        What the leaky table answers.
    useless_error : float
        Mean relative error of a table that says nothing but the number of people.
    prediction : Prediction or None
        None if nothing is to be predicted.
    """

    queries: Sequence[CountQuery]
    answers: np.ndarray
    useless_error: float
    prediction: Prediction | None


def lay_yardsticks(
    split: Split,
    original: Boxes,
    *,
    people: People,
    config: DatasetAnonymizationConfig,
    context: CreationContext,
) -> Yardsticks:
    """Draw the measures of a split.

    Parameters
    ----------
    split
        Tuning and validation are measured with other questions and other unseen people.
    original
        The leaky table.
    people
        Everybody; non-members are the unseen people.
    config
        How many queries, and what to predict.
    context
        Source of all draws; keeps what is computed.

    Returns
    -------
    Yardsticks

    Raises
    ------
    ConfigError
        If the column to predict does not suit, or no query tells anything.
    """
    rng = context.lottery.generator("queries", split.value)
    queries = draw_workload(original, rng, n_queries=config.n_queries)
    prediction = None
    if config.predict:
        _check_predicted(config.predict, people.schema)
        prediction = _prepare_prediction(
            split, original, people=people, column=config.predict, context=context
        )
    answers = context.freeze(
        f"answers {split.value}",
        f"{context.frozen_digests['people']} {config.n_queries}",
        lambda: {"answers": answer(queries, original)},
    )
    truth = answers["answers"]
    useless = query_error(original, _blank(original, people), queries=queries, truth=truth)
    if not useless.mean > 0:
        raise ConfigError(
            "n_queries",
            "a blank table answers all counting queries rightly, so nothing can be measured; ask "
            "more queries, or give columns with more than one value",
        )
    return Yardsticks(
        queries=queries, answers=truth, useless_error=useless.mean, prediction=prediction
    )


def _blank(original: Boxes, people: People) -> Boxes:
    """Return a table that tells the number of people and nothing else."""
    cells = pd.DataFrame({column.name: [None] for column in people.schema})
    blank = boxes_of_people(cells, people.schema)
    return attrs.evolve(blank, counts=np.array([original.n_people]))


def _check_predicted(name: str, schema: TableSchema) -> None:
    nominal = [column.name for column in schema if column.kind is ColumnKind.NOMINAL]
    if name not in nominal or len(schema) < 2:
        raise ConfigError(
            "predict", f"{name!r} is not a nominal column; choose one of {', '.join(nominal)}"
        )


def _prepare_prediction(
    split: Split,
    original: Boxes,
    *,
    people: People,
    column: str,
    context: CreationContext,
) -> Prediction:
    rng = context.lottery.generator("unseen people", split.value)
    coordinates, place = people.coordinates, people.schema.position(column)
    pool = people.parts.non_members
    pool = pool[~np.isnan(coordinates[pool, place])]
    chosen = rng.permutation(pool)[:_MOST_UNSEEN]
    if not len(chosen):
        raise ConfigError("predict", f"no non-member has a value of {column!r}")
    unseen = boxes_of_people(people_frame(coordinates[chosen], people.schema), people.schema)
    training_rows = rng.permutation(len(original.counts))[:_MOST_TRAINING_ROWS]

    def train() -> dict[str, np.ndarray]:
        sample = original.take(training_rows)
        accuracies = (
            model_accuracy(sample, unseen=unseen, target=column),
            majority_accuracy(original, unseen=unseen, target=column),
        )
        return {"accuracies": np.array(accuracies)}

    key = f"{context.frozen_digests['people']} {column} {_MOST_TRAINING_ROWS} {_MOST_UNSEEN}"
    frozen = context.freeze(f"accuracies {split.value}", key, train)
    reached, majority = map(float, frozen["accuracies"])
    if reached <= majority:
        raise ConfigError(
            "predict",
            f"a model of the leaky table reaches {reached:.3f} for {column!r}, no more than its "
            f"commonest value ({majority:.3f}), so nothing can be lost; choose another column",
        )
    return Prediction(
        column=column,
        unseen=unseen,
        training_rows=training_rows,
        majority=majority,
    )
