"""The one way of a query: read, priced, paid by the core, run, told on the grid."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs
import pandas as pd

from anomed_core import Line
from anomed_dp_query.accounting import Policy, Price, over_maximum
from anomed_dp_query.challenge.accounts import lines_for, policy_of
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.libraries import BUILT_IN, libraries
from anomed_dp_query.libraries.library import Library, QueryRefused, Question, Released


@attrs.frozen(kw_only=True)
class Priced:
    """A query that was understood, and what it costs.

    Attributes
    ----------
    dataset
        Name of the table that it asks.
    library
        Who answers.
    question
        As the library has read it.
    price
        Part by part.
    policy
        How answers of the table are counted.
    lines
        What is taken of which account.
    """

    dataset: str
    library: Library
    question: Question
    price: Price
    policy: Policy
    lines: tuple[Line, ...]


def offered(arena: Arena) -> dict[str, Library]:
    """Return the libraries that the configuration lets answer, by name."""
    known = libraries()
    chosen = arena.config.libraries or BUILT_IN
    return {name: known[name] for name in chosen if name in known}


def price_of(arena: Arena, dataset: str, library: str, body: Mapping[str, Any]) -> Priced:
    """Read a query and price it, from the request and public facts alone.

    Parameters
    ----------
    arena
        The challenge.
    dataset
        Name of a table.
    library
        Name of a library.
    body
        What the library reads; numbers are `decimal.Decimal` or `int`.

    Raises
    ------
    QueryRefused
        With what is wrong, what is allowed, and what to do.
    """
    if dataset not in arena.datasets:
        raise QueryRefused(
            f"There is no dataset {dataset[:80]!r}; there are {', '.join(arena.datasets)}."
        )
    there = offered(arena)
    if library not in there:
        raise QueryRefused(
            f"The library {library[:80]!r} is not offered here; there are {', '.join(there)}."
        )
    missing = there[library].missing()
    if missing is not None:
        raise QueryRefused(missing)
    metadata, policy = arena.datasets[dataset].metadata, policy_of(arena, dataset)
    question = there[library].read(body, metadata)
    price = there[library].price(question, metadata, policy)
    excess = over_maximum(price, policy)
    if excess is not None:
        raise QueryRefused(f"The query is refused: {excess}.")
    return Priced(
        dataset=dataset,
        library=there[library],
        question=question,
        price=price,
        policy=policy,
        lines=tuple(lines_for(arena, dataset, price)),
    )


def run(arena: Arena, priced: Priced, frame: pd.DataFrame | None = None) -> Released:
    """Answer a query that was paid, from the private rows or from those given.

    Raises
    ------
    RunFailed
        Whatever goes wrong once rows are touched.
    """
    dataset = arena.datasets[priced.dataset]
    rows = dataset.frame() if frame is None else frame
    return priced.library.run(priced.question, rows, dataset.metadata, priced.policy)


def wait_for_grid(arena: Arena, began: float) -> None:
    """Sleep until the next multiple of the grid since a query was paid.

    Parameters
    ----------
    arena
        Knows the grid.
    began
        `time.monotonic()` when the query had been paid.
    """
    grid_s = arena.config.answer_grid_s
    if grid_s > 0:
        elapsed_s = time.monotonic() - began
        time.sleep(grid_s - elapsed_s % grid_s)


def with_exact_numbers(document: Any) -> Any:
    """Return a decoded document with each float as the decimal of its shortest text."""
    if isinstance(document, float):
        return Decimal(repr(document))
    if isinstance(document, dict):
        return {name: with_exact_numbers(value) for name, value in document.items()}
    if isinstance(document, list):
        return [with_exact_numbers(value) for value in document]
    return document
