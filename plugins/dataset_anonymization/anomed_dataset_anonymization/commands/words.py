"""What command lines say about columns, whose names may hold commas and equals signs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

ANY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Command = TypeVar("Command", bound=Callable[..., Any])


def names_option(name: str, *, required: bool = False, **more: Any) -> Callable[[Command], Command]:
    """Return an option that names columns, several at once or one at a time."""
    more["help"] += " May be repeated; quote a name that holds a comma."
    return click.option(name, multiple=True, required=required, metavar="A,B,...", **more)


def read_names(texts: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return the columns that an option names.

    Parameters
    ----------
    texts
        Each is the name of a column, or names with commas between them, quoted as in CSV files
        where they hold commas themselves.
    columns
        All that there are.

    Raises
    ------
    ValueError
        If there is no such column.

    Examples
    --------
    >>> read_names(['town,"age, in years"', "a,b"], ["town", "age, in years", "a,b"])
    ['town', 'age, in years', 'a,b']
    """
    names: dict[str, None] = {}
    for text in texts:
        for name in [text] if text in columns else read_words(text):
            if name not in columns:
                raise ValueError(
                    f"there is no column {name!r}, only {', '.join(columns)}; put a name that "
                    "holds a comma in double quotes within single ones, as in '\"a, b\",c'"
                )
            names[name] = None
    return list(names)


def read_words(text: str) -> list[str]:
    """Return the words between the commas of a text, of which some may be quoted."""
    try:
        found = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error as error:
        raise ValueError(f"{text!r} has a quote that is not closed; close it") from error
    return [word.strip() for word in found if word.strip()]


def divide_at_column(text: str, columns: Sequence[str]) -> tuple[str, str] | None:
    """Divide ``COLUMN=VALUE`` behind the longest column that fits; `None` if there is none."""
    for place in reversed(list(_places(text, "="))):
        if text[:place] in columns:
            return text[:place], text[place + 1 :]
    return None


def _places(text: str, sign: str) -> Iterator[int]:
    return (place for place, found in enumerate(text) if found == sign)


def read_orders(
    texts: Sequence[str], values: Callable[[str], Sequence[Any]], *, columns: Sequence[str]
) -> dict[str, list[Any]]:
    """Read ``COLUMN=LOW,...,HIGH``.

    Parameters
    ----------
    texts
        As they were given.
    values
        Returns the values of a column, whose types those of the order get.
    columns
        All that there are.

    Raises
    ------
    ValueError
        If a text is of another form.
    """
    orders: dict[str, list[Any]] = {}
    for text in texts:
        divided = divide_at_column(text, columns)
        if divided is None:
            raise ValueError(f"expected --ordinal COLUMN=LOW,...,HIGH with a column, got {text!r}")
        column, words = divided
        typed = {str(value): value for value in values(column)}
        orders[column] = [typed.get(word, word) for word in read_words(words)]
    return orders


def read_hierarchies(texts: Sequence[str], columns: Sequence[str]) -> dict[str, Any]:
    """Read the files of ``COLUMN=FILE``.

    Raises
    ------
    ValueError
        If a text is of another form, or a file describes no hierarchy.
    """
    from anomed_dataset_anonymization.schema.hierarchies import read_hierarchy

    hierarchies = {}
    for text in texts:
        divided = divide_at_column(text, columns)
        if divided is None or not Path(divided[1]).is_file():
            raise ValueError(
                "expected --hierarchy COLUMN=FILE with a column and a file that exist, got "
                f"{text!r}"
            )
        hierarchies[divided[0]] = read_hierarchy(Path(divided[1]))
    return hierarchies


def read_parameters(words: Sequence[str]) -> dict[str, str]:
    """Read ``--k 10 --relaxed yes`` and ``--k=10``.

    Raises
    ------
    ValueError
        If a word is no parameter, or lacks its value.
    """
    parameters, rest = {}, list(words)
    while rest:
        name, sign, value = rest.pop(0).partition("=")
        if not name.startswith("--") or (not sign and not rest):
            raise ValueError(f"expected --parameter VALUE of the method, got {name!r}")
        parameters[name[2:]] = value if sign else rest.pop(0)
    return parameters
