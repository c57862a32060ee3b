"""Warn of columns that are keys: published as they were, and unlike for unlike people.

Generalising the quasi-identifiers helps little if an account number, a weight or a timestamp stays.
No attack that knows the quasi-identifiers alone can use it; anybody who ever learns it can.
"""

from __future__ import annotations

import numpy as np

from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.schemes import Points, PublishedTable


def key_shares(table: PublishedTable, leaky: Coordinates) -> dict[str, float]:
    """Return, per column, the share of people identified by its value alone.

    Range [0, 1], lower is more private; 0 for columns that are not published as exact values, and
    close to it for all with many people to a value.

    Parameters
    ----------
    table : PublishedTable
        Canonical.
    leaky : ndarray of float64, shape (n_people, n_columns)
        Coordinates of the leaky table, in schema order.

    Returns
    -------
    dict of str to float
        By column, the share of the people who alone have their value, and whose value is published
        exactly once.

    Raises
    ------
    ValueError
        If the leaky table is empty or has other columns than the schema.

    """
    if leaky.ndim != 2 or not len(leaky) or leaky.shape[1] != len(table.schema):
        raise ValueError(
            f"the leaky table has shape {leaky.shape}, but the schema has "
            f"{len(table.schema)} columns."
        )
    shares = {}
    for place, name in enumerate(table.schema.names):
        cells = table.cells[name]
        alone = 0
        if isinstance(cells, Points):
            alone = len(np.intersect1d(_once(leaky[:, place]), _once(cells.values)))
        shares[name] = alone / len(leaky)
    return shares


def _once(values: Coordinates) -> Coordinates:
    """Return the values that occur once; nulls are no values."""
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    alone: Coordinates = distinct[counts == 1]
    return alone
