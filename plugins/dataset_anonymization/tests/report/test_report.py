"""Published tables in words and figures."""

import csv
import io
import itertools

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.privacy import equivalence_classes
from anomed_dataset_anonymization.report import (
    class_sizes_chart,
    column_charts,
    readable_frame,
    readable_table,
)
from anomed_dataset_anonymization.report.readable import cell_in_words
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema
from anomed_dataset_anonymization.schemes import (
    Frequencies,
    Points,
    PublishedTable,
    Ranges,
    ValueSets,
    canonicalise,
)
from anomed_dataset_anonymization.utility import boxes_of_people, boxes_of_published
from hypothesis import given, settings
from hypothesis import strategies as st

SCHEMA = TableSchema(
    columns=[
        Column(name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=99)),
        Column(name="school", kind="ordinal", dtype="string", domain=("none", "basic", "high")),
        Column(name="sex", kind="nominal", dtype="string", domain=("F", "M", "X")),
    ]
)
PEOPLE = pd.DataFrame(
    {"age": [18, 34, 70], "school": ["none", "basic", "high"], "sex": ["F", "M", "X"]}
)


def canonical(scheme="generalization", **columns):
    return canonicalise(pd.DataFrame(columns), scheme, schema=SCHEMA, leaky=PEOPLE)


def words(table):
    return sorted(readable_table(table).rows)


def test_ranges_and_sets_are_read_as_people_write_them():
    table = canonical(
        age_min=[18, 0, 70],
        age_max=[34, 99, 70],
        school=["none", "basic", None],
        sex_F=[1, 1, 0],
        sex_M=[1, 1, 0],
        sex_X=[0, 1, 1],
    )
    assert words(table) == [
        ("*", "basic", "*"),
        ("70", "*", "X"),
        ("[18-34]", "none", "{F, M}"),
    ]


def test_ranges_of_ordered_values_are_named_by_their_ends():
    table = canonical(school_min=["none"] * 3, school_max=["basic", "high", "none"])
    assert sorted(row[1] for row in words(table)) == ["*", "[none-basic]", "none"]


def test_only_the_first_rows_are_shown():
    table = canonical("same", **PEOPLE.to_dict("list"))
    assert len(readable_table(table, n_rows=2).rows) == 2
    assert words(table)[0] == ("18", "none", "F")


NAMES = ["a", "b", "a, b", "*", "{a}", 'say "c"', "", "a-b", "50 %", " a"]
COLUMNS = {
    "n": Column(name="n", kind="cardinal", dtype="float64", domain=Bounds(low=-2, high=2, step=1)),
    "o": Column(name="o", kind="ordinal", dtype="string", domain=NAMES),
    "s": Column(name="s", kind="nominal", dtype="string", domain=NAMES),
}


@st.composite
def published(draw):
    n_rows, n_names = draw(st.integers(1, 30)), len(NAMES)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    name = draw(st.sampled_from(sorted(COLUMNS)))
    low, high = np.sort(rng.integers(0, 5 if name == "n" else n_names, (2, n_rows)), axis=0)
    offset = -2.0 if name == "n" else 0.0
    kinds = {
        "points": Points(values=np.where(rng.random(n_rows) < 0.1, np.nan, low + offset)),
        "ranges": Ranges(low=low + offset, high=high + offset),
    }
    if name == "s":
        members = rng.random((n_rows, n_names)) < 0.4
        members[np.arange(n_rows), low] = True
        shares = members / members.sum(axis=1, keepdims=True)
        kinds["ranges"] = draw(
            st.sampled_from([ValueSets(members=members), Frequencies(shares=shares)])
        )
    return PublishedTable(
        schema=TableSchema(columns=[COLUMNS[name]]),
        scheme="generalization",
        cells={name: kinds[draw(st.sampled_from(sorted(kinds)))]},
    )


@given(published())
@settings(deadline=None)
def test_words_are_alike_exactly_if_the_cells_are(table):
    (name,) = table.cells
    words = readable_frame(table)[name].tolist()
    pairs = set(zip(words, table.codes[name].tolist(), strict=True))
    assert len(pairs) == len(set(words)) == len(set(table.codes[name].tolist()))


def test_numbers_are_written_with_all_their_digits_and_no_more():
    domain = Bounds(low=0, high=2**53 - 1, step=1)
    column = Column(name="n", kind="cardinal", dtype="int64", domain=domain)
    numbers = {2.0**53 - 1: "9007199254740991", 0.1 + 0.2: "0.3", 18.25: "18.25", -5.0: "-5"}
    for number, word in numbers.items():
        assert cell_in_words(Points(values=np.array([number])), column, 0) == word


def test_shares_before_and_after_are_those_of_both_tables():
    people = boxes_of_people(PEOPLE, SCHEMA)
    hidden = boxes_of_published(canonical("same", **{**PEOPLE.to_dict("list"), "sex": [None] * 3}))
    charts = column_charts(people, hidden, SCHEMA)
    assert [chart.title for chart in charts] == ["age", "school", "sex"]
    for chart in charts:
        for name in ("leaky table", "published"):
            assert sum(shares(chart, name).values()) == pytest.approx(1)
    assert list(shares(charts[2], "published").values()) == pytest.approx([1 / 3] * 3)
    assert "Total variation distance 0.000" in charts[0].description


def shares(chart, name):
    rows = [row for row in csv.DictReader(io.StringIO(chart.csv())) if row["series"] == name]
    axis = chart.x.label if chart.x.names else "y"
    value = "share"
    return {row[axis]: float(row[value]) for row in rows}


def test_labels_of_numbers_cover_the_domain_without_gaps():
    ages = pd.DataFrame({"age": np.arange(100), "school": "none", "sex": "F"})
    boxes = boxes_of_people(ages, SCHEMA)
    labels = shares(column_charts(boxes, boxes, SCHEMA)[0], "published")
    ends = [tuple(map(int, label.split(" to "))) for label in labels]
    assert ends[0][0] == 0
    assert ends[-1][1] == 99
    assert all(high + 1 == low for (_, high), (low, _) in itertools.pairwise(ends))


def test_people_are_counted_by_the_size_of_their_class():
    classes = equivalence_classes(pd.DataFrame({"x": range(3)}), counts=[1, 3, 6])
    chart = class_sizes_chart(classes)
    found = {size: share for size, share in shares(chart, "people").items() if share}
    assert found == pytest.approx({"1": 0.1, "2\u20134": 0.3, "5\u20139": 0.6})
    assert "5\u20139, 60 %" in chart.description
