"""Describe the columns of a built-in data set: what they measure, in which unit and range."""

from typing import Any, Literal

import attrs


@attrs.frozen(kw_only=True)
class CodebookColumn:
    """One column of a table of people.

    Attributes
    ----------
    name
        Name of the column in the table.
    kind
        ``"cardinal"`` (numbers in steps), ``"ordinal"`` (ordered values) or ``"nominal"`` (names).
    role
        ``"qi"`` for quasi-identifiers, which outsiders may know, ``"sensitive"`` for what is to be
        protected, and ``"other"``.
    description
        One sentence for people who have never seen the table.
    unit
        Unit of a cardinal column; empty for the others.
    low, high, step
        Both ends of the range of a cardinal column, and the resolution of its values, in its unit;
        `None` for the others.
    values
        All values of a nominal or ordinal column, the latter in ascending order; empty for cardinal
        ones.

    Raises
    ------
    ValueError
        If the domain doesn't fit the kind.

    Examples
    --------
    >>> sex = CodebookColumn(
    ...     name="sex", kind="nominal", role="qi", description="Sex.", values=("female", "male")
    ... )
    >>> sex.to_document()["domain"]
    ['female', 'male']
    """

    name: str
    kind: Literal["cardinal", "ordinal", "nominal"]
    role: Literal["qi", "sensitive", "other"]
    description: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    values: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        ends = (self.low, self.high, self.step)
        if self.kind == "cardinal":
            fits = None not in ends and not self.values
        else:
            fits = ends == (None, None, None) and bool(self.values)
        if not fits:
            raise ValueError(
                f"column {self.name!r} is {self.kind}: a cardinal column has low, high and step, "
                "any other has values only."
            )

    @property
    def dtype(self) -> Literal["int64", "float64", "string"]:
        """Logical type of the values: whole numbers, numbers or text."""
        if self.kind != "cardinal":
            return "string"
        return "int64" if isinstance(self.step, int) else "float64"

    def to_document(self) -> dict[str, Any]:
        """Return kind, type, domain and role as JSON-ready types, the way challenge schemas do."""
        domain: Any = list(self.values)
        if self.kind == "cardinal":
            domain = {"low": self.low, "high": self.high, "step": self.step}
        return {
            "name": self.name,
            "kind": self.kind,
            "dtype": self.dtype,
            "domain": domain,
            "role": self.role,
        }
