"""SQL that is understood, what it costs, and what is refused."""

from decimal import Decimal

import pytest
from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.sql import SmartNoiseSQL
from anomed_dp_query.libraries.sql.library import _tight
from anomed_dp_query.metadata import read_smartnoise

SQL = SmartNoiseSQL()


@pytest.fixture
def table(penguins):
    return read_smartnoise(penguins.smartnoise())


def read(table, query, epsilon="0.1", delta="1e-5", **body):
    given = {"query_str": query, "epsilon": Decimal(epsilon), "delta": Decimal(delta)} | body
    return SQL.read(given, table)


# smartnoise-sql 1.0.10 on opendp 0.14.2, from_df(empty frame).get_privacy_cost(query)
@pytest.mark.parametrize(
    ("items", "mechanisms", "epsilon", "delta"),
    [
        ("COUNT(*)", {}, 0.1, 1.4999949999983109e-05),
        ("COUNT(bill_length_mm)", {}, 0.1, 5.000000000032756e-06),
        ("COUNT(bill_length_mm)", {"count": "gaussian"}, 0.1, 1.4999949999983109e-05),
        ("SUM(body_mass_g)", {"count": "gaussian"}, 0.1, 5.000000000032756e-06),
        ("AVG(bill_length_mm)", {}, 0.2, 5.000000000032756e-06),
        ("VAR(bill_length_mm)", {}, 0.3, 5.000000000032756e-06),
        ("COUNT(*), AVG(bill_length_mm)", {"count": "gaussian"}, 0.3, 2.49998000004803e-05),
        ("AVG(bill_length_mm), AVG(body_mass_g)", {}, 0.4, 5.000000000032756e-06),
        ("AVG(bill_length_mm), SUM(bill_length_mm), COUNT(bill_length_mm)", {}, 0.2, 5e-6),
    ],
)  # fmt: skip
def test_a_query_costs_what_the_library_s_odometer_says(table, items, mechanisms, epsilon, delta):
    question = read(table, f"SELECT {items} FROM df", mechanisms=mechanisms)
    price = SQL.price(question, table, Policy())
    assert float(price.epsilon) == pytest.approx(epsilon, rel=1e-11)
    assert float(price.delta) == pytest.approx(delta, rel=1e-11)
    assert len(price.parts) == round(epsilon / 0.1)


def test_all_recorded_costs_are_met(table, recorded):
    for one in recorded("sql_costs.json"):
        question = read(
            table,
            one["query"],
            str(one["epsilon"]),
            str(one["delta"]),
            mechanisms=one["mechanisms"],
        )
        price = SQL.price(question, table, Policy(unit="as-lomas"))
        epsilon, delta = one["cost"]
        assert float(price.epsilon) == pytest.approx(epsilon, rel=1e-11)
        # the library's 1e-15 stands for none
        assert float(price.delta) == pytest.approx(delta if one["delta"] else 0, rel=1e-11)


def test_pure_noise_costs_no_delta_and_tenths_are_tenths(table):
    price = SQL.price(read(table, "SELECT AVG(bill_length_mm) FROM df", delta="0"), table, Policy())
    assert (price.epsilon, price.delta) == (Decimal("0.2"), 0)


def test_the_hidden_count_of_censoring_is_charged(penguins):
    table = read_smartnoise(penguins.smartnoise() | {"censor_dims": True})
    for items, epsilon in (("AVG(bill_length_mm)", "0.3"), ("COUNT(*)", "0.1")):
        price = SQL.price(read(table, f"SELECT {items} FROM df"), table, Policy())
        assert price.epsilon == Decimal(epsilon)


def test_a_changed_person_costs_twice_and_a_delta_more(table):
    question = read(table, "SELECT COUNT(*) FROM df")
    once, twice = (
        SQL.price(question, table, Policy(unit=unit)) for unit in ("add-remove", "change-one")
    )
    assert twice.epsilon == 2 * once.epsilon
    assert twice.delta > 2 * once.delta


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(*) FROM df; DROP TABLE df",
        "SELECT COUNT(*) FROM df -- all",
        "SELECT COUNT(*) /* all */ FROM df",
        "SELECT COUNT(*) FROM df JOIN df",
        "SELECT COUNT(*) FROM other",
        "SELECT COUNT(*) FROM (SELECT * FROM df)",
        "SELECT COUNT(*) FROM df UNION SELECT COUNT(*) FROM df",
        "SELECT * FROM df",
        "SELECT bill_length_mm FROM df",
        "SELECT species FROM df GROUP BY species",
        "SELECT MAX(bill_length_mm) FROM df",
        "SELECT SUM(bill_length_mm * bill_length_mm) FROM df",
        "SELECT SUM(species) FROM df",
        "SELECT SUM(DISTINCT bill_length_mm) FROM df",
        "SELECT COUNT(*) + 1 FROM df",
        "SELECT COUNT(*) FROM df WHERE RANDOM() > 0",
        "SELECT COUNT(*) FROM df WHERE 1 / bill_length_mm > 0",
        "SELECT COUNT(*) FROM df WHERE bill_length_mm > (SELECT 1)",
        "SELECT COUNT(*) FROM df WHERE species = 5",
        "SELECT COUNT(*) FROM df WHERE species = 'a\\' OR 1=1'",
        "SELECT COUNT(*) FROM df WHERE species LIKE 'A%'",
        "SELECT COUNT(*) FROM df WHERE nope = 1",
        "SELECT COUNT(*) FROM df WHERE " + "(" * 50 + "bill_length_mm > 1" + ")" * 50,
        "SELECT COUNT(*) FROM df WHERE " + "NOT " * 900 + "bill_length_mm > 1",
        "SELECT COUNT(*) AS n, COUNT(*) AS n FROM df",
        "SELECT COUNT(*) AS n FROM df HAVING secret > 1",
        "SELECT COUNT(*) AS n FROM df ORDER BY species",
        "SELECT COUNT(*) FROM df GROUP BY bill_length_mm",
        "SELECT COUNT(*) FROM df GROUP BY species, species",
        "SELECT COUNT(*) FROM df LIMIT 1e9",
        "SELEC nope",
        "SELECT " + "COUNT(*)," * 2_000,
        "",
        None,
        5,
    ],
)
def test_other_sql_is_refused(table, query):
    with pytest.raises(QueryRefused) as caught:
        read(table, query)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("body", [
    {"mechanisms": {"count": "nope"}}, {"mechanisms": {"nope": "laplace"}}, {"mechanisms": [1]},
    {"postprocess": 1}, {"mechanisms": {"count": "gaussian"}, "delta": 0},
    {"epsilon": Decimal("NaN")}, {"epsilon": Decimal("Infinity")}, {"epsilon": -1}, {"delta": 1},
    {"epsilon": 0}, {"delta": Decimal("NaN")},
])  # fmt: skip
def test_budgets_and_mechanisms_are_checked_before_all_else(table, body):
    with pytest.raises(QueryRefused):
        SQL.read({"query_str": "SELECT COUNT(*) FROM df", "epsilon": 1, "delta": 0} | body, table)


def test_what_is_wrong_with_sql_is_said_in_the_library_s_name(table):
    with pytest.raises(QueryRefused) as caught:
        read(table, "SELECT AVG(nope) FROM df")
    assert caught.value.library == "smartnoise_sql"
    assert "Column cannot be found nope" in str(caught.value)


def test_what_a_client_wrote_is_written_anew(table):
    select = read(
        table,
        "select COUNT( * ) as n from df"
        " where not (sex='MALE' and bill_length_mm between -1 and 2e1)"
        " or island in ('Dream', 'Biscoe')",
    ).select
    assert select.where == (
        "(NOT (((sex = 'MALE' AND (bill_length_mm >= -1 AND bill_length_mm <= 2e1))))"
        " OR (island = 'Dream' OR island = 'Biscoe'))"
    )


def test_keys_that_few_have_are_in_the_answer_as_all_others_are(table):
    select = read(
        table, "SELECT species, COUNT(*) AS n FROM df GROUP BY species ORDER BY n DESC"
    ).select
    told = _tight(select, [("Adelie",), ("Gentoo",)], [[0], [3]], postprocess=True)
    assert told["data"] == [["Gentoo", 3], ["Adelie", 0]]
    half = read(
        table, "SELECT species, COUNT(*) AS n FROM df GROUP BY species HAVING n > 1 LIMIT 1"
    ).select
    assert _tight(half, [("Adelie",), ("Gentoo",)], [[0], [3]], postprocess=True)["data"] == [
        ["Gentoo", 3]
    ]


@pytest.mark.slow
def test_answers_come_from_the_library(table, penguins):
    missing = SQL.missing()
    if missing:
        pytest.skip(missing)
    frame = penguins.table()
    query = (
        "SELECT species, COUNT(*) AS n, AVG(bill_length_mm) AS a FROM df"
        " WHERE bill_depth_mm > 15.0 GROUP BY species"
    )
    told = SQL.run(read(table, query, "100"), frame, table, Policy()).result["df"]
    kept = frame[frame["bill_depth_mm"] > 15.0]
    assert told["columns"] == ["species", "n", "a"]
    assert [row[0] for row in told["data"]] == ["Adelie", "Chinstrap", "Gentoo"]
    for species, n, average in told["data"]:
        own = kept[kept["species"] == species]
        assert n == pytest.approx(len(own), abs=2)
        assert average == pytest.approx(own["bill_length_mm"].mean(), abs=2)
    # nobody and one person give the same kind of answer
    for bound in ("64.99", "65.5"):
        query = f"SELECT COUNT(*) AS n FROM df WHERE bill_length_mm > {bound}"
        for postprocess in (True, False):
            question = read(table, query, postprocess=postprocess)
            (row,) = SQL.run(question, frame, table, Policy()).result["df"]["data"]
            assert len(row) == 1
