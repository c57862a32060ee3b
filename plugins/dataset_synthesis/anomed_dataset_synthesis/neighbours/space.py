"""A space for mixed records: numbers, categories, missing values.

The distance of two records is Gower's: the mean over columns of 1 for different categories, and
of |a - b| / span for numbers, at most 1. A missing value is at distance 0 from a missing one and
1 from any other. Spans come from the public background. Distances are counted in whole units, so
that ties are ties: whatever computes them, and in whatever order, gets the same numbers.

References
----------
J. C. Gower, "A general coefficient of similarity and some of its properties", Biometrics 27,
1971, doi:10.2307/2528823.
"""

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.table.canonical import CanonicalTable, same_codebook
from anomed_dataset_synthesis.table.codebook import MISSING, Codebook
from anomed_dataset_synthesis.table.encoding import is_category

_LARGEST_UNIT = 2**27
_LARGEST_SUM = 2**31 - 1


@attrs.frozen(kw_only=True, eq=False)
class Points:
    """Records as points of a `MixedSpace`.

    Attributes
    ----------
    numbers : ndarray of int32, shape (n_numeric, n_records)
        Numbers in units of the space.
    categories : ndarray of unsigned int, shape (n_categorical, n_records)
        Categories, 0 for missing, in the smallest type that holds them.
    unit
        The distance of two different categories.
    n_categories
        More than any category.
    """

    numbers: npt.NDArray[np.int32]
    categories: npt.NDArray[np.unsignedinteger]
    unit: int
    n_categories: int

    @property
    def n_columns(self) -> int:
        """Count the columns."""
        return len(self.numbers) + len(self.categories)

    @property
    def n_records(self) -> int:
        """Count the records."""
        return int(self.numbers.shape[1])

    def take(self, places: npt.NDArray[np.intp]) -> "Points":
        """Return some of the records, in that order."""
        return attrs.evolve(
            self, numbers=self.numbers[:, places], categories=self.categories[:, places]
        )


@attrs.frozen(kw_only=True, eq=False)
class MixedSpace:
    """Measure distances between records on some columns of a codebook.

    Attributes
    ----------
    codebook
        The tables' columns.
    numeric, categorical
        Places of the columns that count.
    lows, spans : ndarray of float64, shape (n_numeric,)
        Smallest level and range of levels in the background, ranges at least 1.
    """

    codebook: Codebook
    numeric: tuple[int, ...]
    categorical: tuple[int, ...]
    lows: npt.NDArray[np.float64]
    spans: npt.NDArray[np.float64]

    @property
    def unit(self) -> int:
        """Return the distance of two different categories: a power of 2, as large as fits."""
        n_columns = len(self.numeric) + len(self.categorical)
        unit = _LARGEST_UNIT
        while unit * n_columns > _LARGEST_SUM:
            unit //= 2
        return unit

    def points(self, table: CanonicalTable) -> Points:
        """Place a table's records in the space.

        Numbers further outside the background's range than it is wide are placed at that
        distance from it.

        Parameters
        ----------
        table
            Under the same codebook.

        Raises
        ------
        ValueError
            If the table follows another codebook.
        """
        if table.codebook != self.codebook:
            raise ValueError("the table follows another codebook than the space; canonicalise it")
        numbers = np.empty((len(self.numeric), len(table)), dtype=np.int32)
        for row, (place, low, span) in enumerate(
            zip(self.numeric, self.lows, self.spans, strict=True)
        ):
            levels = table.levels[:, place]
            scaled = np.round((levels - low) * (self.unit / span))
            scaled = np.clip(scaled, -self.unit, 2 * self.unit)
            numbers[row] = np.where(levels == MISSING, -3 * self.unit, scaled)
        levels = table.levels[:, self.categorical].T + 1
        largest = max((self.codebook.n_levels[place] for place in self.categorical), default=0)
        categories = np.ascontiguousarray(levels.astype(np.min_scalar_type(largest)))
        return Points(
            numbers=numbers, categories=categories, unit=self.unit, n_categories=largest + 1
        )


def fit_space(background: CanonicalTable, *, columns: tuple[str, ...] | None = None) -> MixedSpace:
    """Learn the scale of numeric columns from a public table.

    Parameters
    ----------
    background
        Public records, at least one.
    columns
        The columns that count; all by default.

    Returns
    -------
    MixedSpace
        For tables under the background's codebook.

    Raises
    ------
    ValueError
        If a column is unknown, or none is given.
    """
    codebook = same_codebook(background)
    names = codebook.names if columns is None else columns
    if not names:
        raise ValueError("no columns were given to measure distances on; give at least one")
    places = sorted(codebook.position(name) for name in names)
    categorical = is_category(codebook)
    numeric = tuple(place for place in places if not categorical[place])
    known = [background.levels[:, place] for place in numeric]
    known = [levels[levels != MISSING] for levels in known]
    lows = [float(levels.min()) if len(levels) else 0.0 for levels in known]
    spans = [float(np.ptp(levels)) if len(levels) else 1.0 for levels in known]
    return MixedSpace(
        codebook=codebook,
        numeric=numeric,
        categorical=tuple(place for place in places if categorical[place]),
        lows=np.array(lows),
        spans=np.maximum(spans, 1.0),
    )
