"""Audit what an answer costs: run the production path on two neighbours, and tell the runs apart.

No test tells the answers of neighbours apart better than epsilon and delta allow [1]_. One that
does, by more than chance explains, refutes the price. One that does not proves nothing.

References
----------
.. [1] M. Jagielski, J. Ullman, A. Oprea, "Auditing Differentially Private Machine Learning", 2020,
   arXiv:2006.07709.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
import numpy as np
import pandas as pd

from anomed_dp_query.accounting import Policy, Unit
from anomed_dp_query.libraries.library import Library
from anomed_dp_query.metadata.model import Column, Kind, TableMetadata

Scores = np.ndarray[Any, np.dtype[np.float64]]


@attrs.frozen(kw_only=True)
class AuditCase:
    """A question whose price is put to the test.

    Attributes
    ----------
    name
        What is asked, in words.
    library
        Who answers.
    body
        As a client sends it, numbers exact.
    place
        Which number of the answer is looked at.
    """

    name: str
    library: Library
    body: Mapping[str, Any]
    place: int = 0


@attrs.frozen(kw_only=True)
class ReleaseAudit:
    """How well answers of two neighbours could be told apart.

    Attributes
    ----------
    name
        What was asked.
    epsilon, delta
        Its price.
    epsilon_lower
        Largest epsilon that the runs prove at this delta, 0 or more.
    n_runs
        Runs on each neighbour that were judged, beside as many that fixed how.
    confidence
        Of all bounds of an audit together.
    """

    name: str
    epsilon: Decimal
    delta: Decimal
    epsilon_lower: float
    n_runs: int
    confidence: float

    @property
    def is_refuted(self) -> bool:
        """Whether the runs prove more than was paid."""
        return self.epsilon_lower > float(self.epsilon)


def audit_releases(
    cases: Sequence[AuditCase],
    table: TableMetadata,
    policy: Policy,
    *,
    frame: pd.DataFrame,
    n_runs: int = 1_000,
    confidence: float = 0.95,
) -> list[ReleaseAudit]:
    """Run questions on a table with and without a canary, and bound each epsilon from below.

    Questions are read, priced and run as clients' are. Half of the runs fix a threshold, the others
    are judged by it; the confidence is shared among the questions (Bonferroni).

    Parameters
    ----------
    cases
        At least one.
    table, policy
        What is public about the table, and how its answers are counted.
    frame
        The other rows, at least one: a copy, which nothing of is kept.
    n_runs
        Runs on each neighbour that are judged, at least 10.
    confidence
        Of all bounds together, between 0.25 and 1.

    Raises
    ------
    QueryRefused
        If a question is not allowed.
    ValueError
        If there is nothing to do.
    """
    if not cases or n_runs < 10:
        raise ValueError(f"{len(cases)} questions and {n_runs} runs; give at least one and 10")
    with_canary, without = neighbours(frame, table, policy)
    each = 1 - (1 - confidence) / len(cases)
    return [
        _audited(case, table, policy, (with_canary, without), n_runs, confidence, each)
        for case in cases
    ]


def neighbours(
    frame: pd.DataFrame, table: TableMetadata, policy: Policy
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two tables that differ in one person, who has as many rows as metadata allow.

    Parameters
    ----------
    frame
        The others.
    table, policy
        Where one person is added, or changed where the policy's unit is that.

    Returns
    -------
    with_canary, without
        The canary's numbers are at their upper bounds; without it, nobody is there, or somebody
        whose numbers are at their lower bounds.
    """
    canary, other = (
        pd.DataFrame([{column.name: _cell(column, high=high) for column in table.columns}])
        for high in (True, False)
    )
    rows = [_fitting(person, frame, table.max_contributions) for person in (canary, other)]
    changed = policy.unit is Unit.CHANGE_ONE or policy.size_is_public
    with_canary = pd.concat([frame, rows[0]], ignore_index=True)
    return with_canary, pd.concat([frame, rows[1]], ignore_index=True) if changed else frame


def _fitting(person: pd.DataFrame, frame: pd.DataFrame, n_rows: int) -> pd.DataFrame:
    return pd.concat([person] * n_rows, ignore_index=True)[list(frame.columns)].astype(frame.dtypes)


def _cell(column: Column, *, high: bool) -> Any:
    if column.has_bounds:
        return column.upper if high else column.lower
    if column.categories:
        return column.categories[-1 if high else 0]
    return high if column.kind is Kind.BOOLEAN else "canary" if high else "other"


def _audited(
    case: AuditCase,
    table: TableMetadata,
    policy: Policy,
    frames: tuple[pd.DataFrame, pd.DataFrame],
    n_runs: int,
    confidence: float,
    each: float,
) -> ReleaseAudit:
    from anomed_core.statistics import Confusion, epsilon_of_decision, fix_threshold, roc_of_scores

    question = case.library.read(case.body, table)
    price = case.library.price(question, table, policy)
    delta = float(price.delta)
    runs: list[Scores] = [
        np.array(
            [
                _number(case.library.run(question, rows, table, policy).result, case.place)
                for _ in range(2 * n_runs)
            ]
        )
        for rows in frames
    ]
    # either neighbour may be the one that answers above, or below, the other
    tests = [
        (sign, first, fix_threshold(
            roc_of_scores(sign * runs[first][:n_runs], sign * runs[1 - first][:n_runs]), delta=delta
        ))
        for sign in (1, -1)
        for first in (0, 1)
    ]  # fmt: skip
    sign, first, chosen = max(tests, key=lambda test: test[2].promise)
    hits = [int((sign * runs[side][n_runs:] >= chosen.value).sum()) for side in (first, 1 - first)]
    outcome = Confusion.of_hits((hits[0], n_runs), (hits[1], n_runs))
    bound = epsilon_of_decision(outcome, delta=delta, confidence=each)
    return ReleaseAudit(
        name=case.name,
        epsilon=price.epsilon,
        delta=price.delta,
        epsilon_lower=bound.estimate.low,
        n_runs=n_runs,
        confidence=confidence,
    )


def _number(result: Mapping[str, Any], place: int) -> float:
    numbers = list(_numbers(result))
    return numbers[place]


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, str) and value[:1] in {"[", "{"}:
        yield from _numbers(json.loads(value))
    elif isinstance(value, Mapping):
        # of a table, its cells alone
        for inner in [value["data"]] if "data" in value else value.values():
            yield from _numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner)


def pipeline_cases(library: Library, table: TableMetadata) -> list[AuditCase]:
    """Return a question for each measurement that pipelines of OpenDP may end with.

    Parameters
    ----------
    library
        OpenDP.
    table
        What is public about the table; figures are of its first column of numbers.
    """
    numbers = next((one for one in table.columns if one.kind.is_number and one.has_bounds), None)
    first = table.columns[0] if numbers is None else numbers
    head = {
        "_type": "constructor", "module": "combinators", "func": "make_chain_tt",
        "args": [
            _call("make_select_column", key=first.name, TOA="String"),
            _call("make_split_dataframe", separator=",", col_names=list(table.names)),
        ],
    }  # fmt: skip
    chains = {
        f"count with {name} noise": [_call("then_count"), _call(f"then_{name}", scale=1.0)]
        for name in ("laplace", "geometric", "gaussian")
    }
    if numbers is not None:
        low, high = float(numbers.lower), float(numbers.upper)
        reach = max(abs(low), abs(high))
        clamped = [
            _call("then_cast_default", TOA="f64"), _call("then_clamp", bounds=[low, high]),
        ]  # fmt: skip
        sized = [*clamped, _call("then_resize", size=20, constant=low)]
        chains |= {
            "sum": [*clamped, _call("then_sum"), _call("then_laplace", scale=reach)],
            "mean": [
                *sized, _call("then_mean"), _call("then_laplace", scale=(high - low) / 20)
            ],
            "variance": [
                *sized, _call("then_variance"), _call("then_laplace", scale=(high - low) ** 2 / 20)
            ],
        }  # fmt: skip
    return [
        AuditCase(
            name=f"OpenDP: {name} of {first.name}",
            library=library,
            body={"opendp_json": _chained(head, steps), "fixed_delta": Decimal("1e-6")},
        )
        for name, steps in chains.items()
    ]


def _call(function: str, **arguments: Any) -> dict[str, Any]:
    name = function.partition("_")[2]
    module = "measurements" if name in {"laplace", "geometric", "gaussian"} else "transformations"
    return {"_type": "constructor", "module": module, "func": function, "kwargs": arguments}


def _chained(head: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    for step in steps:
        head = {"_type": "partial_chain", "lhs": head, "rhs": step}
    return json.dumps({"version": "0.10.0", "ast": head})
