"""Mutated plans and pipelines reach no call of OpenDP, and nothing of Python, outside the list.

`ANOMED_FUZZ_CASES` says how many mutations are tried of each; `make fuzz` tries 400.
"""

import base64
import copy
import json
import os
import sys
from decimal import Decimal

import msgpack
import numpy as np
import pytest
from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.library import QueryRefused, RunFailed
from anomed_dp_query.libraries.opendp.library import OpenDP
from anomed_dp_query.libraries.opendp.loading import ALLOWED

OPENDP = OpenDP()
CASES = 3 * int(os.environ.get("ANOMED_FUZZ_CASES", "20"))
FORBIDDEN = (
    "pickle.find_class", "ctypes.dlopen", "subprocess.Popen", "os.system", "os.exec", "exec",
    "compile", "socket.connect", "open", "import",
)  # fmt: skip
WATCHED = {"on": False, "events": []}


def _watch(event, arguments):
    if WATCHED["on"] and event in FORBIDDEN:
        WATCHED["events"].append((event, str(arguments)[:200]))


sys.addaudithook(_watch)


class Tracing:
    """Notes each constructor of OpenDP that is called, and each event that must not happen."""

    def __init__(self):
        self.called = set()

    def __enter__(self):
        WATCHED.update(on=True, events=[])
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)
        WATCHED["on"] = False

    def _note(self, frame, event, _):
        if event == "call":
            name = frame.f_code.co_name
            if frame.f_globals.get("__name__", "").startswith(("opendp.", "polars")) and (
                name.startswith(("make_", "then_", "new_", "enable_", "_load"))
            ):
                self.called.add(name)


def asked(body, pipelines):
    table = pipelines.metadata()
    try:
        question = OPENDP.read(body, table)
        OPENDP.price(question, table, Policy())
    except QueryRefused:
        return False
    try:
        OPENDP.run(question, pipelines.table(5), table, Policy())
    except RunFailed:
        return True
    return True


def good_plans(plans):
    income = plans.column("income")
    scan = plans.scan({"name": "String", "income": "Float64", "age": "Int64"})
    age = plans.filtered(plans.binary(plans.column("age"), "Gt", plans.number(5)))
    yield plans.document(scan, plans.select(plans.frame_len(), plans.dp_sum(income, 0.0, 9.0)))
    yield plans.document(scan, age, plans.group(["name"], plans.frame_len(), source=2))
    yield plans.document(scan, plans.with_columns(plans.cut(income, [1.0, 2.0])),
                         plans.group(["income"], plans.frame_len(), source=2))  # fmt: skip
    yield plans.document(scan, plans.select(
        plans.plugin("dp_median", income, plans.series([1.0, 2.0]), plans.NULL)
    ))  # fmt: skip


def good_pipelines(pipelines):
    noise = pipelines.measure("laplace", scale=2.0)
    yield pipelines.chain(pipelines.selected(), pipelines.call("then_count"), noise)
    yield pipelines.chain(*pipelines.clamped(), pipelines.call("then_sum"), noise)
    yield pipelines.chain(
        *pipelines.clamped(), pipelines.call("then_resize", size=5, constant=1.0),
        pipelines.call("then_mean"), pipelines.measure("gaussian", scale=2.0),
    )  # fmt: skip
    yield pipelines.chain(
        pipelines.selected("name"),
        pipelines.call("then_count_by_categories", categories=pipelines.listed("ada")), noise,
    )  # fmt: skip


def places(node, path=()):
    yield path
    items = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, inner in items:
        yield from places(inner, (*path, key))


def mutated(content, rng):
    content = copy.deepcopy(content)
    strange = [
        None, -1, 2**63 - 1, 1e308, "", "x" * 300, [], {}, b"\x80\x04.", True,
        "make_user_measurement",
        "mod", "enable_features", "_lib", "__class__", {"PythonScan": {}}, "OpaquePython", [[]], 0,
        {"_type": "constructor", "module": "measurements", "func": "make_user_measurement"},
    ]  # fmt: skip
    paths = [path for path in places(content) if path and path[0] != "dataframes"]
    for _ in range(rng.integers(1, 4)):
        path = paths[rng.integers(len(paths))]
        try:
            node = content
            for key in path[:-1]:
                node = node[key]
            choice = rng.integers(4)
            if choice == 0:
                node[path[-1]] = strange[rng.integers(len(strange))]
            elif choice == 1:
                del node[path[-1]]
            elif choice == 2 and isinstance(node, list):
                node.append(copy.deepcopy(node[0]))
            else:
                other = content
                for key in paths[rng.integers(len(paths))]:
                    other = other[key]
                node[path[-1]] = copy.deepcopy(other)
        except (KeyError, IndexError, TypeError):
            continue
    return content


def damaged(data, rng):
    data = bytearray(data)
    for _ in range(rng.integers(1, 6)):
        data[rng.integers(len(data))] = rng.integers(256)
    return bytes(data)


def warm(pipelines, bodies):
    """Import whatever is imported once, so that what is traced is not that."""
    assert all(asked(body, pipelines) for body in bodies)
    msgpack.packb(1)


def finish(traced):
    assert traced.called <= ALLOWED
    assert traced.called
    assert not WATCHED["events"]


def test_mutated_plans_reach_nothing_else(plans, pipelines):
    rng = np.random.default_rng(1)
    good = list(good_plans(plans))
    bodies = [{"opendp_json": plans.packed(one), "epsilon": Decimal(1)} for one in good]
    warm(pipelines, bodies)
    texts = [body["opendp_json"] for body in bodies]
    for number in range(CASES):
        place = number % len(good)
        try:
            texts.append(plans.packed(mutated(good[place], rng)))
        except (TypeError, OverflowError):
            continue
        head, body = base64.b64decode(texts[place])[:79], base64.b64decode(texts[place])[79:]
        texts.append(base64.b64encode(head + damaged(body, rng)).decode())
    with Tracing() as traced:
        n_answered = sum(
            asked({"opendp_json": text, "epsilon": Decimal(1)}, pipelines) for text in texts
        )
    assert len(good) <= n_answered < len(texts)
    finish(traced)


def test_mutated_pipelines_reach_nothing_else(pipelines):
    rng = np.random.default_rng(2)
    good = list(good_pipelines(pipelines))
    delta = Decimal("1e-6")
    texts = [pipelines.text(one) for one in good]
    warm(pipelines, [{"opendp_json": text, "fixed_delta": delta} for text in texts])
    for number in range(CASES):
        place = number % len(good)
        mutation = mutated({"version": "0.10.0", "ast": good[place]}, rng)
        texts.append(json.dumps(mutation, default=str))
        texts.append(damaged(texts[place].encode(), rng).decode(errors="replace"))
    with Tracing() as traced:
        n_answered = sum(
            asked({"opendp_json": text, "fixed_delta": delta}, pipelines) for text in texts
        )
    assert len(good) <= n_answered < len(texts)
    finish(traced)


@pytest.mark.parametrize("text", [None, 5, [], {}, b"{}"])
def test_what_is_no_text_is_refused(pipelines, text):
    assert not asked({"opendp_json": text, "epsilon": Decimal(1), "fixed_delta": None}, pipelines)
