"""Plans that are answered: what they cost, how their noise is scaled, what they say."""

import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.opendp.library import OpenDP
from anomed_dp_query.libraries.opendp.noise import noise_scale
from anomed_dp_query.libraries.opendp.plans import shares_of
from anomed_dp_query.libraries.opendp.plans.sensitivity import row_distance, sum_distance
from anomed_dp_query.metadata import Column, Kind, TableMetadata

OPENDP = OpenDP()
PRIVATE, PUBLIC = Policy(), Policy(unit="change-one", size_is_public=True)
PLENTY = {"epsilon": Decimal(1_000_000)}
N_ROWS = 400


def metadata(**facts):
    return TableMetadata(
        columns=[
            Column(name="income", kind=Kind.FLOAT, lower=30.0, upper=65.0),
            Column(name="region", kind=Kind.STRING, categories=("a", "b", "c"), exhaustive=True),
            Column(name="age", kind=Kind.INTEGER, lower=0, upper=100, nullable=True),
        ],
        **facts,
    )


def table():
    rng = np.random.default_rng(3)
    ages = pd.array(rng.integers(0, 100, N_ROWS), dtype="Int64")
    ages[:40] = pd.NA
    return pd.DataFrame(
        {
            "income": rng.uniform(30, 65, N_ROWS),
            "region": pd.array(rng.choice(["a", "b"], N_ROWS), dtype="string"),
            "age": ages,
        }
    )


def read(document, **budget):
    return OPENDP.read({"opendp_json": document} | (budget or PLENTY), metadata())


def answer(document, policy=PRIVATE, **budget):
    question = read(document, **budget)
    OPENDP.price(question, metadata(), policy)
    return json.loads(OPENDP.run(question, table(), metadata(), policy).result["value"])


def scales(document, policy=PRIVATE, **budget):
    """The scale of each part's noise, in the figure's own unit."""
    question = read(document, **budget)
    shares = OPENDP._shares(question, metadata(), policy)
    budgets, told = iter(shares.budgets), []
    for figure in question.content.figures:
        if figure.kind in {"sum", "mean"}:
            grid, distance = sum_distance(figure, question.content, metadata(), policy)
            told.append(grid.step * noise_scale(distance, next(budgets), is_rho=shares.is_rho))
        if figure.kind in {"len", "mean"} and len(told) < len(shares.budgets):
            distance = row_distance(metadata(), policy)
            told.append(noise_scale(distance, next(budgets), is_rho=shares.is_rho))
    return told


ONE = {"epsilon": Decimal(1)}
RHO = {"rho": Decimal("0.5"), "delta": Decimal("1e-6")}


# measured with opendp 0.15.0 and polars 1.36.1, bounds 30 to 65
@pytest.mark.parametrize(
    ("figures", "budget", "expected"),
    [
        ([("len", None)], ONE, [1]),
        ([("sum", None)], ONE, [65]),
        ([("mean", None)], ONE, [130, 2]),
        ([("mean", None), ("len", None)], ONE, [195, 3, 3]),
        ([("sum", 5.0), ("len", 2.0)], ONE, [67.5, 27]),
        ([("sum", 5.0), ("len", None)], ONE, [70, 14]),
        ([("sum", 5.0), ("len", 2.0)], RHO, [65.048059, 26.019224]),
        ([("sum", None), ("len", None)], RHO, [91.923882, 1.414214]),
    ],
)
def test_noise_has_the_scale_of_opendp(plans, figures, budget, expected):
    written = []
    for kind, scale in figures:
        weight = plans.NULL if scale is None else plans.number(scale)
        if kind == "len":
            written.append(plans.frame_len(weight))
        else:
            symbol = f"dp_{kind}"
            row = plans.column("income")
            written.append(plans.dp_sum(row, 30.0, 65.0, weight, symbol=symbol))
    document = plans.plan(plans.scan(), plans.select(*written))
    assert scales(document, **budget) == pytest.approx(expected, rel=1e-6)


def test_a_public_size_has_the_scales_of_changed_rows(plans):
    income = plans.column("income")
    for symbol in ("dp_sum", "dp_mean"):
        document = plans.plan(
            plans.scan(), plans.select(plans.dp_sum(income, 30.0, 65.0, symbol=symbol))
        )
        assert scales(document, PUBLIC, **ONE) == pytest.approx([35])
    few = plans.filtered(plans.binary(plans.column("age"), "Gt", plans.number(5)))
    document = plans.plan(plans.scan(), few, plans.select(plans.frame_len(), source=2))
    assert scales(document, PUBLIC, **ONE) == pytest.approx([2])


def test_a_public_size_is_told_exactly_and_pays_nothing(plans):
    both = plans.select(plans.frame_len(), plans.dp_sum(plans.column("income"), 30.0, 65.0))
    document = plans.plan(plans.scan(), both)
    price = OPENDP.price(read(document, **ONE), metadata(), PUBLIC)
    assert [part.what for part in price.parts] == ["sum of income"]
    assert {row["len"] for row in (answer(document, PUBLIC, **ONE)[0],)} == {N_ROWS}


def test_a_size_alone_is_no_question_where_it_is_public(plans):
    document = plans.plan(plans.scan(), plans.select(plans.frame_len()))
    with pytest.raises(QueryRefused, match="public"):
        OPENDP.price(read(document), metadata(), PUBLIC)


def test_a_rho_costs_what_its_conversion_says(plans):
    document = plans.plan(plans.scan(), plans.select(plans.frame_len()))
    price = OPENDP.price(read(document, **RHO), metadata(), PRIVATE)
    assert float(price.epsilon) == pytest.approx(5.2215344445, abs=1e-9)
    assert (price.delta, price.rho) == (Decimal("1e-6"), Decimal("0.5"))


@pytest.mark.parametrize("budget", [ONE, RHO])
def test_parts_add_up_to_the_price(plans, budget):
    figures = plans.select(
        plans.frame_len(), plans.dp_sum(plans.column("income"), 30.0, 65.0, symbol="dp_mean")
    )
    price = OPENDP.price(read(plans.plan(plans.scan(), figures), **budget), metadata(), PRIVATE)
    assert len(price.parts) == 3
    assert sum(Fraction(part.epsilon) for part in price.parts) == Fraction(price.epsilon)
    if budget is ONE:
        assert price.epsilon == 1


def test_figures_are_those_of_the_table(plans):
    frame = table()
    age, income = plans.column("age"), plans.column("income")
    figures = [
        plans.frame_len(),
        plans.dp_sum(income, 30.0, 65.0),
        {"Alias": [plans.dp_sum(income, 30.0, 65.0, symbol="dp_mean"), "mean"]},
        {"Alias": [plans.plugin("dp_count", age, plans.NULL), "known"]},
        {"Alias": [plans.plugin("dp_null_count", age, plans.NULL), "unknown"]},
        {"Alias": [plans.plugin("dp_n_unique", plans.column("region"), plans.NULL), "regions"]},
        {"Alias": [plans.dp_sum(plans.filled(age, 7), 0, 50), "ages"]},
        {"Alias": [
            plans.plugin("dp_median", income, plans.series([40.0, 47.0, 55.0]), plans.NULL),
            "middle",
        ]},
    ]  # fmt: skip
    (row,) = answer(plans.plan(plans.scan(), plans.select(*figures)))
    assert row["len"] == N_ROWS
    assert row["income"] == pytest.approx(frame["income"].sum(), abs=0.1)
    assert row["mean"] == pytest.approx(frame["income"].mean(), abs=0.01)
    assert (row["known"], row["unknown"], row["regions"]) == (N_ROWS - 40, 40, 2)
    assert row["ages"] == frame["age"].fillna(7).clip(0, 50).sum()
    assert row["middle"] == 47.0


def test_each_public_key_is_told_in_order_whoever_has_it(plans):
    grouped = plans.group(
        ["region"], plans.frame_len(), plans.dp_sum(plans.column("income"), 30.0, 65.0)
    )
    rows = answer(plans.plan(plans.scan(), grouped))
    counts = table()["region"].value_counts()
    assert [row["region"] for row in rows] == ["a", "b", "c"]
    assert [row["len"] for row in rows] == [counts["a"], counts["b"], 0]


def test_keys_may_be_brought_along(plans):
    frames = [plans.stream({"age": [5, 1_000, 7]}), plans.stream({"income": [1.0]})]
    keys = {"DataFrameScan": {"df": plans.reference(1), "schema": {"fields": {"age": "Int64"}}}}
    document = plans.plan(
        keys,
        {"IR": {"dsl": plans.reference(1), "version": 2}},
        plans.scan(),
        plans.group(["age"], plans.frame_len(), source=3),
        plans.joined(["age"], 2, 4),
        frames=frames,
    )
    rows, ages = answer(document), table()["age"]
    assert [row["age"] for row in rows] == [5, 1_000, 7]
    assert [row["len"] for row in rows] == [(ages == 5).sum(), 0, (ages == 7).sum()]


def test_groups_of_two_columns_are_all_combinations(plans):
    added = plans.with_columns(plans.cut(plans.column("income"), [40.0, 50.0]))
    grouped = plans.group(["region", "income"], plans.frame_len(), source=2)
    rows = answer(plans.plan(plans.scan(), added, grouped))
    frame = table()
    assert len(rows) == 9
    first = ((frame["region"] == "a") & (frame["income"] <= 40)).sum()
    assert rows[0] == {"region": "a", "income": "(-inf, 40]", "len": first}
    assert sum(row["len"] for row in rows) == N_ROWS


def test_filters_and_new_columns_are_computed_in_order(plans):
    age = plans.filled(plans.column("age"), 0)
    document = plans.plan(
        plans.scan(),
        plans.with_columns(
            {"Alias": [plans.binary(plans.column("income"), "Multiply", plans.number(2)), "twice"]}
        ),
        plans.filtered(
            plans.binary(
                plans.binary(plans.column("twice"), "Gt", plans.number(100.0)),
                "And",
                plans.binary(age, "LtEq", plans.number(60)),
            ),
            source=2,
        ),
        plans.select(plans.frame_len(), plans.dp_sum(plans.column("twice"), 0.0, 130.0), source=3),
    )
    frame = table()
    kept = frame[(2 * frame["income"] > 100) & (frame["age"].fillna(0) <= 60)]
    (row,) = answer(document)
    assert row["len"] == len(kept)
    assert row["twice"] == pytest.approx(2 * kept["income"].sum(), abs=0.1)


def test_missing_and_endless_cells_lie_in_the_middle(plans):
    frame = table()
    frame.loc[:9, "income"] = np.nan
    frame.loc[10:19, "income"] = np.inf
    frame.loc[20:29, "income"] = -np.inf
    question = read(plans.plan(plans.scan(), plans.select(
        plans.dp_sum(plans.column("income"), 30.0, 65.0)
    )))  # fmt: skip
    told = json.loads(OPENDP.run(question, frame, metadata(), PRIVATE).result["value"])
    expected = frame["income"].iloc[30:].sum() + 10 * 47.5 + 10 * 65 + 10 * 30
    assert told[0]["income"] == pytest.approx(expected, abs=0.1)


def test_all_recorded_plans_are_read(recorded):
    columns = [
        Column(name="income", kind=Kind.FLOAT, lower=0.0, upper=10.0),
        Column(name="region", kind=Kind.STRING, categories=("a", "b"), exhaustive=True),
        Column(name="age", kind=Kind.INTEGER, lower=0, upper=4),
    ]
    facts = TableMetadata(columns=columns)
    for name, plan in recorded("wire_0_5/plans.json").items():
        body = {"opendp_json": plan["opendp_json"], "epsilon": Decimal(1)}
        if name == "nuniq":  # three columns of one name, which Polars would not answer either
            with pytest.raises(QueryRefused, match="two columns 'region'"):
                OPENDP.read(body, facts)
            continue
        question = OPENDP.read(body, facts)
        assert OPENDP.price(question, facts, PRIVATE).epsilon == 1
        shares = shares_of(
            question.content, facts, PRIVATE, epsilon=Decimal(1), rho=None, delta=None
        )
        assert sum(shares.budgets) == 1
