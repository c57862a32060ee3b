"""Input that the schema allows and no author thinks of is tried, and what fails on it is named."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core import (
    ArraySchema,
    ArraysSchema,
    ColumnSchema,
    JSONSchema,
    Metric,
    SubmissionKind,
    TableSchema,
    hookimpl,
)
from anomed_core.service.decoding import decode
from anomed_core.testing.checks.failure import ConformanceError
from anomed_core.testing.checks.metrics import constant_input_scored
from anomed_core.testing.legal import NAN, legal_variants
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.wire import Limits, encode_npz
from tests.service.test_declared import Declared

AGES = np.random.default_rng(1).integers(18, 90, 30)
AGE = ColumnSchema(name="age", kinds=["int"], low=0, high=120)
FORMS: dict[str, tuple[Any, Any]] = {
    "a declared table": (TableSchema(columns=[AGE]), pd.DataFrame({"age": AGES})),
    "an open table": (TableSchema(), pd.DataFrame({"age": AGES})),
    "a JSON object": (JSONSchema(), {"age": AGES.tolist()}),
}


class Ages(Declared):
    """Ages are guessed, in one of several forms."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.schema, self.perfect = FORMS[form]

    @hookimpl
    def anomed_submission_kinds(self) -> list[SubmissionKind]:
        known = {"age": "years"}

        def error(truth: Any, given: Any) -> float:
            """Mean error, in years."""
            names = given.column_names if hasattr(given, "column_names") else list(given)
            units = [known[name] for name in names if "__" not in name]
            return float(len(units))

        zeros = pd.DataFrame({"age": AGES * 0})
        return [
            SubmissionKind(
                name="anonymizer",
                schema=self.schema,
                description="Ages.",
                metrics=[Metric.of(error, direction="lower")],
                perfect=self.perfect,
                trivial=zeros if isinstance(self.perfect, pd.DataFrame) else {"age": [0] * 30},
            )
        ]

    @hookimpl
    def anomed_data_products(self) -> list[Any]:
        return []


@pytest.mark.parametrize("form", FORMS)
def test_what_nobody_asked_for_reaches_the_plugin(form: str) -> None:
    with pytest.raises(ConformanceError, match=r"'unexpected'.*: KeyError: 'unexpected'"):
        constant_input_scored(PluginUnderTest(plugin=Ages(form)))


def variants(payload: Any, schema: Any) -> dict[str, Any]:
    return {one.label: one for one in legal_variants(payload, schema)}


def test_arrays_alternate_repeat_and_stay_within_their_bounds() -> None:
    visits = ArraySchema(name="v", kinds=["int"], shape=(3, 4), low=0, high=399)
    payload = {"v": np.arange(12, dtype=np.int64).reshape(3, 4)}

    tried = variants(payload, ArraysSchema(arrays=[visits]))

    assert np.unique(tried["lowest and highest in turn"].payload["v"]).tolist() == [0, 399]
    noise = tried["uniform noise"].payload["v"]
    assert 0 <= noise.min() < noise.max() <= 399
    assert tried["the first row in every row"].payload["v"].tolist() == [[0, 1, 2, 3]] * 3
    widened = tried["the first value of each row in the whole row"]
    assert widened.payload["v"].tolist() == [[0] * 4, [4] * 4, [8] * 4]
    assert not widened.knows_nothing
    assert NAN not in tried


def test_nan_is_tried_where_it_is_allowed_and_the_rest_knows_nothing() -> None:
    guess = ArraySchema(name="guess", kinds=["float"], shape=(3,), finite=False)
    owner = ArraySchema(name="owner", kinds=["int"], shape=(3,))
    payload = {"guess": np.arange(3.0), "owner": np.array([2, 0, 1])}

    missing = variants(payload, ArraysSchema(arrays=[guess, owner]))[NAN].payload

    assert np.isnan(missing["guess"]).all()
    assert missing["owner"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("document", "knows_nothing"),
    [([1, 2.5], True), ({"a": [1]}, True), (["Anna"], False), ([True], False)],
)
def test_documents_are_known_by_their_words(document: Any, knows_nothing: bool) -> None:
    zeros = variants(document, JSONSchema())["0 for every number"]

    assert zeros.knows_nothing is knows_nothing


@pytest.mark.parametrize("dtype", ["int64", "uint64", "int8", "float64"])
def test_the_ends_of_a_dtype_are_reached_without_overflow(dtype: str) -> None:
    declared = ArraySchema(name="x", kinds=["int", "float"], shape=(4,), low=-1.7e308, high=1.7e308)

    tried = variants({"x": np.zeros(4, dtype)}, ArraysSchema(arrays=[declared]))

    assert tried["uniform noise"].payload["x"].dtype == dtype
    assert len(np.unique(tried["lowest and highest in turn"].payload["x"])) == 2


BY_SCHEMA = {"lowest and highest in turn", "uniform noise", NAN}


@given(
    low=st.floats(-1e308, 1e308),
    high=st.floats(-1e308, 1e308),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    finite=st.booleans(),
)
def test_what_is_made_from_bounds_is_never_refused(
    low: float, high: float, shape: tuple[int, int], finite: bool
) -> None:
    low, high = min(low, high), max(low, high)
    declared = ArraySchema(
        name="x", kinds=["float"], shape=shape, low=low, high=high, finite=finite
    )
    schema = ArraysSchema(arrays=[declared])

    tried = variants({"x": np.full(shape, low)}, schema)

    assert (NAN in tried) is not finite
    for label in BY_SCHEMA & set(tried):
        decode(encode_npz(tried[label].payload), schema, Limits())


def test_numbers_alone_beside_rows_are_varied_as_well() -> None:
    arrays = [
        ArraySchema(name="rows", kinds=["float"], shape=[2, 2]),
        ArraySchema(name="target", kinds=["int"], shape=[]),
    ]
    payload = {"rows": np.arange(4.0).reshape(2, 2), "target": np.array(3)}
    variants = {v.label: v.payload for v in legal_variants(payload, ArraysSchema(arrays=arrays))}
    repeated = variants["the first row in every row"]
    assert repeated["rows"].tolist() == [[0, 1], [0, 1]]
    assert repeated["target"].tolist() == 3
