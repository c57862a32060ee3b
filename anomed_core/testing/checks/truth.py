"""Find ground truth in what a server says: arrays in data, numbers in text."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

SHORTEST = 5
"""Arrays with fewer values say nothing by being found somewhere."""

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\b(?:[Tt]rue|[Ff]alse)\b")
"""A number or a truth value in a text."""
_TELLING_DIGITS = 4
_RUN = 4
"""So many values of the truth in a row are no coincidence."""
_COINCIDENCE = 2e-3
"""Fewer expected occurrences than this are no coincidence: ten flips of a coin are none."""
_CROWDED = 0.02
"""Where the truth has so many of the numbers of a range, as of ids, one of them tells nothing."""


def columns(thing: Any, label: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Yield every column of arrays, tables, lists and mappings, as one-dimensional arrays."""
    if isinstance(thing, np.ndarray):
        yield from _columns_of_array(thing, label)
    elif hasattr(thing, "column_names"):
        for name in thing.column_names:
            yield f"{label}[{name!r}]", _as_array(thing.column(name).to_pylist())
    elif isinstance(thing, Mapping):
        for name, value in thing.items():
            yield from columns(value, f"{label}[{name!r}]")
    elif isinstance(thing, list) and thing:
        if not isinstance(thing[0], (dict, list)):
            yield label, _as_array(thing)
            return
        for number, value in enumerate(thing):
            yield from columns(value, f"{label}[{number}]")


def _columns_of_array(array: np.ndarray, label: str) -> Iterator[tuple[str, np.ndarray]]:
    if array.ndim < 2:
        yield label, array.reshape(-1)
    elif array.size:
        for number, column in enumerate(array.reshape(len(array), -1).T):
            yield f"{label}[:, {number}]", column


def _as_array(values: list[Any]) -> np.ndarray:
    if all(isinstance(value, (bool, int, float)) for value in values):
        return np.array(values)
    return np.array([str(value) for value in values])


def telling(column: np.ndarray) -> bool:
    """Whether finding a column somewhere would tell anything: it is long enough and varies."""
    return column.size >= SHORTEST and len(np.unique(column)) > 1


def same_values(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two columns hold the same values, each as often, in whatever order."""
    if first.size != second.size or (first.dtype.kind in "US") != (second.dtype.kind in "US"):
        return False
    return np.array_equal(np.sort(first), np.sort(second))


def is_telling_order(column: np.ndarray) -> bool:
    """Whether the order of a column is no coincidence: shuffled, it would hardly ever be so."""
    _, counts = np.unique(column, return_counts=True)
    return float(np.exp((counts * np.log(counts / column.size)).sum())) < _COINCIDENCE


def is_sorted(column: np.ndarray) -> bool:
    """Whether a column ascends or descends from end to end."""
    ascending = np.sort(column)
    return np.array_equal(column, ascending) or np.array_equal(column, ascending[::-1])


def contains(haystack: np.ndarray, needle: np.ndarray) -> bool:
    """Whether an array holds another one, all values in a row, whatever their dtypes.

    Boolean truth is found negated, too. What chance alone would find is not held: a short or nearly
    constant array turns up in any long column of the same values.
    """
    if haystack.size < needle.size:
        return False
    numbers = needle.dtype.kind in "biuf" and haystack.dtype.kind in "biuf"
    if not numbers:
        if (needle.dtype.kind in "US") != (haystack.dtype.kind in "US"):
            return False
        return _in_a_row(haystack.astype(str), needle.astype(str))
    wanted, given = needle.astype(float), haystack.astype(float)
    if _in_a_row(given, wanted):
        return True
    return set(np.unique(wanted)) <= {0.0, 1.0} and _in_a_row(given, 1.0 - wanted)


def _in_a_row(haystack: np.ndarray, needle: np.ndarray) -> bool:
    starts = np.flatnonzero(haystack[: haystack.size - needle.size + 1] == needle[0])
    found = any(np.array_equal(haystack[s : s + needle.size], needle) for s in starts)
    return found and _expected_by_chance(haystack, needle) < _COINCIDENCE


def _expected_by_chance(haystack: np.ndarray, needle: np.ndarray) -> float:
    """Return how often an array would be found if the values of the other one were shuffled."""
    values, counts = np.unique(haystack, return_counts=True)
    shares = counts[np.searchsorted(values, needle)] / haystack.size
    n_starts = haystack.size - needle.size + 1
    return float(n_starts * np.exp(np.log(shares).sum()))


def parsed(body: bytes) -> Any:
    """Return what a body holds: arrays, a table, a JSON value, or the numbers of a text."""
    try:
        if body.startswith(b"PK"):
            with np.load(io.BytesIO(body), allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        if body.startswith(b"PAR1"):
            import pyarrow.parquet as pq

            return pq.read_table(io.BytesIO(body))
        return json.loads(body)
    except (ValueError, OSError, EOFError, RecursionError, zipfile.BadZipFile, zlib.error):
        return numbers_in(body.decode(errors="replace"))


def numbers_in(text: str) -> list[float]:
    """Return the numbers and truth values of a text, in order."""
    words = {"true": 1.0, "false": 0.0}
    return [
        words[found.lower()] if found.lower() in words else float(found)
        for found in NUMBER.findall(text)
    ]


def told_by(text: str, truth: np.ndarray, known: set[float], announced: str = "") -> str:
    """Return what a text tells of the truth; empty if nothing.

    Parameters
    ----------
    text
        A message.
    truth
        Secret values.
    known
        Numbers that the reader knows anyway: those of the submission and the declarations.
    announced
        Text whose words the reader knows anyway: the declarations.
    """
    if truth.dtype.kind not in "biuf":
        words = {str(value) for value in np.unique(truth) if len(str(value)) >= _TELLING_DIGITS}
        words -= {"None", "null"}  # a missing value names nobody
        told = (word for word in sorted(words) if word in text and word not in announced)
        return next(told, "")
    values = truth.astype(float)
    numbers = np.array(numbers_in(text))
    for start in range(len(numbers) - _RUN + 1):
        run = numbers[start : start + _RUN]
        if len(np.unique(run)) > 1 and _in_a_row(values, run):
            return f"{run.tolist()}"
    distinct = np.unique(values)
    candidates = {*distinct.tolist(), float(np.mean(values)), float(np.std(values))}
    for found in NUMBER.findall(text):
        n_digits = sum(character.isdigit() for character in found.split("e")[0].lstrip("-0."))
        if n_digits < _TELLING_DIGITS or found[0].isalpha() or float(found) in known:
            continue
        tolerance = 0.5 * 10.0 ** -len(found.partition(".")[2].split("e")[0]) * 1.01
        if len(distinct) > _CROWDED * np.ptp(distinct) / (2 * tolerance):
            continue
        if any(abs(float(found) - value) <= tolerance for value in candidates):
            return str(found)
    return ""
