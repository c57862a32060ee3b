"""What may be said about a table beforehand, and what its columns are."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from anomed_core.errors import TableError, UsageError

KINDS = ("text", "integer", "number", "boolean", "date", "date-time")
"""What a column may be."""

_WORDS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}
_KIND = "kind:"


@attrs.frozen
class ColumnKind:
    """What a column is, and how its cells were written.

    Attributes
    ----------
    kind
        One of `KINDS`.
    form
        Of dates as of `strftime`, such as ``%d.%m.%Y``; of booleans the words for false and true;
        ``e`` for numbers of which tiny ones have an exponent. Empty if it is not known.
    n_decimals
        Of numbers: how many decimals every cell has at least.

    Raises
    ------
    UsageError
        If there is no such kind.
    """

    kind: str
    form: str = ""
    n_decimals: int = 0

    def __attrs_post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"there is no kind {self.kind!r}; a column is {', '.join(KINDS)}")


def kinds_of(kinds: Mapping[str, str | ColumnKind] | None) -> dict[str, ColumnKind]:
    """Return kinds by column, whether given by name (``date`` or ``date:%d.%m.%Y``) or whole.

    Raises
    ------
    UsageError
        If there is no such kind.
    """
    found = {}
    for column, kind in (kinds or {}).items():
        if isinstance(kind, ColumnKind):
            found[column] = kind
        else:
            name, _, form = kind.partition(":")
            found[column] = ColumnKind(name, form)
    return found


def agreed_kinds(
    told: Mapping[str, ColumnKind], described: Mapping[str, str | ColumnKind] | None
) -> dict[str, ColumnKind]:
    """Return what is said of columns by whoever reads a file, and by a schema or codebook.

    The description decides; what is told may add how its dates are written.

    Raises
    ------
    UsageError
        If they contradict each other, or there is no such kind.
    """
    kinds = kinds_of(described)
    for column, kind in told.items():
        other = kinds.setdefault(column, kind)
        if other.kind != kind.kind:
            raise UsageError(
                f"column {column!r} is told to be {kind.kind}, but the schema or codebook says "
                f"{other.kind}; change one of them"
            )
        kinds[column] = kind
    return kinds


def _word(text: str) -> str:
    return _WORDS.get(text, text)


def _words(given: Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@attrs.frozen(kw_only=True)
class TableOptions:
    """How a file is to be read, where it is not to be found out.

    Attributes
    ----------
    separator
        Between the cells of a CSV file, such as ``;`` or ``tab``; found where it is empty.
    decimal
        Decimal mark of a CSV file, ``.`` or ``,``; found where it is empty.
    encoding
        Of a CSV file, such as ``latin-1``; found where it is empty.
    na_values
        Words that mean a missing value, such as ``NA``; otherwise only the empty cell does.
    index
        What becomes of an index that pandas wrote into the file: ``refuse``, ``column`` or
        ``drop``.
    dates
        Whether dates in CSV files are looked for; where not, they stay text.
    times
        Whether dates may have times of day; where not, these are left out, and it is said.
    drop
        Columns to leave out, whatever they hold.

    Raises
    ------
    UsageError
        If a value is not allowed.
    """

    separator: str = attrs.field(default="", converter=_word)
    decimal: str = ""
    encoding: str = ""
    na_values: tuple[str, ...] = attrs.field(default=(), converter=_words)
    index: str = "refuse"
    dates: bool = True
    times: bool = True
    drop: tuple[str, ...] = attrs.field(default=(), converter=_words)

    def __attrs_post_init__(self) -> None:
        mark = self.separator
        if mark and (len(mark) != 1 or not mark.isascii() or mark in '"\r\n'):
            raise UsageError(f"separator is {mark!r}; give one ASCII character such as ';', or tab")
        if self.decimal not in {"", ".", ","} or (mark and mark == self.decimal):
            raise UsageError(
                f"decimal is {self.decimal!r} beside the separator {mark!r}; give . or ,"
            )
        if self.index not in {"refuse", "column", "drop"}:
            raise UsageError(f"index is {self.index!r}; give refuse, column or drop")
        if self.encoding:
            try:
                codecs.lookup(self.encoding)
            except LookupError as error:
                raise UsageError(
                    f"encoding is {self.encoding!r}, which Python does not know; try utf-8"
                ) from error


def dropped_of(columns: Iterable[str], options: TableOptions, *, source: str) -> tuple[str, ...]:
    """Return the columns to leave out.

    Raises
    ------
    TableError
        If one is not there, or none would be left.
    """
    names = list(columns)
    for name in options.drop:
        if name not in names:
            raise TableError(
                source, f"there is no column {name!r} to drop, only {', '.join(names)}"
            )
    if set(names) <= set(options.drop):
        raise TableError(source, "all columns are to be dropped; keep at least one")
    return tuple(dict.fromkeys(options.drop))


def parse_options(
    pairs: Iterable[tuple[str, str]], *, dates: bool = True, times: bool = True
) -> tuple[TableOptions, dict[str, ColumnKind]]:
    """Read options from words, as command lines and sources give them.

    Parameters
    ----------
    pairs
        Names of `TableOptions` with their values, ``na_values`` once a word, ``drop`` once a
        column, and ``kind:COLUMN`` with one of `KINDS`.
    dates, times
        Whether dates are looked for, and their times of day are kept, if nothing is said.

    Returns
    -------
    (options, kinds) : tuple

    Raises
    ------
    UsageError
        If a name or a value is not allowed.

    Examples
    --------
    >>> options, kinds = parse_options([("separator", ";"), ("kind:zip", "text")])
    >>> options.separator, kinds["zip"].kind
    (';', 'text')
    """
    given: dict[str, Any] = {"dates": dates, "times": times}
    kinds = {}
    names = [field.name for field in attrs.fields(TableOptions)]
    for name, value in pairs:
        if name.startswith(_KIND):
            kinds[name.removeprefix(_KIND)] = value
        elif name not in names:
            raise UsageError(
                f"there is no option {name!r} of tables; give {', '.join(names)} or kind:COLUMN"
            )
        elif name in {"na_values", "drop"}:
            given[name] = (*given.get(name, ()), value)
        elif name in {"dates", "times"}:
            if value not in _YES_NO:
                raise UsageError(f"{name} is {value!r}; give yes or no")
            given[name] = _YES_NO[value]
        else:
            given[name] = value
    return TableOptions(**given), kinds_of(kinds)
