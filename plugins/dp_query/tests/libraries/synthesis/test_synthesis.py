"""Synthetic tables: who is offered, what they cost, and what they may learn from."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.registry import libraries
from anomed_dp_query.libraries.synthesis import SmartNoiseSynth
from anomed_dp_query.libraries.synthesis.domain import decoded, encoded, size_of
from anomed_dp_query.libraries.synthesis.library import _fulfilling
from anomed_dp_query.metadata import Column, Kind, read_smartnoise
from hypothesis import given
from hypothesis import strategies as st

SYNTH = SmartNoiseSynth()


@pytest.fixture
def table(penguins):
    return read_smartnoise(penguins.smartnoise())


def body(name="mwem", **changes):
    return {
        "synth_name": name,
        "epsilon": Decimal(1),
        "delta": None if name == "mwem" else Decimal("1e-5"),
        "select_cols": ["species", "island"],
        "synth_params": {},
        "nullable": True,
        "constraints": "",
        "return_model": False,
        "condition": "",
        "nb_samples": 20,
    } | changes


@pytest.mark.parametrize(("name", "delta"), [("mwem", "0"), ("mst", "1e-5"), ("aim", "1e-5")])
def test_a_synthesizer_costs_what_was_asked(table, name, delta):
    price = SYNTH.price(SYNTH.read(body(name), table), table, Policy(unit="as-lomas"))
    assert (price.epsilon, price.delta) == (1, Decimal(delta))


def test_recorded_costs_and_refusals_are_met(table, exchange):
    for name in ("synth_cost_mwem", "synth_cost_mst", "synth_cost_aim"):
        one = exchange(name)
        asked = one["request"]["body"] | {"epsilon": Decimal(1)}
        if asked["delta"] is not None:
            asked["delta"] = Decimal("1e-5")
        price = SYNTH.price(SYNTH.read(asked, table), table, Policy(unit="as-lomas"))
        assert float(price.epsilon) == one["response"]["epsilon"]
        assert float(price.delta) == one["response"]["delta"]
    for name in ("synth_pacsynth", "synth_query_mst_model"):
        one = exchange(name)
        with pytest.raises(QueryRefused) as caught:
            SYNTH.read(one["request"]["body"], table)
        assert str(caught.value) == one["response"]["message"]


def test_a_changed_person_costs_twice_and_a_delta_more(table):
    question = SYNTH.read(body("mst"), table)
    price = SYNTH.price(question, table, Policy(unit="change-one"))
    assert price.epsilon == 2
    assert price.delta > 2 * question.delta


@pytest.mark.parametrize("changes", [
    {"synth_name": "dpctgan"}, {"synth_name": "patectgan"}, {"synth_name": "nope"},
    {"synth_name": None}, {"synth_params": {"epochs": 5}}, {"constraints": "gASVBw=="},
    {"return_model": True}, {"epsilon": 0}, {"epsilon": Decimal("NaN")}, {"nb_samples": 0},
    {"nb_samples": 10**6}, {"nb_samples": "5"}, {"select_cols": ["nope"]}, {"select_cols": "x"},
    {"select_cols": ["species", "species"]}, {"select_cols": list(map(str, range(30)))},
    {"condition": "__import__('os').system('x')"}, {"condition": "species == @x"},
    {"condition": "species = 'a' ; DROP TABLE samples"}, {"condition": 5},
    {"condition": "bill_length_mm > 5"}, {"condition": "species = 'a' 5"},
])  # fmt: skip
def test_other_requests_are_refused(table, changes):
    with pytest.raises(QueryRefused):
        SYNTH.read(body() | changes, table)


def test_a_rough_synthesizer_needs_a_delta(table):
    for delta in (None, Decimal(0), Decimal(1)):
        with pytest.raises(QueryRefused, match="delta"):
            SYNTH.read(body("mst", delta=delta), table)


def test_more_cells_than_memory_are_refused(table):
    with pytest.raises(QueryRefused, match="fewer columns"):
        SYNTH.read(body(select_cols=None), table)


def test_a_domain_is_not_learnt_from_rows():
    text = Column(name="name", kind=Kind.STRING)
    with pytest.raises(QueryRefused, match="not be learnt"):
        size_of(text)


@given(st.lists(st.one_of(st.none(), st.floats(-5, 15)), min_size=1, max_size=20))
def test_numbers_come_back_in_their_bin(cells):
    column = Column(name="x", kind=Kind.FLOAT, lower=0.0, upper=10.0, nullable=True)
    codes = encoded(column, pd.Series(cells, dtype=float))
    told = decoded(column, codes, np.random.default_rng(0))
    for cell, back in zip(cells, told, strict=True):
        assert (cell is None) == (back is None)
        if cell is not None:
            assert abs(min(max(cell, 0), 10) - back) <= 0.5 + 1e-9


def test_keys_come_back_and_strangers_are_missing():
    column = Column(
        name="x", kind=Kind.STRING, categories=("a", "b"), exhaustive=True, nullable=True
    )
    codes = encoded(column, pd.Series(["b", "a", None, "stranger"]))
    assert codes.tolist() == [1, 0, 2, 2]
    assert decoded(column, codes, np.random.default_rng(0)) == ["b", "a", None, None]


def test_a_condition_is_read_by_the_grammar_of_where(table):
    question = SYNTH.read(body(condition="species == 'Adelie' and island in ('Dream')"), table)
    rows = [["Adelie", "Dream"], ["Gentoo", "Dream"], ["Adelie", None]]
    assert _fulfilling(question, rows) == [["Adelie", "Dream"]]


def test_what_is_not_installed_says_so_in_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("ANOMED_CACHE", str(tmp_path))
    for name in ("smartnoise-sql", "diffprivlib", "smartnoise-synth"):
        assert "anomed environments install dp-query-" in libraries()[name].missing()
    assert libraries()["opendp"].missing() is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mwem", "mst", "aim"])
def test_samples_come_from_the_library(table, penguins, name):
    missing = SYNTH.missing()
    if missing:
        pytest.skip(missing)
    frame = penguins.table()
    frame["species"] = "Gentoo"
    question = SYNTH.read(body(name, epsilon=Decimal(50), nb_samples=200), table)
    told = SYNTH.run(question, frame, table, Policy()).result["df_samples"]
    assert told["columns"] == ["species", "island"]
    assert len(told["data"]) == 200
    assert sum(row[0] == "Gentoo" for row in told["data"]) > 150
