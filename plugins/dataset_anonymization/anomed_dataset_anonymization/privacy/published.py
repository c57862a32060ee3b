"""Syntactic privacy of a canonical published table, as its schema describes the columns."""

from __future__ import annotations

import numpy as np

from anomed_dataset_anonymization.privacy.classes import (
    Codes,
    EquivalenceClasses,
    classes_of_codes,
)
from anomed_dataset_anonymization.privacy.closeness import t_closeness_equal, t_closeness_ordered
from anomed_dataset_anonymization.privacy.contingency import contingency
from anomed_dataset_anonymization.privacy.profile import PrivacyProfile, privacy_profile
from anomed_dataset_anonymization.schema import ColumnKind
from anomed_dataset_anonymization.schemes import Points, PublishedTable


def published_classes(table: PublishedTable) -> EquivalenceClasses:
    """Group the rows whose quasi-identifiers are published identically.

    Parameters
    ----------
    table
        One row a person.

    Returns
    -------
    EquivalenceClasses
        The partition; without quasi-identifiers in the schema, one class.
    """
    columns = [_cell_codes(table, column.name) for column in table.schema.quasi_identifiers]
    return classes_of_codes(columns, n_rows=table.n_rows)


def published_profile(table: PublishedTable, sensitive: str) -> PrivacyProfile:
    """Compute every syntactic model's number for one sensitive column.

    Each distinct published cell is a value. t-closeness measures cardinal and ordinal columns by
    rank, nominal ones as equally far apart.

    Parameters
    ----------
    table
        One row a person.
    sensitive
        The column to protect.

    Returns
    -------
    PrivacyProfile
        The numbers.

    Raises
    ------
    ValueError
        If the schema has no such column.
    """
    column = table.schema.columns[table.schema.position(sensitive)]
    classes = published_classes(table)
    nominal = column.kind is ColumnKind.NOMINAL
    return privacy_profile(
        classes,
        contingency(classes, _cell_codes(table, sensitive)),
        closeness=t_closeness_equal if nominal else t_closeness_ordered,
    )


def _cell_codes(table: PublishedTable, name: str) -> Codes:
    """Return a column's cells as codes: places in the domain if it is listed, null last."""
    column, cells = table.schema[name], table.cells[name]
    if column.is_listed and isinstance(cells, Points):
        n_values = len(column.values)
        is_null = np.isnan(cells.values)
        codes = np.where(is_null, n_values, cells.values).astype(np.int64)
        return Codes(codes=codes, n_codes=n_values + int(is_null.any()))
    codes = table.codes[name].astype(np.int64)
    return Codes(codes=codes, n_codes=int(codes.max()) + 1)
