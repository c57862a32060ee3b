"""Write plans as opendp 0.15 with polars 1.36 does, byte for byte where it matters."""

from __future__ import annotations

import base64
import io
import struct

import msgpack
import pyarrow as pa

HASH = b"4aade69a4a8aba464f5bb77824e189450cfdd5ba9f38a843b2282b1fea4a071d"
FLAGS = {"run_parallel": True, "duplicate_check": True, "should_broadcast": True}
NULL = {"Literal": {"Scalar": {"Null": "Null"}}}
TYPES = {"income": "Float64", "region": "String", "age": "Int64"}


def column(name):
    return {"Column": name}


def number(value):
    if isinstance(value, int):
        return {"Literal": {"Dyn": {"Int": value.to_bytes(16, "big", signed=True)}}}
    return {"Literal": {"Dyn": {"Float": value}}}


def series(values, **options):
    return {"Literal": {"Series": stream({"": values}, **options)}}


def stream(columns, compression=None):
    table = pa.table(columns)
    file = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(file, table.schema, options=options) as writer:
        writer.write_table(table)
    return file.getvalue()


def binary(left, operator, right):
    return {"BinaryExpr": {"left": left, "op": operator, "right": right}}


def filled(row, value):
    return {"Function": {"input": [row, number(value)], "function": "FillNull"}}


def cut(row, breaks):
    options = {
        "breaks": breaks,
        "labels": None,
        "left_closed": False,
        "include_breaks": False,
    }
    return {"Function": {"input": [row], "function": {"Cut": options}}}


def plugin(symbol, *inputs, **options):
    function = {
        "flags": {"check_lengths": True, "flags": 8},
        "lib": "/home/ada/lib/python3.11/site-packages/opendp/lib/opendp.abi3.so",
        "symbol": symbol,
        "kwargs": [],
    }
    return {"Function": {"input": list(inputs), "function": {"FfiPlugin": function | options}}}


def frame_len(scale=NULL):
    return plugin("dp_frame_len", scale)


def dp_sum(row, lower, upper, scale=NULL, symbol="dp_sum"):
    return plugin(symbol, row, number(lower), number(upper), scale)


def reference(place):
    return {"idx": place, "version": 1}


def scan(fields=TYPES):
    return {"DataFrameScan": {"df": reference(1), "schema": {"fields": dict(fields)}}}


def select(*expressions, source=1):
    return {"Select": {"expr": list(expressions), "input": reference(source), "options": FLAGS}}


def group(keys, *expressions, source=1):
    return {
        "GroupBy": {
            "input": reference(source),
            "keys": [column(key) for key in keys],
            "aggs": list(expressions),
            "predicates": [],
            "maintain_order": False,
            "options": {"dynamic": None, "rolling": None, "slice": None},
            "apply": None,
        }
    }


def filtered(predicate, source=1):
    return {"Filter": {"input": reference(source), "predicate": predicate}}


def with_columns(*expressions, source=1):
    return {"HStack": {"input": reference(source), "exprs": list(expressions), "options": FLAGS}}


def joined(keys, frame, grouped):
    arguments = {
        "how": "Left",
        "validation": "ManyToMany",
        "suffix": "_right",
        "slice": None,
        "nulls_equal": True,
        "coalesce": "JoinSpecific",
        "maintain_order": "None",
    }
    options = {"allow_parallel": True, "force_parallel": False, "args": arguments}
    return {
        "Join": {
            "input_left": reference(frame),
            "input_right": reference(grouped),
            "left_on": [column(key) for key in keys],
            "right_on": [column(key) for key in keys],
            "predicates": [],
            "options": options,
        }
    }


def document(*parts, frames=None, root=None):
    """Return the map of a plan whose last part is its end."""
    first = {"value": None, "version": 0}
    streams = [stream({"income": [1.0]})] if frames is None else frames
    return {
        "root": reference(len(parts) if root is None else root),
        "dataframes": [first, *({"value": [list(one)], "version": 1} for one in streams)],
        "dsl_plans": [first, *({"value": part, "version": 1} for part in parts)],
    }


def plan(*parts, **options):
    return packed(document(*parts, **options))


def packed(content):
    return coded(msgpack.packb(content, use_bin_type=True))


def coded(body, *, version=(24, 0), digest=HASH):
    return base64.b64encode(b"DSL_VERSION" + struct.pack("<HH", *version) + digest + body).decode()
