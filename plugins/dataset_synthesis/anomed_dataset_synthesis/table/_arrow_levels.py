"""Reading one column: from Arrow's values to the codebook's levels."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from anomed_core.tables import TIME_UNITS_S
from anomed_dataset_synthesis.table.codebook import MISSING, CategoryColumn, NumericColumn

Outside = Literal["reject", "recode"]
_UNKNOWN = -2
_MAX_INTEGER = pa.scalar(2**63 - 1, pa.uint64())


def levels_of(
    array: pa.Array, column: NumericColumn | CategoryColumn, *, outside: Outside
) -> npt.NDArray[np.int32]:
    """Return the levels of a column's values, whatever type they come in.

    Parameters
    ----------
    array
        Values; null and NaN are missing.
    column
        What they may be.
    outside : {"reject", "recode"}
        What happens to a value that the column lacks; see `canonicalise`.

    Returns
    -------
    ndarray of int32, shape (n_records,)
        `MISSING` or 0 to ``n_levels - 1``.

    Raises
    ------
    ValueError
        If the type doesn't fit, or a value may not be there.
    """
    try:
        array.validate(full=True)
        if pc.all(pc.is_null(array, nan_is_null=True)).as_py():
            array = pa.nulls(len(array))  # an empty column has whatever type its writer gives it
        if isinstance(column, CategoryColumn):
            levels = _category_levels(array, column, outside=outside)
        else:
            levels = _numeric_levels(array, column, outside=outside)
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"column {column.name!r} can't be read ({str(error)[:120]}); write the table afresh"
        ) from error
    n_missing = int((levels == MISSING).sum())
    if n_missing and not column.nullable:
        raise ValueError(
            f"column {column.name!r} has {n_missing} missing values; it may have none, "
            "so give a value in every record"
        )
    return levels


def _numeric_levels(
    array: pa.Array, column: NumericColumn, *, outside: Outside
) -> npt.NDArray[np.int32]:
    if column.is_wide and not types.is_null(array.type):
        levels = _wide_levels(array, column)
    else:
        levels = column.levels(_numbers(array, column))
    beyond = (levels < 0) | (levels >= column.n_levels)
    if np.isinf(levels).any() or (beyond.any() and outside == "reject"):
        raise ValueError(
            f"column {column.name!r} has {int(beyond.sum())} values that are infinite or outside "
            f"{column.in_words(0)} to {column.in_words(column.n_levels - 1)}; give finite values "
            "within these bounds"
        )
    levels = np.clip(levels, 0, column.n_levels - 1)
    return np.where(np.isnan(levels), MISSING, levels).astype(np.int32)


def _wide_levels(array: pa.Array, column: NumericColumn) -> npt.NDArray[np.float64]:
    kind = array.type
    if not (types.is_integer(kind) or types.is_decimal(kind)):
        raise ValueError(
            f"column {column.name!r} holds {kind}, but its numbers go up to {column.maximum}, and "
            f"floats keep whole numbers up to {2**53 - 1} only; give int64"
        )
    if types.is_uint64(kind):
        array = pc.if_else(pc.greater(array, _MAX_INTEGER), _MAX_INTEGER, array)
    missing = np.array(array.is_null(), dtype=bool)
    numbers = np.array(array.cast(pa.int64()).fill_null(0), dtype=np.int64)
    return np.where(missing, np.nan, column.integer_levels(numbers))


def _numbers(array: pa.Array, column: NumericColumn) -> npt.NDArray[np.float64]:
    kind = array.type
    if types.is_null(kind):
        return np.full(len(array), np.nan)
    if column.kind in TIME_UNITS_S:
        fits = types.is_date(kind) or types.is_timestamp(kind)
        array = _since_1970(array, column) if fits else array
    else:
        fits = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    if not fits:
        wanted = f"{column.kind}s" if column.kind in TIME_UNITS_S else "numbers"
        raise ValueError(f"column {column.name!r} holds {kind}; give {wanted}")
    numbers = array.cast(pa.float64(), safe=False)
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)


def _since_1970(array: pa.Array, column: NumericColumn) -> pa.Array:
    """Return days, or seconds; of date-times with a zone those of UTC."""
    if column.kind == "date":
        return array.cast(pa.date32(), safe=False).cast(pa.int32())
    moments = (
        array.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).cast(pa.float64(), safe=False)
    )
    return pc.divide(moments, 1e6)


def _category_levels(
    array: pa.Array, column: CategoryColumn, *, outside: Outside
) -> npt.NDArray[np.int32]:
    if types.is_dictionary(array.type):
        known = _look_up(array.dictionary, column)
        places = np.array(array.indices.cast(pa.int64()).fill_null(len(known)), dtype=np.intp)
        levels = np.append(known, np.int32(MISSING))[places]
    else:
        levels = _look_up(array, column)
    unknown = levels == _UNKNOWN
    if unknown.any():
        if outside == "reject" or not column.nullable:
            example = str(array[int(unknown.argmax())].as_py())[:40]
            raise ValueError(
                f"column {column.name!r} has {int(unknown.sum())} values that are no category of "
                f"it, such as {example!r}; give one of its {column.n_levels} categories"
            )
        levels[unknown] = MISSING
    return levels


def _look_up(array: pa.Array, column: CategoryColumn) -> npt.NDArray[np.int32]:
    """Find the levels of words, `_UNKNOWN` for words that are no category."""
    kind = array.type
    fits = (types.is_null, types.is_string, types.is_large_string, types.is_boolean)
    if not any(fit(kind) for fit in (*fits, types.is_integer)):
        raise ValueError(f"column {column.name!r} holds {kind}; give its categories as strings")
    words = array.cast(pa.large_string())
    found = pc.index_in(words, value_set=pa.array(column.categories, pa.large_string()))
    levels = np.array(found.fill_null(_UNKNOWN), dtype=np.int32)
    levels[np.array(words.is_null(), dtype=bool)] = MISSING
    return levels
