"""A schema names each thing once, and can be guessed from a table."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import Bounds, Column, ColumnKind, TableSchema


def text(name, *values, **more):
    return Column(name=name, kind="nominal", dtype="string", domain=values, **more)


def number(name, **more):
    return Column(name=name, kind="cardinal", dtype="int64", domain=Bounds(low=0, high=9), **more)


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two columns are called 'a'"):
        TableSchema(columns=[number("a"), text("a", "x")])


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ([number("a"), number("a_min")], "a_min"),
        ([text("a", "b_c"), text("a_b", "c")], "a_b_c"),
        ([text("x", "max"), number("x_max")], "x_max"),
    ],
)
def test_ambiguous_names_are_refused_where_they_are_written(columns, name):
    schema = TableSchema(columns=columns)
    assert name not in schema.generated_names
    for names in (None, [name]):
        with pytest.raises(ValueError, match=f"{name!r} is taken twice, by .* and by generalising"):
            schema.require_clear_names(names)
    schema.require_clear_names(schema.generated_names)


@pytest.mark.parametrize(
    ("column", "name"),
    [
        (number("count"), "count"),
        (number("confidence"), "confidence"),
        (text("anon", "row"), "anon_row"),
    ],
)
def test_names_of_the_protocol_are_refused_in_submissions_only(column, name):
    schema = TableSchema(columns=[column])
    with pytest.raises(ValueError, match=f"{name!r} is taken twice, by the protocol"):
        schema.require_clear_names()
    schema.require_clear_names([name])


def test_an_empty_schema_is_refused():
    with pytest.raises(ValueError, match="at least one column"):
        TableSchema(columns=[])


def test_generated_names_lead_back_to_column_and_part():
    schema = TableSchema(columns=[number("age"), text("ward", "a", "b")])
    assert {
        name: (generated.column.name, generated.part)
        for name, generated in schema.generated_names.items()
    } == {
        "age_min": ("age", "min"),
        "age_max": ("age", "max"),
        "ward_a": ("ward", 0),
        "ward_b": ("ward", 1),
    }


def test_columns_are_found_by_role_name_and_position():
    schema = TableSchema(
        columns=[number("age", role="qi"), text("ill", "y", "n", role="sensitive")]
    )
    assert [column.name for column in schema.quasi_identifiers] == ["age"]
    assert [column.name for column in schema.sensitive] == ["ill"]
    assert schema["ill"] is schema.columns[schema.position("ill")]
    with pytest.raises(ValueError, match="no column 'sex'"):
        schema.position("sex")


def test_a_schema_survives_json():
    schema = TableSchema(columns=[number("age", role="qi"), text("straße", "ä", "ß")])
    assert TableSchema.from_json(schema.to_json()) == schema


@pytest.mark.parametrize("document", ["[]", '{"columns": 1}', '{"columns": [1]}', "{}"])
def test_json_of_another_form_is_refused(document):
    with pytest.raises(ValueError, match="schema"):
        TableSchema.from_json(document)


def test_inference_reads_kinds_bounds_and_steps():
    table = pd.DataFrame(
        {
            "age": [40, 17, 90],
            "score": [0.25, 1.5, np.nan],
            "children": [1.0, np.nan, 3.0],
            "ward": ["b", None, "a"],
            "smoker": [True, False, True],
            "grade": pd.Categorical(["x", "y", "x"], categories=["y", "x", "z"], ordered=True),
            "size": ["S", "L", "S"],
        }
    )
    schema = TableSchema.infer(
        table, quasi_identifiers=["age"], sensitive=["ward"], ordinal={"size": ["S", "M", "L"]}
    )
    assert schema["age"].domain == Bounds(low=17, high=90, step=1)
    assert schema["score"].domain == Bounds(low=0.25, high=1.5, step=0.01)
    assert (schema["children"].dtype, schema["children"].domain) == ("int64", Bounds(low=1, high=3))
    assert schema["ward"].domain == ("a", "b")
    assert (schema["smoker"].dtype, schema["smoker"].domain) == ("bool", (False, True))
    assert (schema["grade"].kind, schema["grade"].domain) == (ColumnKind.ORDINAL, ("y", "x", "z"))
    assert (schema["size"].kind, schema["size"].domain) == (ColumnKind.ORDINAL, ("S", "M", "L"))
    assert (schema.quasi_identifiers, schema.sensitive) == ((schema["age"],), (schema["ward"],))


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"id": [f"person {i}" for i in range(2000)]}, "identifier"),
        ({"mixed": [1, "a"]}, "int and str"),
        ({"empty": [None, None]}, "no value"),
        ({"x": [1.0, np.inf]}, "infinite"),
    ],
)
def test_inference_refuses_what_no_kind_fits(table, reason):
    with pytest.raises(ValueError, match=reason):
        TableSchema.infer(pd.DataFrame(table))


def test_inference_refuses_roles_of_unknown_columns_and_double_roles():
    table = pd.DataFrame({"a": [1, 2]})
    with pytest.raises(ValueError, match="no columns \\['b'\\]"):
        TableSchema.infer(table, sensitive=["b"])
    with pytest.raises(ValueError, match="can't be"):
        TableSchema.infer(table, sensitive=["a"], quasi_identifiers=["a"])


def test_inferred_bounds_lie_on_the_grid_of_their_step():
    table = pd.DataFrame({"x": [0.1234567891, 7.7654321098], "y": [0.15, 0.4]})
    schema = TableSchema.infer(table)
    assert schema["x"].domain == Bounds(low=0.123456, high=7.765433, step=1e-6)
    assert schema["y"].domain == Bounds(low=0.15, high=0.4, step=0.01)
