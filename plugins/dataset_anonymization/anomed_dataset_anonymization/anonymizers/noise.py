"""Additive noise: move each number a little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np

from anomed_dataset_anonymization.anonymizers._release import release_points
from anomed_dataset_anonymization.anonymizers.anonymizer import require_quasi_identifiers
from anomed_dataset_anonymization.schema import Bounds, ColumnKind, encode, snap

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from anomed_dataset_anonymization.schema import TableSchema


@attrs.frozen(kw_only=True)
class Noise:
    """Add normal noise to the quasi-identifiers that have an order.

    Names have none, and are published as they are: combine them with another method before
    trusting this one.

    Attributes
    ----------
    scale : float
        Standard deviation of the noise, in standard deviations of the column; at least 0.
    """

    name: ClassVar[str] = "noise"
    scheme: ClassVar[str] = "same"

    scale: float = attrs.field(default=0.3)

    @scale.validator
    def _check_scale(self, _: object, value: Any) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value < float("inf"):
            raise ValueError(f"scale must be a finite number from 0, got {value!r}.")

    def anonymize(
        self, table: pd.DataFrame, schema: TableSchema, *, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Anonymize a table, see `Anonymizer`."""
        coordinates = encode(table, schema)
        for column in require_quasi_identifiers(schema):
            if column.kind is ColumnKind.NOMINAL:
                continue
            position = schema.position(column.name)
            noisy = add_noise(coordinates[:, position], column.bounds, scale=self.scale, rng=rng)
            coordinates[:, position] = snap(noisy, column)
        return release_points(coordinates, index=table.index, schema=schema)


def add_noise(
    values: NDArray[np.float64], bounds: Bounds, *, scale: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Add normal noise, reflected where it leaves the bounds.

    Reflection keeps people from piling up at the ends of the domain, where clipping would put them.

    Parameters
    ----------
    values : ndarray of float64, shape (n_records,)
        Numbers within the bounds; NaN stays NaN.
    bounds : Bounds
        Ends of the domain.
    scale : float
        Standard deviation of the noise, in standard deviations of the values.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of float64, shape (n_records,)
        Within the bounds.
    """
    present = values[~np.isnan(values)]
    spread = present.std() if len(present) else 0.0
    noisy = values + scale * spread * rng.standard_normal(len(values))
    folded = np.mod(noisy - bounds.low, 2 * bounds.span)
    return bounds.low + np.minimum(folded, 2 * bounds.span - folded)
