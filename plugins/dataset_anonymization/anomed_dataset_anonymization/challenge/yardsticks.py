"""What utility is measured with: secret questions, and what knows nothing or what all know."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from anomed_core import ConfigError, CreationContext, Split
from anomed_dataset_anonymization.challenge.config import DatasetAnonymizationConfig
from anomed_dataset_anonymization.challenge.data import People
from anomed_dataset_anonymization.schema import ColumnKind, TableSchema
from anomed_dataset_anonymization.schema.frames import people_frame
from anomed_dataset_anonymization.utility import (
    Boxes,
    CountQuery,
    QueryError,
    answer,
    boxes_of_people,
    draw_workload,
    majority_accuracy,
    model_accuracy,
    query_error,
)
from anomed_dataset_anonymization.utility.classification import Prediction

_NO_ERROR = 1e-9
_MOST_TRAINING_ROWS = 4_000
_MOST_UNSEEN = 4_000


@attrs.frozen(kw_only=True, eq=False)
class Yardsticks:
    """The measures of one split.

    Attributes
    ----------
    queries : sequence of CountQuery
        A secret workload.
    answers : ndarray of float64, shape (n_queries,)
        What the leaky table answers.
    useless, public : QueryError
        Errors of a table that says nothing but the number of people, and of the reference, counted
        to as many: what can be said without knowing, and what everybody knows.
    groups : sequence of ndarray of int64, each shape (n_in_group,)
        Places of the queries about known columns, about unknown ones, and about both.
    prediction : Prediction or None
        None if nothing is to be predicted.
    """

    queries: Sequence[CountQuery]
    answers: np.ndarray
    useless: QueryError
    public: QueryError
    groups: Sequence[np.ndarray]
    prediction: Prediction | None

    def usefulness(self, error: QueryError) -> float:
        """Return what a table is good for: 1 for the leaky one, 0 for nothing about some columns.

        The geometric mean over the groups of queries of 1 - error / useless error, negative ones
        raised to 0. So whoever blanks all that is known of people gains nothing by leaving the rest
        as it is.
        """
        shares = [
            max(0.0, 1.0 - error.by_query[group].mean() / self.useless.by_query[group].mean())
            for group in self.groups
        ]
        return float(np.prod(shares) ** (1.0 / len(shares)))

    def gain(self, error: QueryError) -> float:
        """Return 1 - error / error of the reference: 0 and less is no news to anybody."""
        return 1.0 - error.mean / max(self.public.mean, _NO_ERROR)


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
    useless, public = (
        query_error(original, table, queries=queries, truth=truth)
        for table in (_blank(original, people), _counted_reference(original, people))
    )
    groups = [group for group in _groups(queries, people) if useless.by_query[group].any()]
    if not groups:
        raise ConfigError(
            "n_queries",
            "a blank table answers all counting queries rightly, so nothing can be measured; ask "
            "more queries, or give columns with more than one value",
        )
    return Yardsticks(
        queries=queries,
        answers=truth,
        useless=useless,
        public=public,
        groups=groups,
        prediction=prediction,
    )


def _groups(queries: Sequence[CountQuery], people: People) -> Sequence[np.ndarray]:
    """Sort the queries by whether they ask about known columns, unknown ones, or both."""
    known = {column.name for column in people.schema.quasi_identifiers}
    asked = [
        (bool(q.conditions.keys() & known), bool(q.conditions.keys() - known)) for q in queries
    ]
    kinds = ((True, False), (False, True), (True, True))
    return [np.array([i for i, kind in enumerate(asked) if kind == one], int) for one in kinds]


def _counted_reference(original: Boxes, people: People) -> Boxes:
    """Return the people whom everybody has, counted to as many as are leaky."""
    public = people.reference[: original.n_people]
    boxes = boxes_of_people(people_frame(public, people.schema), people.schema)
    return attrs.evolve(boxes, counts=counts_for(len(public), original.n_people))


def counts_for(n_rows: int, n_people: int) -> NDArray[np.int64]:
    """Let rows stand for people, each for nearly as many."""
    times, more = divmod(n_people, n_rows)
    counts: NDArray[np.int64] = times + (np.arange(n_rows) < more)
    return counts


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
