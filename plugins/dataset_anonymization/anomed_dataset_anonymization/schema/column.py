"""Describe one column: what it measures, and which values it may hold."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import attrs

from anomed_core.tables import TIME_UNITS_S, parse_time, write_number, write_time

LogicalType = Literal["int64", "float64", "string", "bool", "date", "date-time"]
Value = str | int | bool
"""What a listed domain may hold."""

MAX_EXACT_INTEGER = 2**53
"""Largest magnitude up to which every integer is a float64."""

_RESIDUE, _LARGEST_RESIDUE = 1e-6, 0.1
_ROUNDED = 2.0**-51
"""How far floats may be from the decimals they were written as, as a share of themselves."""

_VALUE_TYPES: dict[str, type] = {"int64": int, "string": str, "bool": bool}


class ColumnKind(enum.StrEnum):
    """Scale of measurement: numbers, ordered values, or names."""

    CARDINAL = "cardinal"
    ORDINAL = "ordinal"
    NOMINAL = "nominal"


class ColumnRole(enum.StrEnum):
    """Part a column plays in an attack: known to outsiders, to be protected, or neither."""

    QUASI_IDENTIFIER = "qi"
    SENSITIVE = "sensitive"
    OTHER = "other"


@attrs.frozen(kw_only=True)
class Bounds:
    """Domain of a number: ``low, low + step, ..., high``, both ends included.

    Attributes
    ----------
    low, high : float
        Ends of the domain, in the column's unit; ``low < high``.
    step : float
        Smallest difference between two values, in the column's unit; positive.

    Raises
    ------
    ValueError
        If a number is not finite, the ends are not in order, or not a whole number of positive
        steps apart.
    """

    low: float = attrs.field(converter=float)
    high: float = attrs.field(converter=float)
    step: float = attrs.field(converter=float, default=1.0)

    def __attrs_post_init__(self) -> None:
        if not all(map(math.isfinite, (self.low, self.high, self.step))):
            raise ValueError(f"the bounds {self} must be finite numbers.")
        n_steps, slack = 0.0, _RESIDUE
        if self.step > 0:
            n_steps = (self.high - self.low) / self.step
            rounded = max(-self.low, self.high) * _ROUNDED / self.step
            slack = min(max(_RESIDUE, rounded), _LARGEST_RESIDUE)
        if not (self.low < self.high and n_steps > 1 - slack):
            raise ValueError(
                f"the bounds low={write_number(self.low)}, high={write_number(self.high)}, "
                f"step={write_number(self.step)} "
                "need low < high and 0 < step <= high - low."
            )
        if not math.isclose(n_steps, round(n_steps), rel_tol=1e-9, abs_tol=slack):
            raise ValueError(
                f"the bounds low={write_number(self.low)} and high={write_number(self.high)} must "
                f"be a whole number of steps of {write_number(self.step)} apart."
            )

    @property
    def span(self) -> float:
        """Return ``high - low``, the widest range a cell can have."""
        return self.high - self.low


def _freeze(domain: Bounds | Iterable[Value]) -> Bounds | tuple[Value, ...]:
    return domain if isinstance(domain, Bounds) else tuple(domain)


@attrs.frozen(kw_only=True)
class Column:
    """One column of a table of people.

    Attributes
    ----------
    name : str
        Name in every table of the challenge.
    kind : ColumnKind
        A cardinal column has `Bounds`, a nominal one a list, an ordinal one either.
    dtype : {"int64", "float64", "string", "bool", "date", "date-time"}
        Logical type; storage widths and string kinds are interchangeable. Dates are numbers of
        days since 1970-01-01, date-times of seconds: so are their bounds, steps and tolerances.
    domain : Bounds or tuple of str, int or bool
        All values a cell may hold besides null; a list is in ascending order for ordinal columns.
    role : ColumnRole
        ``"qi"`` (an attacker may know it), ``"sensitive"`` or ``"other"``.
    tolerance : float
        Largest error of a guess that still counts as right: in the column's unit, or in positions
        of the listed domain of an ordinal column. Zero for nominal columns.
    hierarchy : str or None
        Id of the generalization hierarchy made for this column, where there is one.

    Raises
    ------
    ValueError
        If kind, type, domain and tolerance do not fit each other.
    """

    name: str
    kind: ColumnKind = attrs.field(converter=ColumnKind)
    dtype: LogicalType
    domain: Bounds | tuple[Value, ...] = attrs.field(converter=_freeze)
    role: ColumnRole = attrs.field(converter=ColumnRole, default=ColumnRole.OTHER)
    tolerance: float = attrs.field(converter=float, default=0.0)
    hierarchy: str | None = None

    def __attrs_post_init__(self) -> None:
        if not self.name:
            raise ValueError("a column needs a name.")
        if self.dtype not in get_args(LogicalType):
            raise ValueError(self._fault(f"has dtype {self.dtype!r}; use {get_args(LogicalType)}"))
        if isinstance(self.domain, Bounds):
            self._check_bounds(self.domain)
        else:
            self._check_list(self.domain)
        if not (math.isfinite(self.tolerance) and self.tolerance >= 0):
            raise ValueError(self._fault(f"has tolerance {self.tolerance}; it must be 0 or more"))
        if self.kind is ColumnKind.NOMINAL and self.tolerance:
            raise ValueError(self._fault("is nominal, so its tolerance must be 0"))

    def _fault(self, what: str) -> str:
        return f"column {self.name!r} {what}."

    def _check_bounds(self, bounds: Bounds) -> None:
        if self.kind is ColumnKind.NOMINAL:
            raise ValueError(self._fault("is nominal, so its domain must list the values"))
        if self.dtype not in {"int64", "float64", *TIME_UNITS_S}:
            raise ValueError(self._fault(f"has numeric bounds, but dtype {self.dtype}"))
        numbers = (bounds.low, bounds.high, bounds.step)
        if max(map(abs, numbers)) > MAX_EXACT_INTEGER:
            raise ValueError(self._fault("has bounds beyond 2**53, where numbers lose exactness"))
        if self.dtype != "float64" and not all(map(float.is_integer, numbers)):
            raise ValueError(
                self._fault(f"has dtype {self.dtype}, so its bounds must be whole numbers")
            )

    def _check_list(self, values: tuple[Value, ...]) -> None:
        if self.kind is ColumnKind.CARDINAL:
            raise ValueError(self._fault("is cardinal, so its domain must be bounds"))
        expected = _VALUE_TYPES.get(self.dtype)
        if expected is None:
            raise ValueError(
                self._fault(f"lists its values, which dtype {self.dtype} does not allow")
            )
        if not values:
            raise ValueError(self._fault("has an empty domain"))
        if self.kind is ColumnKind.ORDINAL and len(values) < 2:
            raise ValueError(self._fault("is ordinal, so it must list at least two values"))
        for value in values:
            if type(value) is not expected:
                raise ValueError(
                    self._fault(f"has dtype {self.dtype}, but lists the value {value!r}")
                )
        if len(set(values)) < len(values):
            raise ValueError(self._fault("lists a value twice"))

    @property
    def bounds(self) -> Bounds:
        """Return the bounds of the coordinates: of the numbers, or of the positions in the list.

        Raises
        ------
        ValueError
            If the column is nominal: names have no order.
        """
        if isinstance(self.domain, Bounds):
            return self.domain
        if self.kind is ColumnKind.NOMINAL:
            raise ValueError(self._fault("is nominal, so it has no bounds"))
        return Bounds(low=0, high=len(self.domain) - 1, step=1)

    @property
    def values(self) -> tuple[Value, ...]:
        """Return the listed domain.

        Raises
        ------
        ValueError
            If the domain is bounds.
        """
        if not isinstance(self.domain, Bounds):
            return self.domain
        raise ValueError(self._fault("has bounds, not a list of values"))

    @property
    def is_listed(self) -> bool:
        """Return whether the domain is a list of values."""
        return not isinstance(self.domain, Bounds)

    @property
    def is_time(self) -> bool:
        """Return whether the numbers are dates or date-times."""
        return self.dtype in TIME_UNITS_S

    def in_words(self, coordinate: float) -> str:
        """Return a coordinate as people write it: a listed value by its name, a date as such."""
        if self.is_listed:
            return str(self.values[round(coordinate)])
        return write_time(coordinate, self.dtype) if self.is_time else write_number(coordinate)

    def to_document(self) -> dict[str, Any]:
        """Return the column as JSON-ready types.

        Examples
        --------
        >>> sex = Column(name="sex", kind="nominal", dtype="string", domain=["F", "M"])
        >>> sex.to_document()["domain"]
        ['F', 'M']
        """
        number = float if self.dtype == "float64" else int
        domain: Any = (
            {name: number(value) for name, value in attrs.asdict(self.domain).items()}
            if isinstance(self.domain, Bounds)
            else list(self.domain)
        )
        if self.is_time:
            domain |= {end: write_time(domain[end], self.dtype) for end in ("low", "high")}
        return {
            "name": self.name,
            "kind": self.kind.value,
            "dtype": self.dtype,
            "domain": domain,
            "role": self.role.value,
            "tolerance": self.tolerance,
            "hierarchy": self.hierarchy,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Column:
        """Build the column from what `to_document` returns.

        Raises
        ------
        ValueError
            If a key is missing or unknown, or the values do not fit each other.
        """
        known = {field.name for field in attrs.fields(cls)}
        required = {"name", "kind", "dtype", "domain"}
        if unknown := set(document) - known:
            raise ValueError(
                f"a column has the unknown keys {sorted(unknown)}; use {sorted(known)}."
            )
        if missing := required - set(document):
            raise ValueError(f"a column lacks the keys {sorted(missing)}.")
        domain = document["domain"]
        if isinstance(domain, Mapping):
            if not {"low", "high"} <= set(domain) <= {"low", "high", "step"}:
                raise ValueError(
                    f"the domain of column {document['name']!r} has the keys {sorted(domain)}; "
                    "use low, high and step, or list the values."
                )
            domain = Bounds(**_numbers(document))
        return cls(**{**document, "domain": domain})


def _numbers(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return bounds as numbers, which documents give as texts where they are dates."""
    domain, dtype = dict(document["domain"]), document["dtype"]
    if dtype in TIME_UNITS_S:
        try:
            domain |= {end: parse_time(domain[end], dtype) for end in ("low", "high")}
        except ValueError as error:
            raise ValueError(f"the domain of column {document['name']!r}: {error}.") from error
    return domain
