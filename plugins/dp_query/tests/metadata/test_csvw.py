"""Metadata in CSVW-EO, read in camelCase and told in snake_case."""

import attrs
import pytest
from anomed_dp_query.metadata import Kind, MetadataError, csvw_document, read_csvw
from anomed_dp_query.metadata.csvw import DATATYPES


def test_penguins_are_told_as_the_client_took_them(penguins, recorded):
    taken = next(
        one["response"]
        for one in recorded("wire_0_5/exchanges.json")
        if one["request"]["path"].endswith("/get_dataset_metadata")
    )

    document = csvw_document(read_csvw(penguins.csvw(publicLength=344)))

    assert document == taken
    assert [list(column) for column in document["columns"]] == [
        list(column) for column in taken["columns"]
    ]


def test_what_is_told_can_be_read_again(penguins):
    table = read_csvw(penguins.csvw(additionalInformation=[{"columnsInGroup": ["sex", "island"]}]))

    assert read_csvw(csvw_document(table)) == table


def test_a_private_number_of_rows_is_not_told(penguins):
    table = read_csvw(penguins.csvw(publicLength=344)).without_length()

    assert "public_length" not in csvw_document(table)


@pytest.mark.parametrize(("datatype", "kind"), DATATYPES.items())
def test_each_datatype_is_kept(datatype, kind):
    table = read_csvw({"columns": [{"name": "x", "datatype": datatype}]})

    assert table.column("x").kind is kind
    assert csvw_document(table)["columns"][0]["datatype"] == datatype


def test_a_column_may_lack_values_unless_it_is_required():
    table = read_csvw({"columns": [{"name": "x", "required": True}, {"name": "y"}]})

    assert [column.nullable for column in table.columns] == [False, True]


def test_keys_may_be_partitions():
    partition = {"predicate": {"partitionValue": "a"}}
    table = read_csvw({"columns": [{"name": "x", "publicKeysValues": [partition]}]})

    assert table.column("x").categories == ("a",)
    assert not table.column("x").exhaustive


def test_dependencies_name_columns():
    columns = [{"name": "x"}, {"name": "y", "dependencies": [{"dependsOn": "x"}, "x"]}]

    assert read_csvw({"columns": columns}).column("y").depends_on == ("x", "x")


def test_smartnoise_can_be_told_in_this_format(penguins):
    from anomed_dp_query.metadata import read_smartnoise

    table = read_smartnoise(penguins.smartnoise())
    ours = read_csvw(csvw_document(table))

    assert ours == attrs.evolve(
        table,
        rows=None,
        columns=[
            attrs.evolve(
                one, datatype="string" if one.kind is Kind.STRING else "double", nullable_share=0.0
            )
            for one in table.columns
        ],
    )


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ({"name": "x", "datatype": "anyURI"}, "has the datatype 'anyURI'; give one of string"),
        ({"datatype": "string"}, "a column has no name"),
        ({"name": "x", "datatype": "double", "minimum": 1}, "has one bound"),
        ({"name": "x", "exhaustiveKeys": True}, "none are given"),
        ({"name": "x", "keyValues": [{"predicate": {}}]}, "has no partition value"),
        ({"name": "x", "nullableProportion": 1.5}, "a share is from 0 to 1"),
        ({"name": "x", "dependencies": [3]}, "a dependency names no column"),
    ],
)
def test_what_is_wrong_is_said(column, sentence):
    with pytest.raises(MetadataError) as refused:
        read_csvw({"tableSchema": {"columns": [column]}})

    assert sentence in str(refused.value)
