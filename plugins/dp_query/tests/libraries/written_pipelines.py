"""Write pipelines as opendp_logger does."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from anomed_dp_query.metadata import Column, Kind, TableMetadata

NAMES = ("name", "income", "age")


def metadata(**facts):
    return TableMetadata(
        columns=[
            Column(
                name="name", kind=Kind.STRING, categories=("ada", "bob", "cid"), exhaustive=True
            ),
            Column(name="income", kind=Kind.FLOAT, lower=0.0, upper=100.0),
            Column(name="age", kind=Kind.INTEGER, lower=0, upper=120),
        ],
        **facts,
    )


def table(n_rows=50):
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "name": rng.choice(["ada", "bob"], n_rows),
            "income": rng.uniform(0, 100, n_rows),
            "age": rng.integers(0, 120, n_rows),
        }
    )


def call(name, module="transformations", args=(), **kwargs):
    node = {"_type": "constructor", "module": module, "func": name}
    if args:
        node["args"] = list(args)
    return node | ({"kwargs": kwargs} if kwargs else {})


def measure(name, **kwargs):
    return call(f"then_{name}", "measurements", **kwargs)


def chain(*nodes):
    first, *others = nodes
    for other in others:
        first = {"_type": "partial_chain", "lhs": first, "rhs": other}
    return first


def listed(*values):
    return {"_type": "list", "_items": list(values)}


def selected(key="income", names=NAMES):
    return call(
        "make_chain_tt",
        "combinators",
        args=[
            call("make_select_column", key=key, TOA="String"),
            call("make_split_dataframe", separator=",", col_names=listed(*names)),
        ],
    )


def clamped(lower=0.0, upper=100.0):
    return (
        selected(),
        call("then_cast_default", TOA="f64"),
        call("then_clamp", bounds=[lower, upper]),
    )


def text(node, version="0.10.0"):
    return json.dumps({"version": version, "ast": node})
