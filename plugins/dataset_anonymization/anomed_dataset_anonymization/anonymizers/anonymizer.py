"""What every anonymizer offers, and the checks they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pandas as pd

    from anomed_dataset_anonymization.schema import Column, TableSchema


class Anonymizer(Protocol):
    """Turn a table of people into one that may be published.

    Implementations are frozen values whose fields are the parameters of the method. They change the
    quasi-identifiers and publish all other columns as they are.

    Attributes
    ----------
    name : str
        Name in the registry.
    scheme : {"same", "generalization", "microaggregation"}
        How the cells of the result are to be read.
    """

    name: ClassVar[str]
    scheme: ClassVar[str]

    def anonymize(
        self, table: pd.DataFrame, schema: TableSchema, *, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Anonymize a table.

        Parameters
        ----------
        table : DataFrame
            One row a person, with all columns of the schema; others are dropped.
        schema : TableSchema
            Describes the columns.
        rng : numpy.random.Generator
            Source of randomness; methods that draw nothing leave it alone.

        Returns
        -------
        DataFrame
            In the columns of the scheme. The index is that of the table, without the rows that
            were suppressed, and so declares whom each row stands for.

        Raises
        ------
        ValueError
            If the table doesn't fit the schema, or the parameters don't fit the table.
        """
        ...


def require_quasi_identifiers(schema: TableSchema) -> tuple[Column, ...]:
    """Return the quasi-identifiers of a schema.

    Raises
    ------
    ValueError
        If there is none.
    """
    columns = schema.quasi_identifiers
    if not columns:
        raise ValueError(
            f"none of the columns {list(schema.names)} is a quasi-identifier; "
            "give those that outsiders may know the role 'qi'."
        )
    return columns


def whole_number(*, least: int) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Return an attrs validator that allows whole numbers from `least` on."""

    def validate(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(
                f"{attribute.name} must be a whole number from {least}, got {value!r}."
            )

    return validate


def share(*, positive: bool = False) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Return an attrs validator that allows numbers from 0 (or above it) to 1."""

    def validate(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value <= 1 or (positive and value == 0):
            least = "above 0" if positive else "from 0"
            raise ValueError(f"{attribute.name} must be a number {least} to 1, got {value!r}.")

    return validate


def true_or_false(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Allow true and false only, as an attrs validator."""
    if value is not True and value is not False:
        raise ValueError(f"{attribute.name} must be true or false, got {value!r}.")
