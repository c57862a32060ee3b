"""Plans that must not be answered: nothing of them is loaded, opened or executed."""

import base64
import copy
import json
import tracemalloc
from decimal import Decimal

import msgpack
import numpy as np
import pytest
from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.opendp.library import OpenDP
from anomed_dp_query.metadata import Column, Kind, TableMetadata

OPENDP = OpenDP()
TABLE = TableMetadata(
    columns=[
        Column(name="income", kind=Kind.FLOAT, lower=30.0, upper=65.0, nullable=True),
        Column(name="region", kind=Kind.STRING),
        Column(name="age", kind=Kind.INTEGER, lower=0, upper=100),
    ]
)


def read(document, **budget):
    body = {"opendp_json": document} | (budget or {"epsilon": Decimal(1)})
    return OPENDP.read(body, TABLE)


def refused(document, match=None, **budget):
    with pytest.raises(QueryRefused, match=match) as caught:
        read(document, **budget)
    assert len(str(caught.value)) < 1_000


def good(plans):
    return plans.document(plans.scan(), plans.select(plans.frame_len()))


def changed(plans, path, value):
    content = copy.deepcopy(good(plans))
    node = content
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return plans.packed(content)


PLUGIN = ("dsl_plans", 2, "value", "Select", "expr", 0, "Function", "function", "FfiPlugin")


def test_the_plan_that_is_changed_below_is_answered(plans):
    assert read(plans.packed(good(plans))).content.figures[0].kind == "len"


@pytest.mark.parametrize(
    "lib",
    ["/tmp/evil.so", "/tmp/opendp.abi3.so/evil.so", "opendp.so\x00", "", None, 5, "opendp.py"],
)
def test_a_library_of_another_name_is_refused_and_none_is_loaded(plans, lib, monkeypatch):
    import ctypes

    def fail(*_, **__):
        raise AssertionError("a library was loaded")

    monkeypatch.setattr(ctypes.CDLL, "__init__", fail)
    refused(changed(plans, (*PLUGIN, "lib"), lib), match="lib")
    other = "C:\\Users\\bob\\opendp\\lib\\opendp.dll"
    assert read(changed(plans, (*PLUGIN, "lib"), other)).content.figures


@pytest.mark.parametrize("kwargs", [[1], b"\x80\x04.", {"a": 1}, "x", None])
def test_arguments_of_a_plugin_are_empty(plans, kwargs):
    refused(changed(plans, (*PLUGIN, "kwargs"), kwargs), match="kwargs")


@pytest.mark.parametrize("symbol", ["system", "dp_noise", "", None, "dp_frame_len\x00"])
def test_other_symbols_are_refused(plans, symbol):
    refused(changed(plans, (*PLUGIN, "symbol"), symbol))


@pytest.mark.parametrize(
    "node",
    [
        {"PythonScan": {"options": {}}},
        {"Scan": {"sources": {"Paths": ["/etc/passwd"]}}},
        {"OpaquePython": {}},
        {"MapFunction": {}},
        {"Sink": {}},
        "DataFrameScan",
        None,
        [],
        {"Filter": {}, "Select": {}},
    ],
)
def test_other_sources_and_steps_are_refused(plans, node):
    refused(plans.plan(node, plans.select(plans.frame_len())))
    refused(plans.plan(plans.scan(), node))


@pytest.mark.parametrize("function", [
    {"OpaquePython": b"\x80\x04."}, {"AnonymousFunction": {}}, "Random", {"Business": {}}, "Abs",
])  # fmt: skip
def test_functions_over_rows_are_two(plans, function):
    row = {"Function": {"input": [plans.column("age")], "function": function}}
    refused(
        plans.plan(plans.scan(), plans.filtered(row), plans.select(plans.frame_len(), source=2))
    )
    refused(plans.plan(plans.scan(), plans.select(plans.dp_sum(row, 0.0, 1.0))))


def test_a_second_table_is_refused(plans):
    grouped = plans.group(["age"], plans.frame_len(), source=2)
    refused(plans.plan(plans.scan(), plans.scan(), grouped, plans.joined(["age"], 1, 3)))


def test_a_circle_ends(plans):
    true = plans.binary(plans.column("age"), "Gt", plans.number(0))
    refused(plans.plan(plans.filtered(true, source=2), plans.filtered(true, source=1),
                       plans.select(plans.frame_len(), source=1)), match="steps")  # fmt: skip


@pytest.mark.parametrize("place", [-1, 0, 3, 2**40, True, None])
def test_references_lie_inside_the_plan(plans, place):
    refused(changed(plans, ("root", "idx"), place))


def test_another_head_is_told_which_client_to_take(plans):
    body = msgpack.packb(good(plans))
    refused(plans.coded(body, version=(25, 0)), match=r"lomas-client 0\.5\.1")
    refused(plans.coded(body, digest=b"0" * 64), match=r"lomas-client 0\.5\.1")
    refused(base64.b64encode(body).decode(), match="no plan")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"\xdd\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\x91" * 100 + b"\xc0",
        b"\xdc\xff\xff" * 40,
        b"\xd4\x01\x00",
        b"\x82\xa1a\xc0\xa1a\xc0",
        b"\x81\xc0\xc0",
        b"\xa2\xff\xfe",
    ],
)
def test_broken_and_bloated_bytes_are_refused(plans, body):
    tracemalloc.start()
    try:
        refused(plans.coded(body))
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_what_follows_a_plan_is_refused(plans):
    refused(plans.coded(msgpack.packb(good(plans)) + b"\x00"), match="followed by 1 bytes")


def test_large_plans_are_refused(plans):
    refused(plans.plan(plans.scan(), plans.select(plans.frame_len()), frames=[bytes(300_000)]),
            match="262144 are allowed")  # fmt: skip
    refused("A" * 600_000, match="at most")
    refused("#", match="base64")
    refused(None)


def test_an_integer_has_sixteen_bytes(plans):
    node = {"Literal": {"Dyn": {"Int": bytes(17)}}}
    true = plans.binary(plans.column("age"), "Gt", node)
    end = plans.select(plans.frame_len(), source=2)
    refused(plans.plan(plans.scan(), plans.filtered(true), end), match="17 bytes")


def median(plans, candidates):
    return plans.plan(plans.scan(), plans.select(
        plans.plugin("dp_median", plans.column("age"), candidates, plans.NULL)
    ))  # fmt: skip


def test_an_arrow_bomb_is_not_unpacked(plans):
    bomb = plans.series(np.arange(500.0), compression="zstd")
    refused(median(plans, bomb), match="compressed")
    refused(median(plans, plans.series(np.arange(1_001.0))), match="1001 values")


@pytest.mark.parametrize("values", [
    [1.0, None, 2.0], [2.0, 1.0], [1.0], ["a", "b"], [float("nan"), 1.0], [True, False],
])  # fmt: skip
def test_candidates_are_ascending_finite_numbers(plans, values):
    refused(median(plans, plans.series(values)))


def test_a_damaged_arrow_stream_is_refused(plans):
    whole = plans.stream({"": [1.0, 2.0, 3.0]})
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] = rng.integers(256)
        literal = {"Literal": {"Series": bytes(damaged[: rng.integers(1, len(whole) + 1)])}}
        try:
            read(median(plans, literal))
        except QueryRefused:
            continue


@pytest.mark.parametrize(
    ("lower", "upper"), [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0), (-1e300, 1e300)]
)
def test_bounds_are_finite_and_ordered(plans, lower, upper):
    refused(plans.plan(plans.scan(), plans.select(plans.dp_sum(plans.column("age"), lower, upper))))


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e-300, 1e300, float("inf"), 0])
def test_a_weight_is_a_number_above_zero(plans, scale):
    figure = plans.frame_len(plans.number(scale))
    refused(plans.plan(plans.scan(), plans.select(figure)))


def test_keys_that_nobody_declared_are_private(plans):
    refused(plans.plan(plans.scan(), plans.group(["region"], plans.frame_len())), match="private")


def test_cells_that_may_be_missing_are_filled_first(plans):
    figure = plans.dp_sum(plans.column("income"), 30.0, 65.0)
    refused(plans.plan(plans.scan(), plans.select(figure)), match="fill_null")


def test_division_and_unnoised_columns_are_refused(plans):
    row = plans.binary(plans.column("age"), "TrueDivide", plans.number(2))
    refused(plans.plan(plans.scan(), plans.select(plans.dp_sum(row, 0.0, 1.0))), match="TrueDivide")
    refused(plans.plan(plans.scan(), plans.select(plans.column("age"))), match="OpenDP's methods")
    refused(plans.plan(plans.scan()))


def test_columns_are_those_of_the_metadata(plans):
    refused(
        plans.plan(plans.scan({"secret": "Int64"}), plans.select(plans.frame_len())), match="secret"
    )


@pytest.mark.parametrize(
    "budget",
    [
        {},
        {"epsilon": Decimal(1), "rho": Decimal(1)},
        {"rho": Decimal(1)},
        {"epsilon": Decimal("NaN")},
        {"epsilon": Decimal(0)},
        {"epsilon": Decimal("1e-13")},
        {"rho": Decimal(1), "delta": Decimal(1)},
        {"rho": Decimal(1), "delta": Decimal("NaN")},
    ],
)
def test_budgets_are_one_finite_amount(plans, budget):
    body = {"opendp_json": plans.packed(good(plans))} | budget
    with pytest.raises(QueryRefused):
        OPENDP.read(body, TABLE)


def test_too_little_for_a_part_is_refused_before_anything_runs(plans):
    figures = plans.select(
        plans.frame_len(plans.number(1e-9)),
        plans.dp_sum(plans.column("age"), 0.0, 1.0, plans.number(1e15)),
    )
    question = read(plans.plan(plans.scan(), figures))
    with pytest.raises(QueryRefused, match="too little"):
        OPENDP.price(question, TABLE, Policy())


def test_answers_are_plain_json(plans):
    document = plans.packed(good(plans))
    import pandas as pd

    frame = pd.DataFrame({"income": [31.0], "region": ["x"], "age": [3]})
    question = read(document)
    assert json.loads(OPENDP.run(question, frame, TABLE, Policy()).result["value"])[0].keys() == {
        "len"
    }
