"""The two ends of the scale: publish everything, and publish nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np

from anomed_dataset_anonymization.anonymizers._release import release_points
from anomed_dataset_anonymization.schema import encode

if TYPE_CHECKING:
    import pandas as pd

    from anomed_dataset_anonymization.schema import TableSchema


@attrs.frozen(kw_only=True)
class Identity:
    """Publish the table as it is: the best utility, and no privacy."""

    name: ClassVar[str] = "identity"
    scheme: ClassVar[str] = "same"

    def anonymize(
        self, table: pd.DataFrame, schema: TableSchema, *, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Anonymize a table, see `Anonymizer`."""
        del rng  # nothing is drawn
        return release_points(encode(table, schema), index=table.index, schema=schema)


@attrs.frozen(kw_only=True)
class Suppression:
    """Publish as many people as there are, and nothing about any: no utility, the best privacy."""

    name: ClassVar[str] = "suppression"
    scheme: ClassVar[str] = "same"

    def anonymize(
        self, table: pd.DataFrame, schema: TableSchema, *, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Anonymize a table, see `Anonymizer`."""
        del rng  # nothing is drawn
        nothing = np.full_like(encode(table, schema), np.nan)
        return release_points(nothing, index=table.index, schema=schema)
