"""Schemas of what travels."""

from typing import Any

import numpy as np
import pytest

from anomed_core import ArraySchema, ArraysSchema, ColumnSchema


@pytest.mark.parametrize(
    ("array", "kinds", "dtype"),
    [
        (np.zeros((2, 3)), ("float",), "float64"),
        (np.zeros(2, dtype=np.int32), ("int",), "int32"),
        (np.zeros(2, dtype=np.uint8), ("int",), "uint8"),
        (np.zeros(2, dtype=bool), ("bool",), "bool"),
        (np.array(["ab"]), ("str",), "<U2"),
        (np.array([b"ab"]), ("bytes",), "|S2"),
    ],
)
def test_an_array_is_declared_as_it_is(
    array: np.ndarray, kinds: tuple[str, ...], dtype: str
) -> None:
    schema = ArraySchema.of("X", array)

    assert (schema.kinds, schema.dtype, schema.shape) == (kinds, dtype, array.shape)
    assert np.dtype(schema.dtype) == array.dtype


@pytest.mark.parametrize("dtype", [object, complex, "M8[s]"])
def test_arrays_that_cannot_travel_cannot_be_declared(dtype: object) -> None:
    with pytest.raises(ValueError, match="X has dtype"):
        ArraySchema.of("X", np.zeros(2, dtype=dtype))


@pytest.mark.parametrize("kinds", [(), ("complex",), ("float", "object")])
def test_unknown_kinds_are_refused(kinds: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="kinds must be some of"):
        ArraySchema(name="X", kinds=kinds, shape=())


@pytest.mark.parametrize("name", ["", "1x", "a b", "a.npy", "a/b"])
def test_array_names_are_words(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        ArraySchema(name=name, kinds=("float",), shape=())


def test_array_names_are_unique() -> None:
    X = ArraySchema(name="X", kinds=("float",), shape=())

    with pytest.raises(ValueError, match=r"unique, got \['X', 'X'\]"):
        ArraysSchema(arrays=[X, X])


def test_an_npz_without_arrays_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="at least one array"):
        ArraysSchema(arrays=[])


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"kinds": ("date", "int")}, "kinds must be some of .*; or date or date-time alone"),
        ({"kinds": ()}, "or date or date-time alone"),
        ({"kinds": "date", "low": 19_000}, "low of column 'x' is 19000; write a date like 2024-12"),
        ({"kinds": "date", "high": "31.12.2024"}, "'31.12.2024'; write a date like 2024-12-31"),
        ({"kinds": "date-time", "high": "2024-12-31T00:00:00Z"}, "like .*, without a zone"),
        ({"kinds": "int", "low": "2024-12-31"}, "low of column 'x' is '2024-12-31'; give a number"),
    ],
)
def test_bounds_are_of_the_kind_of_their_column(facts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ColumnSchema(name="x", **facts)
