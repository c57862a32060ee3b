"""SmartNoise-SQL as one of the plugin's libraries, in an environment of its own."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from anomed_dp_query.accounting import AmountError, Policy, Price, exact
from anomed_dp_query.libraries.foreign import LIBRARIES, called, missing_environment
from anomed_dp_query.libraries.library import QueryRefused, Released, RunFailed
from anomed_dp_query.libraries.sql.conditions import equals
from anomed_dp_query.libraries.sql.grammar import Select, read_select
from anomed_dp_query.libraries.sql.pricing import price_of
from anomed_dp_query.libraries.sql.tokens import NAME
from anomed_dp_query.metadata.model import TableMetadata

if TYPE_CHECKING:
    import pandas as pd

_STATS = {"count", "sum_int", "sum_large_int", "sum_float", "sum_large_float", "threshold"}
_MECHANISMS = {"laplace", "geometric", "discrete_laplace", "gaussian"}
_MOST_GROUPS = 1_000
_SIGNS = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@attrs.frozen(kw_only=True)
class SQLQuestion:
    """A query, and its budget.

    Attributes
    ----------
    select
        What is asked.
    epsilon
        Of each noised column.
    delta
        0 for none.
    mechanisms
        Noise by statistic.
    postprocess
        Whether negative counts are told as 0, and columns have their names.
    """

    select: Select
    epsilon: Decimal
    delta: Decimal
    mechanisms: Mapping[str, str]
    postprocess: bool

    library = "smartnoise-sql"
    kind = NAME


class SmartNoiseSQL:
    """Answers SQL with SmartNoise."""

    name = "smartnoise-sql"

    def missing(self) -> str | None:
        """Return why it cannot answer here; ``None`` if it can."""
        return missing_environment(LIBRARIES)

    def read(self, body: Mapping[str, Any], table: TableMetadata) -> SQLQuestion:
        """Read ``query_str`` with ``epsilon``, ``delta``, ``mechanisms`` and ``postprocess``.

        Raises
        ------
        QueryRefused
            If something in it is not allowed.
        """
        try:
            epsilon = exact(body.get("epsilon"), "epsilon")
            delta = body.get("delta", 0)
            delta = Decimal(0) if delta in (0, None) else exact(delta, "delta", below=Decimal(1))
        except AmountError as error:
            raise QueryRefused(str(error)) from error
        mechanisms = _mechanisms(body.get("mechanisms", {}))
        postprocess = body.get("postprocess", True)
        if not isinstance(postprocess, bool):
            raise QueryRefused(f"postprocess must be true or false, got {str(postprocess)[:40]!r}")
        if not table.row_privacy and table.private_id is None:
            raise QueryRefused("SQL needs a column that names whose row it is, or rows of one each")
        select = read_select(body.get("query_str"), table)
        for name in select.groups:
            _check_keys(name, table)
        _check_gaussian(select, mechanisms, delta)
        if _n_groups(select, table) > _MOST_GROUPS:
            raise QueryRefused(
                f"GROUP BY makes {_n_groups(select, table)} groups, and {_MOST_GROUPS} are "
                "allowed; group by fewer columns"
            )
        return SQLQuestion(
            select=select,
            epsilon=epsilon,
            delta=delta,
            mechanisms=mechanisms,
            postprocess=postprocess,
        )

    def price(self, question: SQLQuestion, table: TableMetadata, policy: Policy) -> Price:
        """Return what it costs: its groups are of different rows, so they cost what one does."""
        return price_of(
            question.select,
            table,
            policy,
            epsilon=question.epsilon,
            delta=question.delta,
            gaussian_counts=question.mechanisms.get("count") == "gaussian",
        )

    def run(
        self, question: SQLQuestion, frame: pd.DataFrame, table: TableMetadata, policy: Policy
    ) -> Released:
        """Answer it: a table in pandas' tight form.

        Raises
        ------
        RunFailed
            Whatever goes wrong.
        """
        del policy
        select = question.select
        keys = list(itertools.product(*(_keys(name, table) for name in select.groups)))
        items = ", ".join(
            f"{item.sql} AS column_{place}" for place, item in enumerate(select.aggregates)
        )
        queries = []
        for combination in keys:
            parts = [equals(*pair) for pair in zip(select.groups, combination, strict=True)]
            parts += [select.where] if select.where else []
            condition = f" WHERE {' AND '.join(f'({part})' for part in parts)}" if parts else ""
            # made of names in the metadata and of constants, all written here
            queries.append(f"SELECT {items} FROM df{condition}")  # noqa: S608
        try:
            answers = called(
                LIBRARIES,
                "run_sql",
                {
                    "queries": queries,
                    "metadata": _document(table),
                    "epsilon": float(question.epsilon),
                    "delta": float(question.delta),
                    "mechanisms": dict(question.mechanisms),
                    "postprocess": question.postprocess,
                },
                tables={"table": frame},
            )
            told = _tight(select, keys, answers, postprocess=question.postprocess)
        except Exception as error:
            raise RunFailed(f"smartnoise-sql: {error}") from error
        return Released(kind=NAME, result={"df": told})


def _mechanisms(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise QueryRefused('mechanisms must be an object, as in {"count": "laplace"}')
    for stat, mechanism in given.items():
        if stat not in _STATS or mechanism not in _MECHANISMS:
            raise QueryRefused(
                f"mechanisms: {str(stat)[:40]!r} with {str(mechanism)[:40]!r} is not allowed; "
                f"statistics are {', '.join(sorted(_STATS))}, mechanisms "
                f"{', '.join(sorted(_MECHANISMS))}"
            )
    return dict(given)


def _check_keys(name: str, table: TableMetadata) -> None:
    column = table.column(name)
    if not column.exhaustive or column.categories is None:
        raise QueryRefused(
            f"GROUP BY {name}: its keys are private, and a key that few people have would tell of "
            "them; group by a column whose metadata list all keys"
        )
    if not all(equals(name, key) for key in column.categories):
        raise QueryRefused(f"GROUP BY {name}: one of its keys has a quote or a backslash")


def _check_gaussian(select: Select, mechanisms: Mapping[str, str], delta: Decimal) -> None:
    gaussian = {stat for stat, name in mechanisms.items() if name == "gaussian"}
    if gaussian and delta == 0:
        raise QueryRefused("gaussian noise needs a delta above 0; give one, such as 1e-6")
    if gaussian - {"count", "threshold"} and any(
        item.aggregate != "COUNT" for item in select.aggregates
    ):
        raise QueryRefused(
            "gaussian noise is offered for counts; the library searches for its scale for minutes "
            "where sums are large, so leave sums to laplace"
        )


def _keys(name: str, table: TableMetadata) -> tuple[Any, ...]:
    return table.column(name).categories or ()


def _n_groups(select: Select, table: TableMetadata) -> int:
    return math.prod(len(_keys(name, table)) for name in select.groups)


def _document(table: TableMetadata) -> dict[str, Any]:
    """Return metadata as the library reads them."""
    columns: dict[str, Any] = {}
    for column in table.columns:
        about: dict[str, Any] = {"type": column.kind.value, "nullable": column.nullable}
        if column.private_id:
            about["private_id"] = True
        if column.kind.is_number and column.has_bounds:
            about |= {"lower": column.lower, "upper": column.upper}
        columns[column.name] = about
    return {
        "max_ids": table.max_contributions,
        "row_privacy": table.row_privacy,
        "censor_dims": table.censor_dims,
        **columns,
    }


def _tight(
    select: Select, keys: list[tuple[Any, ...]], answers: list[Any], *, postprocess: bool
) -> dict[str, Any]:
    rows, names = [], [item.name for item in select.items]
    for combination, answer in zip(keys, answers, strict=True):
        if answer is None:
            continue
        if not postprocess:
            rows.append([*combination, *answer])
            continue
        own = dict(zip(select.groups, combination, strict=True))
        figures = iter(answer)
        rows.append(
            [next(figures) if item.aggregate else own[item.column] for item in select.items]
        )
    if postprocess:
        rows = _processed(select, names, rows)
    else:
        width = max((len(row) for row in rows), default=0)
        names = [f"res_{place}" for place in range(width)]
    return {
        "index": list(range(len(rows))),
        "columns": names,
        "data": rows,
        "index_names": [None],
        "column_names": [None],
    }


def _processed(select: Select, names: list[str], rows: list[list[Any]]) -> list[list[Any]]:
    for name, sign, number in select.having:
        place = names.index(name)
        rows = [
            row
            for row in rows
            if isinstance(row[place], int | float) and _SIGNS[sign](row[place], number)
        ]
    for name, descending in reversed(select.order):
        place = names.index(name)
        rows.sort(key=lambda row: _rank(row[place]), reverse=descending)
    return rows if select.limit is None else rows[: select.limit]


def _rank(value: Any) -> tuple[bool, Any]:
    return value is None, 0 if value is None else value
