"""Counts: how many rows fulfil conditions, in all or of each kind, with discrete noise of OpenDP.

The smallest of the libraries, for those who have no other one installed: a question is a JSON
object, an answer a list of whole numbers. All cells that can be are answered, whoever is there, so
which are empty is no news.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dp_query.accounting import (
    AmountError,
    Part,
    Policy,
    Price,
    epsilon_of_rho,
    exact,
    rho_of_epsilon,
)
from anomed_dp_query.counting import (
    Condition,
    ConditionError,
    as_json,
    cells_of,
    levels_of,
    most_cells,
    parse_conditions,
)
from anomed_dp_query.libraries.library import QueryRefused, Released, RunFailed
from anomed_dp_query.libraries.opendp.noise import noised
from anomed_dp_query.metadata.model import TableMetadata

if TYPE_CHECKING:
    import pandas as pd

NAME = "counts"

MOST_CELLS = 10_000
"""Numbers in an answer, at most."""

_ALLOWED = frozenset({"where", "by", "epsilon", "rho"})


@attrs.frozen(kw_only=True)
class CountsQuestion:
    """How many rows there are of each kind among those that fulfil conditions.

    Attributes
    ----------
    where
        What is counted; all rows without conditions.
    by
        Columns whose values tell kinds apart; a single number without any.
    epsilon, rho
        What it may cost; one of them. With a rho the noise is Gaussian, otherwise Laplace.
    """

    where: tuple[Condition, ...] = ()
    by: tuple[str, ...] = ()
    epsilon: Decimal | None = None
    rho: Decimal | None = None

    library = NAME
    kind = NAME

    @property
    def words(self) -> str:
        """What is noised, in words."""
        kinds = f" by {', '.join(self.by)}" if self.by else ""
        chosen = f" where {as_json(self.where)}" if self.where else ""
        return f"count of rows{kinds}{chosen}"


@attrs.frozen
class Counts:
    """The library; see the module."""

    name: str = NAME

    def missing(self) -> str | None:
        """Return why it cannot answer here: OpenDP, which draws the noise, is not installed."""
        if importlib.util.find_spec("opendp") is not None:
            return None
        return "Counts need the noise of OpenDP, which is not installed; pip install opendp."

    def read(self, body: Mapping[str, Any], table: TableMetadata) -> CountsQuestion:
        """Read ``{"where"?, "by"?, "epsilon" | "rho"}``.

        Raises
        ------
        QueryRefused
            If it is malformed or not allowed; from public facts alone.
        """
        unknown = sorted(set(body) - _ALLOWED)
        if unknown:
            raise QueryRefused(
                f"a count has no {str(unknown[0])[:40]!r}; it has where, by, and epsilon or rho"
            )
        if ("epsilon" in body) == ("rho" in body):
            raise QueryRefused(
                "a count costs an epsilon or a rho; give one of them, such as epsilon 0.1"
            )
        try:
            where = parse_conditions(body.get("where") or {}, table)
            by = _columns(body.get("by") or [], table)
            amounts = {name: exact(body[name], name) for name in ("epsilon", "rho") if name in body}
        except (ConditionError, AmountError) as error:
            raise QueryRefused(str(error)) from error
        return CountsQuestion(where=where, by=by, **amounts)

    def price(self, question: Any, table: TableMetadata, policy: Policy) -> Price:  # noqa: ARG002
        """Return the one part that it costs: a row is in one cell at most."""
        if question.rho is None:
            epsilon = question.epsilon or Decimal(0)
            part = Part(what=question.words, epsilon=epsilon, rho=rho_of_epsilon(epsilon))
        else:
            part = Part(
                what=question.words,
                epsilon=epsilon_of_rho(question.rho, delta=policy.reporting_delta),
                delta=policy.reporting_delta,
                rho=question.rho,
            )
        return Price(parts=(part,))

    def run(
        self,
        question: Any,
        frame: pd.DataFrame,
        table: TableMetadata,
        policy: Policy,
    ) -> Released:
        """Return the noisy counts, the last column of ``by`` changing fastest.

        Returns
        -------
        Released
            ``counts``, a list of integers; and ``by`` and ``levels``, where there are kinds.

        Raises
        ------
        RunFailed
            Whatever goes wrong.
        """
        try:
            counts = self._noised(question, frame, table, policy)
        except Exception as error:
            raise RunFailed(str(error)) from error
        result: dict[str, Any] = {"counts": counts}
        if question.by:
            levels = [list(levels_of(table.column(name))) for name in question.by]
            result |= {"by": list(question.by), "levels": levels}
        return Released(kind=question.kind, result=result)

    def _noised(
        self,
        question: Any,
        frame: pd.DataFrame,
        table: TableMetadata,
        policy: Policy,
    ) -> list[int]:
        exact_counts = np.bincount(
            1 + self.cells(question, frame, table), minlength=1 + most_cells(table, question.by)
        )[1:]
        is_rho = question.rho is not None
        return noised(
            exact_counts.tolist(),
            distance=policy.distance(table.max_contributions),
            budget=question.rho if question.rho is not None else question.epsilon or Decimal(0),
            is_rho=is_rho,
        )

    def cells(
        self, question: Any, frame: pd.DataFrame, table: TableMetadata
    ) -> npt.NDArray[np.int64]:
        """Return the place in the answer that each row is counted at; -1 for none."""
        return cells_of(frame, table, by=question.by, where=question.where)

    def variance(self, question: Any, table: TableMetadata, policy: Policy) -> float:
        """Return the variance of the noise of each number: what is public about the answer."""
        distance = policy.distance(table.max_contributions)
        if question.rho is not None:
            return distance**2 / (2 * float(question.rho))
        # twice the square of the scale, which the discrete distribution stays just below
        return 2 * (distance / float(question.epsilon or 1)) ** 2

    def chance_of_negative(self, question: Any, table: TableMetadata, policy: Policy) -> float:
        """Return how likely the count of an empty cell is told as a negative number."""
        distance = policy.distance(table.max_contributions)
        if question.rho is not None:
            # the tail of a normal distribution; scipy.stats would take 50 MB of each worker
            half = 0.5 * math.sqrt(2 * float(question.rho)) / distance
            return 0.5 * math.erfc(half / math.sqrt(2))
        ratio = math.exp(-float(question.epsilon or 1) / distance)
        return ratio / (1 + ratio)


def _columns(given: Any, table: TableMetadata) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise ConditionError(f"by must be a list of columns, got {str(given)[:40]!r}")
    if len(set(given)) < len(given):
        raise ConditionError("by names a column twice; name each once")
    unknown = [name[:80] for name in given if name not in table]
    if unknown:
        raise ConditionError(
            f"by names the column {unknown[0]!r}; there are {', '.join(table.names)}"
        )
    if most_cells(table, given) > MOST_CELLS:
        raise ConditionError(
            f"{', '.join(given)} have {most_cells(table, given):,} cells together; at most "
            f"{MOST_CELLS:,} are answered, so name fewer columns"
        )
    return tuple(given)
