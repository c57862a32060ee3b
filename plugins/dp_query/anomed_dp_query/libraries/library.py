"""What a library for differential privacy does here, whichever it is.

A question goes three steps, and only the last of them sees a row: it is *read* against an
allow-list, *priced* from itself and public facts, and *run* after its price is paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import attrs

from anomed_dp_query.metadata.model import TableMetadata

if TYPE_CHECKING:
    import pandas as pd


class QueryRefused(ValueError):  # noqa: N818  # the name says what has happened
    """A question that is not answered: what is wrong with it, what is allowed, what to do.

    It speaks of request and metadata alone, never of the table.

    Parameters
    ----------
    message
        One sentence.
    library
        Name of the library whose words these are; empty for our own.
    """

    def __init__(self, message: str, library: str = "") -> None:
        super().__init__(message)
        self.library = library


class RunFailed(RuntimeError):  # noqa: N818  # the name says what has happened
    """A question that failed after rows were touched; why is told to nobody but the log."""


class Question(Protocol):
    """What a request asks, understood completely, with nothing in it that is executed.

    Attributes
    ----------
    library
        Name of the library that reads it.
    kind
        What its answer is called on Lomas' wire, such as ``opendp_polars``.
    """

    @property
    def library(self) -> str:
        """Name of the library that reads it."""

    @property
    def kind(self) -> str:
        """What its answer is called on Lomas' wire."""


@attrs.frozen(kw_only=True)
class Released:
    """What is released as the answer to a question.

    Attributes
    ----------
    kind
        As of its `Question`.
    result
        JSON values: what Lomas puts beside ``res_type``, such as ``{"value": 3}``.
    """

    kind: str
    result: Mapping[str, Any]


@runtime_checkable
class Library(Protocol):
    """Answers questions with noise.

    Attributes
    ----------
    name
        ``opendp``, ``smartnoise-sql``, ``diffprivlib`` or ``smartnoise-synth``.
    """

    @property
    def name(self) -> str:
        """Its name."""

    def missing(self) -> str | None:
        """Return why it cannot answer here, as one sentence; ``None`` if it can."""
        ...

    def read(self, body: Mapping[str, Any], table: TableMetadata) -> Question:
        """Return what a request asks.

        Parameters
        ----------
        body
            Decoded JSON of the request; numbers are `decimal.Decimal` or `int`.
        table
            What is public about the table.

        Raises
        ------
        QueryRefused
            If it is malformed or not allowed; from public facts alone.
        """
        ...

    def price(self, question: Any, table: TableMetadata, policy: Any) -> Any:
        """Return what the question costs; no data are touched.

        Raises
        ------
        QueryRefused
            If it cannot be priced, or not under this policy.
        """
        ...

    def run(
        self, question: Any, frame: pd.DataFrame, table: TableMetadata, policy: Any
    ) -> Released:
        """Return what is released.

        Parameters
        ----------
        question
            As `read` returned it.
        frame
            The private table, or dummy rows.
        table, policy
            As for `price`.

        Raises
        ------
        RunFailed
            Whatever goes wrong once rows are touched.
        """
        ...
