"""What travels: declared shapes of arrays, tables and forms.

A schema is declared once by a plugin and used for everything that depends on it: limits before
decoding, validation after it, OpenAPI, ``/challenge.json`` and dummy data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np

from anomed_core.model._converters import as_tuple, matching, naming

KINDS = MappingProxyType(
    {
        "bool": "b",
        "int": "iu",
        "float": "f",
        "str": "U",
        "bytes": "S",
    }
)
"""Families of dtypes by name, as a declaration names them, and their numpy kind characters."""

TIME_KINDS = ("date", "date-time")
"""Families that columns of tables have beside those of arrays."""


def _known_kinds(_: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    unknown = sorted(set(value) - set(KINDS))
    if unknown or not value:
        raise ValueError(f"{attribute.name} must be some of {sorted(KINDS)}, got {list(value)}")


def _known_column_kinds(
    instance: ColumnSchema, attribute: attrs.Attribute[Any], value: tuple[str, ...]
) -> None:
    if len(value) != 1 or value[0] not in TIME_KINDS:
        try:
            _known_kinds(instance, attribute, value)
        except ValueError as error:
            raise ValueError(f"{error}; or {' or '.join(TIME_KINDS)} alone") from error


def _fitting_bound(instance: ColumnSchema, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Refuse a bound of dates that is no date, and one of numbers that is none."""
    if value is None:
        return
    if not instance.is_time:
        if isinstance(value, str):
            raise ValueError(
                f"{attribute.name} of column {instance.name!r} is {value!r}; give a number"
            )
        return
    try:
        zone = dt.datetime.fromisoformat(value).tzinfo
    except (TypeError, ValueError):
        zone = dt.UTC
    if zone is not None:
        raise ValueError(
            f"{attribute.name} of column {instance.name!r} is {value!r}; write a "
            f"{instance.kinds[0]} like 2024-12-31 or 2024-12-31T23:59:00, without a zone"
        )


@attrs.frozen(kw_only=True)
class Meaning:
    """What the numbers of an array or a column are.

    Attributes
    ----------
    description
        One sentence for participants.
    unit
        Such as ``years`` or ``mmHg``; empty for what has none.
    low, high
        Smallest and largest possible value, both inclusive; ``None`` for no bound. Dummy data keep
        to them, and what is served must.
    """

    description: str
    unit: str = ""
    low: float | None = None
    high: float | None = None


@attrs.frozen(kw_only=True, field_transformer=naming)
class ArraySchema:
    """One array of an npz file.

    Attributes
    ----------
    name
        Member name without ``.npy``.
    kinds
        Accepted families of dtypes, of ``bool``, ``int``, ``float``, ``str``, ``bytes``. The first
        one is what dummy data has.
    shape
        Length of each axis; ``None`` where any length is fine.
    dtype
        The exact dtype where the product has one, such as ``float64``; ``None`` on submissions,
        where dtypes that are equal in value are accepted.
    required
        Whether a submission without it is malformed.
    finite
        Whether NaN and infinities are refused in float arrays.
    low, high
        Smallest and largest allowed value, both inclusive; ``None`` for no bound.
    description
        One sentence for participants.
    unit
        Of its values, such as ``years``; empty for what has none.
    """

    name: str = attrs.field(
        validator=matching(
            r"[A-Za-z_][A-Za-z0-9_]*", "a letter, then letters, digits or _, as in prediction"
        )
    )
    kinds: tuple[str, ...] = attrs.field(converter=as_tuple, validator=_known_kinds)
    shape: tuple[int | None, ...] = attrs.field(converter=as_tuple)
    dtype: str | None = None
    required: bool = True
    finite: bool = True
    low: float | None = None
    high: float | None = None
    description: str = ""
    unit: str = ""

    @classmethod
    def of(cls, name: str, array: np.ndarray, *, description: str = "") -> ArraySchema:
        """Declare an array exactly as it is.

        Parameters
        ----------
        name
            Member name.
        array
            Array of any dtype in `KINDS` and any shape.
        description
            One sentence for participants.

        Returns
        -------
        ArraySchema
            With the array's dtype and shape.
        """
        kinds = [kind for kind, letters in KINDS.items() if array.dtype.kind in letters]
        if not kinds:
            raise ValueError(f"{name} has dtype {array.dtype}; allowed are {sorted(KINDS)}")
        return cls(
            name=name,
            kinds=tuple(kinds),
            shape=array.shape,
            dtype=array.dtype.name if array.dtype.kind not in "US" else array.dtype.str,
            finite=False,
            description=description,
        )


@attrs.frozen(kw_only=True, field_transformer=naming)
class ArraysSchema:
    """An npz file: named arrays, in the order in which they are written.

    Attributes
    ----------
    arrays
        At least one, each with a name of its own.
    """

    arrays: tuple[ArraySchema, ...] = attrs.field(converter=as_tuple)

    media_type = "application/octet-stream"
    file_suffix = ".npz"

    def __attrs_post_init__(self) -> None:
        names = [array.name for array in self.arrays]
        if not names:
            raise ValueError("an npz file has at least one array")
        if len(set(names)) != len(names):
            raise ValueError(f"array names must be unique, got {names}")

    def described(self, **meanings: Meaning | str) -> ArraysSchema:
        """Say what arrays mean.

        Parameters
        ----------
        **meanings
            By member name; a text is a meaning's description.

        Returns
        -------
        ArraysSchema
            With descriptions, units and bounds.

        Raises
        ------
        ValueError
            If there is no array of that name.

        Examples
        --------
        >>> schema = ArraysSchema.of(age=np.zeros(3), id=np.arange(3))
        >>> years = Meaning(description="At admission.", unit="years", low=0, high=120)
        >>> [(a.unit, a.high) for a in schema.described(age=years, id="A pseudonym.").arrays]
        [('years', 120), ('', None)]
        """
        names = [array.name for array in self.arrays]
        unknown = sorted(set(meanings) - set(names))
        if unknown:
            raise ValueError(f"meanings name {', '.join(unknown)}; the arrays are {names}")
        known = {
            name: Meaning(description=meaning) if isinstance(meaning, str) else meaning
            for name, meaning in meanings.items()
        }
        return ArraysSchema(
            arrays=tuple(
                attrs.evolve(array, **attrs.asdict(known[array.name]))
                if array.name in known
                else array
                for array in self.arrays
            )
        )

    @classmethod
    def of(cls, **arrays: np.ndarray) -> ArraysSchema:
        """Declare arrays exactly as they are, in this order.

        Parameters
        ----------
        **arrays
            Arrays by member name; see `ArraySchema.of`.

        Returns
        -------
        ArraysSchema
            With the dtype and shape of each.

        Examples
        --------
        >>> schema = ArraysSchema.of(X=np.zeros((3, 2)), y=np.zeros(3))
        >>> [(array.name, array.dtype, array.shape) for array in schema.arrays]
        [('X', 'float64', (3, 2)), ('y', 'float64', (3,))]
        """
        return cls(arrays=tuple(ArraySchema.of(name, array) for name, array in arrays.items()))


@attrs.frozen(kw_only=True, field_transformer=naming)
class ColumnSchema:
    """One column of a table.

    Attributes
    ----------
    name
        Column name.
    kinds
        Accepted families of values, of ``bool``, ``int``, ``float``, ``str``; or ``date`` or
        ``date-time`` alone, which both take dates and timestamps, those with a zone in UTC. Of a
        date the time of day does not count. The first one is what dummy data has.
    nullable
        Whether a cell may be empty.
    finite
        Whether infinities are refused in float columns (NaN counts as empty).
    low, high
        Smallest and largest allowed value, both inclusive; ``None`` for no bound. Those of dates
        and date-times are text such as ``2024-12-31`` and ``2024-12-31T23:59:00``.
    step
        Of the grid that values lie on, in days for dates and seconds for date-times: a number that
        misses a bound by less than a millionth of a step, as the sum of ten tenths does, is the
        bound; ``None`` for no grid.
    categories
        The only values allowed, if not empty.
    required
        Whether a table without the column is refused.
    description
        One sentence for participants.
    unit
        Of its values, such as ``years``; empty for what has none.
    """

    name: str
    kinds: tuple[str, ...] = attrs.field(converter=as_tuple, validator=_known_column_kinds)
    nullable: bool = False
    finite: bool = True
    low: float | str | None = attrs.field(default=None, validator=_fitting_bound)
    high: float | str | None = attrs.field(default=None, validator=_fitting_bound)
    step: float | None = None
    categories: tuple[str, ...] = attrs.field(converter=as_tuple, default=())
    required: bool = True
    description: str = ""
    unit: str = ""

    @property
    def is_time(self) -> bool:
        """Return whether it holds dates or date-times."""
        return self.kinds[0] in TIME_KINDS


@attrs.frozen(kw_only=True, field_transformer=naming)
class TableSchema:
    """A parquet file.

    Attributes
    ----------
    columns
        Declared columns in order; empty if the plugin's validation hook judges the columns.
    min_rows, max_rows
        Allowed numbers of rows, both inclusive; ``None`` for no bound beyond the server's limits.
    """

    columns: tuple[ColumnSchema, ...] = attrs.field(converter=as_tuple, default=())
    min_rows: int = 0
    max_rows: int | None = None

    media_type = "application/octet-stream"
    file_suffix = ".parquet"


@attrs.frozen(kw_only=True)
class JSONSchema:
    """A JSON document that follows a JSON Schema; one that does not is refused.

    Attributes
    ----------
    schema
        A JSON Schema (draft 2020-12) object; empty for any document.
    """

    schema: Mapping[str, Any] = attrs.field(factory=dict)

    media_type = "application/json"
    file_suffix = ".json"


@attrs.frozen(kw_only=True, field_transformer=naming)
class TextSchema:
    """A short text.

    Attributes
    ----------
    choices
        The only words allowed, if not empty.
    max_length
        Characters allowed.
    """

    choices: tuple[str, ...] = attrs.field(converter=as_tuple, default=())
    max_length: int = 1000

    media_type = "text/plain"


@attrs.frozen(kw_only=True, field_transformer=naming)
class FormPart:
    """One named part of a multipart form.

    Attributes
    ----------
    name
        Name of the form's field.
    schema
        What its bytes must decode to.
    required
        Whether a form without it is malformed.
    description
        One sentence for participants.
    """

    name: str
    schema: TableSchema | ArraysSchema | JSONSchema | TextSchema
    required: bool = True
    description: str = ""


@attrs.frozen(kw_only=True, field_transformer=naming)
class FormSchema:
    """A multipart/form-data body.

    Attributes
    ----------
    parts
        What the form holds.
    """

    parts: tuple[FormPart, ...] = attrs.field(converter=as_tuple)

    media_type = "multipart/form-data"


ProductSchema = ArraysSchema | TableSchema | JSONSchema
SubmissionSchema = ArraysSchema | TableSchema | JSONSchema | FormSchema
