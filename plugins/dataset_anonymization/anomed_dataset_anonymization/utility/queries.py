"""How well a table answers counting queries that nobody knew beforehand."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from attrs import frozen

from anomed_dataset_anonymization.privacy.classes import BoolArray, FloatArray
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals

Condition: TypeAlias = tuple[float, float] | BoolArray
"""Both ends of a range of numbers, or bool (n_values,): the listed values that are asked for."""

_CHUNK_NUMBERS = 2**17  # worked on at a time: they should stay in the processor's cache
_FLOOR = 0.001  # of the table: Xiao, Wang, Gehrke (Privelet, 2010) relate smaller counts to it


@frozen(kw_only=True, eq=False)
class CountQuery:
    """The question how many people meet a condition on each of some columns.

    Attributes
    ----------
    conditions
        The conditions by column.
    """

    conditions: Mapping[str, Condition]


@frozen(kw_only=True, eq=False)
class QueryError:
    """How far the answers of a published table are from those of the original.

    Attributes
    ----------
    by_query : ndarray of float64, shape (n_queries,)
        Relative errors, at least 0; lower is more useful.
    """

    by_query: FloatArray

    @property
    def median(self) -> float:
        """Return the median relative error."""
        return float(np.median(self.by_query))

    @property
    def mean(self) -> float:
        """Return the mean relative error."""
        return float(self.by_query.mean())

    @property
    def n_queries(self) -> int:
        """Return the size of the workload."""
        return len(self.by_query)


def draw_workload(
    original: Boxes,
    rng: np.random.Generator,
    *,
    n_queries: int = 1000,
    n_conditions: int = 3,
    selectivity: float = 0.1,
) -> Sequence[CountQuery]:
    """Draw random range and set COUNT queries.

    A query chooses columns, and in each a condition around a random person's value, at a random
    place: a range as wide as selectivity**(1/n_conditions) of the domain, or that share of the
    values. So no query is empty, and dense regions are asked about more often. As long as the
    generator's seed is secret, no table can be made to fit the workload.

    Parameters
    ----------
    original
        The original table.
    rng
        Decides all draws.
    n_queries
        The number of queries, at least 1.
    n_conditions
        The columns in each query, at least 1; all of them if the table has fewer.
    selectivity
        The share of the domain that a query covers, in (0, 1].

    Returns
    -------
    sequence of CountQuery
        The workload.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    Xiao, Tao: m-Invariance, SIGMOD 2007, doi:10.1145/1247480.1247556, section 6; LeFevre et al.:
    Workload-aware anonymization, KDD 2006, doi:10.1145/1150402.1150435.
    """
    if n_queries < 1 or n_conditions < 1 or not 0 < selectivity <= 1:
        raise ValueError(
            f"n_queries={n_queries}, n_conditions={n_conditions} and selectivity={selectivity} "
            "were given, expected two numbers from 1 and a share in (0, 1]."
        )
    names = list(original.columns)
    n_chosen = min(n_conditions, len(names))
    share = selectivity ** (1.0 / n_chosen)
    people = rng.choice(len(original.counts), size=n_queries, p=original.counts / original.n_people)
    queries = []
    for person in people:
        chosen = sorted(rng.choice(len(names), n_chosen, replace=False))
        conditions = {
            names[i]: _draw_condition(original.columns[names[i]], person, share=share, rng=rng)
            for i in chosen
        }
        queries.append(CountQuery(conditions=conditions))
    return queries


def answer(queries: Sequence[CountQuery], table: Boxes) -> FloatArray:
    """Estimate the number of people who meet each query, mass being uniform within each box.

    Parameters
    ----------
    queries
        The workload.
    table
        The table to answer from; an original table gives the true counts.

    Returns
    -------
    float64 (n_queries,)
        The estimates, from 0 to the number of people.

    Raises
    ------
    ValueError
        If a query asks for a column the table lacks.
    """
    answers = np.empty(len(queries))
    order = sorted(range(len(queries)), key=lambda i: tuple(queries[i].conditions))
    for names, group in itertools.groupby(order, key=lambda i: tuple(queries[i].conditions)):
        # few distinct boxes are left of a table that is cut down to the columns of a query
        boxes, _ = table.select(names).distinct()
        positions = list(group)
        shares = {
            name: _shares_meeting(
                boxes.columns[name], [queries[i].conditions[name] for i in positions], name=name
            )
            for name in names
        }
        answers[positions] = _sum_products(boxes, shares)
    return answers


def query_error(
    original: Boxes,
    published: Boxes,
    *,
    queries: Sequence[CountQuery],
    truth: FloatArray | None = None,
) -> QueryError:
    """Measure the relative errors of a published table's answers.

    The error of a query is |estimate - truth| / max(truth, 0.1 % of the people). Range [0, inf),
    lower is more useful; 0 for the original, 1 for answers that are all zero. Rows that were left
    out are missing from the answers and so count as errors.

    Parameters
    ----------
    original
        The original table.
    published
        The published table.
    queries
        The workload, at least one query.
    truth
        float64 (n_queries,), what the original answers, if it is known already.

    Returns
    -------
    QueryError
        The errors.

    Raises
    ------
    ValueError
        If there is no query, or one asks for a column that a table lacks.
    """
    if not queries:
        raise ValueError("the workload has 0 queries, at least 1 is needed.")
    if truth is None:
        truth = answer(queries, original)
    estimate = answer(queries, published)
    errors = np.abs(estimate - truth) / np.maximum(truth, _FLOOR * original.n_people)
    return QueryError(by_query=errors)


def _draw_condition(cells: Cells, row: int, *, share: float, rng: np.random.Generator) -> Condition:
    cell = cells.cell_of_row[row]
    if isinstance(cells, Intervals):
        grid = np.array([cells.low[cell], cells.high[cell], cells.domain_high]) - cells.domain_low
        first, last, n_steps = np.rint(grid / cells.step).astype(np.int64)
        width = int(share * n_steps)
        begin = rng.integers(first, last + 1) - rng.integers(0, width + 1)
        low = cells.domain_low + cells.step * begin
        return float(low), float(low + cells.step * width)
    n_asked = max(1, round(share * cells.n_values))
    kept = rng.choice(cells.n_values, p=cells.mass[cell])
    asked = np.zeros(cells.n_values, dtype=np.bool_)
    asked[rng.permutation(np.delete(np.arange(cells.n_values), kept))[: n_asked - 1]] = True
    asked[kept] = True
    return asked


def _sum_products(boxes: Boxes, shares: Mapping[str, FloatArray]) -> FloatArray:
    """Sum over the boxes the people times the share of each column that meets each query."""
    n_queries = next(iter(shares.values())).shape[1]
    sums = np.zeros(n_queries)
    step = max(1, _CHUNK_NUMBERS // n_queries)
    for begin in range(0, len(boxes.counts), step):
        rows = slice(begin, begin + step)
        products = boxes.counts[rows, np.newaxis].astype(np.float64)
        for name, share in shares.items():
            products = products * share[boxes.columns[name].cell_of_row[rows]]
        sums += products.sum(axis=0)
    return sums


def _shares_meeting(cells: Cells, conditions: Sequence[Condition], *, name: str) -> FloatArray:
    """Return the share of each cell (n_cells, n_conditions) that meets each condition."""
    if isinstance(cells, Intervals):
        ends = np.array(conditions, dtype=np.float64)
        half = cells.step / 2
        return cells.mass_below(ends[:, 1] + half) - cells.mass_below(ends[:, 0] - half)
    asked = np.array(conditions, dtype=np.float64)
    if asked.shape[1] != cells.n_values:
        raise ValueError(
            f"a query asks for {asked.shape[1]} values of column {name!r}, which has "
            f"{cells.n_values}."
        )
    return cells.mass @ asked.T
