"""Metadata of SmartNoise, read and told."""

from datetime import datetime

import pytest
from anomed_dp_query.metadata import Kind, MetadataError, read_smartnoise, smartnoise_document


def told(**column):
    table = read_smartnoise({"max_ids": 1, "rows": 10, "columns": {"x": column}})
    return smartnoise_document(table)["columns"]["x"]


def test_penguins_are_told_as_lomas_told_them(penguins, exchange):
    document = smartnoise_document(read_smartnoise(penguins.smartnoise()))

    assert document == exchange("metadata")["response"]
    assert list(document["columns"]) == list(exchange("metadata")["response"]["columns"])


def test_fields_are_understood(penguins):
    table = read_smartnoise(penguins.smartnoise())

    assert table.rows == 344
    assert table.public_length is None
    assert table.column("sex").categories == ("MALE", "FEMALE")
    assert table.column("sex").exhaustive
    assert (table.column("body_mass_g").lower, table.column("body_mass_g").upper) == (2000, 7000)


@pytest.mark.parametrize("kind", ["int", "integer"])
def test_whole_numbers_have_both_names(kind):
    assert told(type=kind, lower=1, upper=9) == {
        "private_id": False,
        "nullable": False,
        "max_partition_length": None,
        "max_influenced_partitions": None,
        "max_partition_contributions": None,
        "type": "int",
        "precision": 64,
        "lower": 1,
        "upper": 9,
    }


def test_numbers_with_keys_are_told_by_their_keys():
    document = told(type="int", precision=32, cardinality=2, categories=[0, 1])

    assert (document["precision"], document["categories"]) == (32, [0, 1])


def test_times_are_read_from_text_and_told_as_text():
    document = {
        "max_ids": 1,
        "columns": {
            "d": {"type": "datetime", "lower": "1990-01-01", "upper": datetime(2000, 1, 1)}
        },
    }
    table = read_smartnoise(document)

    assert table.column("d").kind is Kind.DATETIME
    assert smartnoise_document(table)["columns"]["d"]["lower"] == "1990-01-01T00:00:00"


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ({"type": "str"}, "has the type 'str'; give one of string"),
        ({"type": "float", "lower": 1}, "has one bound; give both"),
        ({"type": "float", "lower": 2, "upper": 1}, "lower bound 2.0 is above its upper bound 1.0"),
        ({"type": "float", "lower": 0, "upper": float("inf")}, "is not finite"),
        ({"type": "int", "lower": 0.5, "upper": 2}, "the bound 0.5 is no int"),
        ({"type": "string", "lower": 1, "upper": 2}, "a string has no bounds"),
        ({"type": "string", "cardinality": 3}, "cardinality came without categories"),
        ({"type": "string", "cardinality": 3, "categories": ["a"]}, "but 1 categories came"),
        ({"type": "string", "categories": ["a", "a"]}, "has a key twice"),
        ({"type": "string", "categories": []}, "its list of keys is empty"),
        ({"type": "string", "categories": [1]}, "the key 1 is no string"),
        ({"type": "int", "precision": 16}, "numbers have 32 or 64 bits, got 16"),
        ({"type": "string", "nullable": "yes"}, "nullable must be of type bool, got 'yes'"),
        ({"type": "string", "categoires": []}, "does not know 'categoires'; write categories"),
        ({"type": "string", "max_partition_length": 0}, "max_length must be an integer from 1"),
    ],
)
def test_what_is_wrong_is_said_with_the_column(column, sentence):
    with pytest.raises(MetadataError, match="column 'x'") as refused:
        read_smartnoise({"max_ids": 1, "columns": {"x": column}})

    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "expected an object with names, got list"),
        ({"columns": {"x": {"type": "string"}}}, "max_ids is missing"),
        ({"max_ids": True, "columns": {"x": {"type": "string"}}}, "max_ids must be of type int"),
        ({"max_ids": 1, "columns": {}}, "list no column"),
        ({"max_ids": 1, "row_privacy": False, "columns": {"x": {"type": "string"}}}, "private_id"),
    ],
)
def test_what_is_wrong_with_the_table_is_said(document, sentence):
    with pytest.raises(MetadataError) as refused:
        read_smartnoise(document)

    assert sentence in str(refused.value)
