"""What utility is measured with: questions and unseen people that nobody can prepare for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
import pandas as pd

from anomed_core import ConfigError, CreationContext, Split, one_thread
from anomed_dataset_anonymization.schema import ColumnKind
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

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.config import DatasetAnonymizationConfig
    from anomed_dataset_anonymization.challenge.data import People
    from anomed_dataset_anonymization.schema import TableSchema

_MOST_TRAINING_ROWS = 4_000
_MOST_UNSEEN = 4_000


@attrs.frozen(kw_only=True, eq=False)
class Prediction:
    """A column to predict, and people to predict it for.

    Attributes
    ----------
    column : str
        Name of the column.
    unseen : Boxes
        Exact records of people who are in no published table.
    training_rows : ndarray of int64
        Where the training rows are in a table of as many rows as there are leaky people.
    majority : float
        Accuracy of always naming the leaky table's commonest value.
    """

    column: str
    unseen: Boxes
    training_rows: np.ndarray
    majority: float

    def accuracy(self, published: Boxes) -> float:
        """Train a model on a published table and return its accuracy on the unseen people."""
        n_rows = len(published.counts)
        rows = self.training_rows[self.training_rows < n_rows]
        chosen = published.take(rows) if len(rows) else published
        return _accuracy(chosen, unseen=self.unseen, column=self.column)


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
    pool = people.parts.control
    pool = pool[~np.isnan(coordinates[pool, place])]
    chosen = rng.permutation(pool)[:_MOST_UNSEEN]
    if not len(chosen):
        raise ConfigError("predict", f"no control has a value of {column!r}")
    unseen = boxes_of_people(people_frame(coordinates[chosen], people.schema), people.schema)
    training_rows = rng.permutation(len(original.counts))[:_MOST_TRAINING_ROWS]

    def train() -> dict[str, np.ndarray]:
        sample = original.take(training_rows)
        accuracies = (
            _accuracy(sample, unseen=unseen, column=column),
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


def _accuracy(table: Boxes, *, unseen: Boxes, column: str) -> float:
    with one_thread():
        return model_accuracy(table, unseen=unseen, target=column)
