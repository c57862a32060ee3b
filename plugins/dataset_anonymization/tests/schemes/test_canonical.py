"""What a table says about people stays; every other channel goes."""

import io

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema
from anomed_dataset_anonymization.schemes import SCHEMES, canonicalise, publish, to_parquet
from hypothesis import given
from hypothesis import strategies as st


def republish(table, *, schema, leaky, scheme="same"):
    return to_parquet(canonicalise(table, scheme, schema=schema, leaky=leaky))


def hide_in_index(table):
    return table.set_axis(pd.Index(np.arange(len(table)) * 7, name="secret"))


def hide_in_index_levels(table):
    return table.set_index([table["age"].to_numpy(), np.arange(len(table))])


def hide_in_attributes(table):
    marked = table.copy()
    marked.attrs["order"] = list(map(str, table.index))
    return marked


def hide_in_categories(table):
    hidden = table.copy()
    hidden["ward"] = pd.Categorical(
        hidden["ward"], categories=["surgery", "person 17", "oncology", "cardiology"]
    )
    return hidden


def hide_in_row_order(table):
    return table.sample(frac=1, random_state=1)


def hide_in_column_order(table):
    return table[table.columns[::-1]]


def hide_in_float_digits(table):
    hidden = table.copy()
    hidden["temperature"] += np.arange(len(table)) * 1e-13
    return hidden


def hide_in_types(table):
    return table.astype({"age": "float32", "sex": "category", "ward": "string", "triage": object})


@pytest.mark.parametrize(
    "hide",
    [
        hide_in_index,
        hide_in_index_levels,
        hide_in_attributes,
        hide_in_categories,
        hide_in_row_order,
        hide_in_column_order,
        hide_in_float_digits,
        hide_in_types,
    ],
)
def test_a_hidden_channel_does_not_survive_republication(hide, schema, leaky):
    plain = republish(leaky.reset_index(drop=True), schema=schema, leaky=leaky)
    assert republish(hide(leaky), schema=schema, leaky=leaky) == plain


def test_parquet_carries_the_hidden_channels_that_republication_removes(schema, leaky):
    """Show that the counters are needed: a plain round trip keeps what was hidden."""
    sink = io.BytesIO()
    hide_in_index(hide_in_float_digits(hide_in_attributes(leaky))).to_parquet(sink)
    received = pd.read_parquet(sink)
    assert received.index.name == "secret"
    assert received.attrs["order"][0] == str(leaky.index[0])
    assert not np.array_equal(received["temperature"], leaky["temperature"])
    assert republish(received, schema=schema, leaky=leaky) == republish(
        leaky, schema=schema, leaky=leaky
    )


def test_an_extra_column_is_refused_by_name(schema, leaky):
    with pytest.raises(ValueError, match="no column 'person'"):
        republish(leaky.assign(person=range(20)), schema=schema, leaky=leaky)


def test_copies_of_everybody_are_refused(schema, leaky):
    with pytest.raises(ValueError, match="200 people, but the leaky table has only 20"):
        republish(pd.concat([leaky] * 10), schema=schema, leaky=leaky)
    with pytest.raises(ValueError, match="40 people"):
        republish(leaky.assign(count=2), schema=schema, leaky=leaky)


def test_counts_are_people(schema, leaky):
    counted = leaky.iloc[:5].assign(count=[1, 2, 3, 4, 1])
    written_out = leaky.iloc[[0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4]]
    assert republish(counted, schema=schema, leaky=leaky) == republish(
        written_out, schema=schema, leaky=leaky
    )


@pytest.mark.parametrize(
    "counts", [[0], [-1], [1.5], [np.nan], [21], [10**30], ["1"], [True], [np.inf]]
)
def test_counts_are_whole_numbers_from_one(counts, schema, leaky):
    with pytest.raises(ValueError, match="count"):
        republish(leaky.iloc[:1].assign(count=counts), schema=schema, leaky=leaky)


def test_rows_are_numbered_in_lexicographic_order(schema, leaky):
    published = publish(canonicalise(leaky, "same", schema=schema, leaky=leaky)).to_pandas()
    assert published["anon_row"].tolist() == list(range(20))
    assert published["age"].is_monotonic_increasing
    assert list(published.columns) == ["anon_row", *schema.names]


def test_the_published_table_has_no_metadata(schema, leaky):
    table = publish(canonicalise(leaky, "same", schema=schema, leaky=leaky))
    assert table.schema.metadata is None


def test_null_is_a_value_of_its_own(schema, leaky):
    """A table blanked out must not pass as one large class, nor as one class a row."""
    blank = leaky.assign(age=pd.NA)
    table = canonicalise(blank, "same", schema=schema, leaky=leaky)
    assert table.labels(["age"]).tolist() == [0] * 20
    blank.iloc[:3, 0] = 40
    table = canonicalise(blank, "same", schema=schema, leaky=leaky)
    assert np.bincount(table.labels(["age"])).tolist() == [3, 17]


def test_an_empty_table_and_an_unknown_scheme_are_refused(schema, leaky):
    with pytest.raises(ValueError, match="no rows"):
        republish(leaky.iloc[:0], schema=schema, leaky=leaky)
    with pytest.raises(ValueError, match="no scheme 'nonsense'; use one of same, gen"):
        republish(leaky, scheme="nonsense", schema=schema, leaky=leaky)


def test_a_column_that_comes_twice_is_refused(schema, leaky):
    twice = pd.concat([leaky, leaky[["age"]]], axis=1)
    with pytest.raises(ValueError, match="'age' twice"):
        republish(twice, schema=schema, leaky=leaky)


class TestLineage:
    def test_record_ids_in_the_index_declare_who_is_who(self, schema, leaky):
        shuffled = leaky.sample(n=12, random_state=2)
        table = canonicalise(shuffled, "same", schema=schema, leaky=leaky)
        ages = leaky["age"].to_numpy()
        assert ages[table.lineage].tolist() == table.cells["age"].values.tolist()
        assert sorted(leaky.index[table.lineage]) == sorted(shuffled.index)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda table: table.reset_index(drop=True),
            lambda table: table.set_axis([*table.index[:-1], -5]),
            lambda table: table.set_axis([*table.index[:-1], table.index[0]]),
            lambda table: table.set_axis(table.index.astype(str)),
            lambda table: table.assign(count=[2] + [1] * 9),
            hide_in_index_levels,
        ],
    )
    def test_any_other_index_declares_nothing(self, spoil, schema, leaky):
        table = canonicalise(spoil(leaky.iloc[:10]), "same", schema=schema, leaky=leaky)
        assert table.lineage is None

    def test_without_record_ids_nothing_can_be_declared(self, schema, leaky):
        anonymous = leaky.reset_index(drop=True)
        assert canonicalise(anonymous, "same", schema=schema, leaky=anonymous).lineage is None


@pytest.mark.parametrize("scheme", ["generalization", "microaggregation"])
def test_one_short_row_can_not_be_written_out_to_fill_the_memory(scheme, schema):
    crowd = pd.DataFrame(index=range(40_000_000))
    table = pd.DataFrame({"ward_surgery": [1], "count": [len(crowd)]})
    with pytest.raises(
        ValueError, match="3 listed values for 40000000 people make 120000000 cells"
    ):
        canonicalise(table, scheme, schema=schema, leaky=crowd)


@given(data=st.data(), scheme=st.sampled_from(sorted(SCHEMES)))
def test_the_canonical_form_is_a_fixed_point(data, scheme):
    schema = TableSchema(
        columns=[
            Column(
                name="n", kind="cardinal", dtype="float64", domain=Bounds(low=0, high=1, step=0.1)
            ),
            Column(name="s", kind="nominal", dtype="string", domain=["a", "b", "c"]),
        ]
    )
    n_rows = data.draw(st.integers(1, 6))
    draw = lambda cell: data.draw(st.lists(cell, min_size=n_rows, max_size=n_rows))  # noqa: E731
    values = st.sampled_from([0.0, 0.3, 0.5, 1.0])
    table = pd.DataFrame(
        {"n": draw(values | st.none()), "s": draw(st.sampled_from(["a", "b", None]))}
    )
    if scheme == "generalization":
        ends = [sorted(pair) for pair in draw(st.tuples(values, values))]
        flags = draw(st.tuples(st.just(True), st.booleans(), st.booleans()))
        table = pd.DataFrame(ends, columns=["n_min", "n_max"])
        table[["s_c", "s_a", "s_b"]] = flags
    leaky = pd.DataFrame(index=range(n_rows))
    once = canonicalise(table, scheme, schema=schema, leaky=leaky)
    again = publish(once).to_pandas().drop(columns="anon_row")
    assert to_parquet(canonicalise(again, scheme, schema=schema, leaky=leaky)) == to_parquet(once)
