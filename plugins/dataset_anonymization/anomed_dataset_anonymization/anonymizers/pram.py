"""Post-randomisation: replace some values at random, so that none can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np

from anomed_dataset_anonymization.anonymizers._release import release_points
from anomed_dataset_anonymization.anonymizers.anonymizer import require_quasi_identifiers, share
from anomed_dataset_anonymization.schema import encode

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from anomed_dataset_anonymization.schema import TableSchema


@attrs.frozen(kw_only=True)
class Pram:
    """Keep each quasi-identifier of each person with some probability, else draw it anew.

    Attributes
    ----------
    retention : float
        Probability that a value isn't drawn anew, in [0, 1]; see `randomise_values`.
    """

    name: ClassVar[str] = "pram"
    scheme: ClassVar[str] = "same"

    retention: float = attrs.field(default=0.8, validator=share())

    def anonymize(
        self, table: pd.DataFrame, schema: TableSchema, *, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Anonymize a table, see `Anonymizer`."""
        coordinates = encode(table, schema)
        for column in require_quasi_identifiers(schema):
            position = schema.position(column.name)
            coordinates[:, position] = randomise_values(
                coordinates[:, position], retention=self.retention, rng=rng
            )
        return release_points(coordinates, index=table.index, schema=schema)


def randomise_values(
    values: NDArray[np.float64], *, retention: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw each value anew, with some probability, from the values of all records.

    A value ``v`` becomes ``w`` with probability ``retention * [v = w] + (1 - retention) * p(w)``,
    where ``p(w)`` is the share of ``w`` in the column. This transition leaves the
    expected shares as they are (invariant PRAM).

    Parameters
    ----------
    values : ndarray of float64, shape (n_records,)
        Coordinates; a null is a value.
    retention : float
        Probability in [0, 1] that a value isn't drawn anew.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of float64, shape (n_records,)

    References
    ----------
    Gouweleeuw, Kooiman, Willenborg, de Wolf: Post randomisation for statistical disclosure control:
    theory and implementation. Journal of Official Statistics 14(4), 1998, section 4.
    """
    n_records = len(values)
    is_drawn = rng.random(n_records) >= retention
    donors = (rng.random(n_records) * n_records).astype(np.int64)
    return np.where(is_drawn, values[donors], values)
