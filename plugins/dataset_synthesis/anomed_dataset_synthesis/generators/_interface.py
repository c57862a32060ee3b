"""State what a generator is: learn from a table once, then draw as many records as wanted."""

from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.table.codebook import Codebook


@runtime_checkable
class FittedGenerator(Protocol):
    """Draw synthetic records; sampling more of them costs no further privacy.

    Attributes
    ----------
    guarantee
        The differential privacy that fitting kept, ``None`` where none is claimed.
    """

    @property
    def guarantee(self) -> Guarantee | None:
        """Return the differential privacy that fitting kept, if any."""
        ...

    def sample(self, n_records: int, *, rng: np.random.Generator) -> pd.DataFrame:
        """Draw ``n_records`` synthetic records in random order.

        Parameters
        ----------
        n_records
            0 or more; need not be the number of records learnt from.
        rng
            Source of randomness; the same state gives the same table.

        Returns
        -------
        pandas.DataFrame
            The codebook's columns in its order, with a fresh index.
        """
        ...


@runtime_checkable
class Generator(Protocol):
    """Learn from private records; an immutable recipe that can be run any number of times.

    Attributes
    ----------
    name
        Short name for tables of results.
    guarantee
        The differential privacy that every run keeps, ``None`` where none is claimed beforehand.
    """

    @property
    def name(self) -> str:
        """Return the short name for tables of results."""
        ...

    @property
    def guarantee(self) -> Guarantee | None:
        """Return the differential privacy that every run keeps, if any."""
        ...

    def fit(
        self, table: pd.DataFrame, codebook: Codebook, *, rng: np.random.Generator
    ) -> FittedGenerator:
        """Learn from a table.

        Parameters
        ----------
        table
            Private records, with the codebook's columns.
        codebook
            The public description of all columns and their domains.
        rng
            Source of randomness.

        Returns
        -------
        FittedGenerator
            Ready to sample.
        """
        ...
