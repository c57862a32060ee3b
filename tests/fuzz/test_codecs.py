"""The codecs give back arrays and tables, or one of the errors they declare; and stay small."""

import io
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from falcon.testing import create_req
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.errors import RequestError
from anomed_core.service.decoding import decode
from anomed_core.web.bodies import read_form
from anomed_core.wire import Limits, decode_npz, decode_parquet
from tests.faults.probe import TABLE

from .bodies import any_body, any_form, any_npz, any_parquet, npz, tables
from .cases import fuzzed

MIB = 2**20
LIMITS = Limits(body_bytes=MIB, unpacked_bytes=MIB, table_rows=1000, table_columns=50)


def result_or_none(decode: Callable[[], Any]) -> Any:
    """Return a result; ``None`` if it was refused in one sentence."""
    try:
        return decode()
    except RequestError as error:
        refusal = str(error)
    assert 10 < len(refusal) < 1000
    assert "\n" not in refusal
    return None


@fuzzed
@given(body=st.one_of(any_npz, any_body))
def test_npz(body: bytes) -> None:
    tracemalloc.start()
    try:
        arrays = result_or_none(lambda: decode_npz(body, ["prediction", "X"], limits=LIMITS))
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 4 * MIB + 10 * len(body)
    if arrays is not None:
        assert all(array.dtype.kind in "biufUS" for array in arrays.values())
        assert sum(array.nbytes for array in arrays.values()) <= LIMITS.unpacked_bytes


@fuzzed
@given(body=npz())
def test_npz_means_the_same_to_numpy(body: bytes) -> None:
    arrays = result_or_none(lambda: decode_npz(body, ["prediction"], limits=LIMITS))
    if arrays is not None and "prediction" in arrays:
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            np.testing.assert_array_equal(arrays["prediction"], archive["prediction"])


@fuzzed
@given(body=st.one_of(any_parquet, any_body))
def test_parquet(body: bytes) -> None:
    before = pa.total_allocated_bytes()
    table = result_or_none(lambda: decode_parquet(body, limits=LIMITS))
    if table is not None:
        table.validate(full=True)
        assert table.num_rows <= LIMITS.table_rows
        assert table.nbytes <= LIMITS.unpacked_bytes
        del table
    assert pa.total_allocated_bytes() - before < MIB


@fuzzed
@given(table=tables())
def test_parquet_means_the_same_to_arrow(table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    body = bytes(sink.getvalue())
    decoded = result_or_none(lambda: decode_parquet(body, limits=LIMITS))
    if decoded is not None:
        expected = pq.read_table(pa.BufferReader(body))
        assert str(decoded.to_pydict()) == str(expected.to_pydict())


@fuzzed
@given(body=any_parquet)
def test_a_table_fits_its_schema_or_is_refused(body: bytes) -> None:
    table = result_or_none(lambda: decode(body, TABLE, LIMITS))
    if table is not None:
        ages = table.column("age").to_pylist()
        assert all(0 <= age <= 120 for age in ages)


@fuzzed
@given(form=any_form)
def test_form(form: tuple[bytes, str]) -> None:
    body, content_type = form
    request: Any = create_req(
        method="POST", body=body, headers={"Content-Type": content_type or "x/y"}
    )
    parts = result_or_none(lambda: read_form(request, LIMITS))
    if isinstance(parts, dict):
        assert len(parts) <= LIMITS.form_parts
        assert sum(map(len, parts.values())) <= len(body)
