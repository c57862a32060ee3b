"""Metadata of a table whose source says itself what its columns are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from anomed_dp_query.metadata.fields import as_value
from anomed_dp_query.metadata.model import Column, Kind, TableMetadata


class DescribedColumn(Protocol):
    """A column as codebooks of data sources describe it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def dtype(self) -> str:
        """``int64``, ``float64`` or ``string``."""

    @property
    def low(self) -> float | None:
        """Lower bound of a number."""

    @property
    def high(self) -> float | None:
        """Upper bound of a number."""

    @property
    def values(self) -> tuple[str, ...]:
        """All texts that it may have."""


def metadata_of(codebook: Iterable[DescribedColumn], *, privacy_unit: str = "") -> TableMetadata:
    """Return metadata of a table where each row is somebody of their own.

    Parameters
    ----------
    codebook
        Its columns; all values they may have are
        public, since the codebook is.
    privacy_unit
        Whose privacy it is.
    """
    return TableMetadata(columns=[_column(one) for one in codebook], privacy_unit=privacy_unit)


def _column(described: DescribedColumn) -> Column:
    if described.dtype == "string":
        return Column(
            name=described.name,
            kind=Kind.STRING,
            categories=described.values,
            exhaustive=True,
        )
    kind = Kind.INTEGER if described.dtype == "int64" else Kind.FLOAT
    lower, upper = (as_value(bound, kind) for bound in (described.low, described.high))
    return Column(name=described.name, kind=kind, lower=lower, upper=upper)
