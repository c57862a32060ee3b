"""Challenges of hidden tables: what is served, and what ends the start."""

import pytest

from anomed_core import ConfigError
from anomed_core.testing import served as served_by


@pytest.fixture
def served(tmp_path):
    return lambda config: served_by("dp-query", config=config, state=tmp_path / "state")


def config(penguins, folder, **settings):
    data, metadata = penguins.write(folder)
    dataset = {"source": f"csv:{data}", "metadata": str(metadata), **settings}
    return {"datasets": {"PENGUIN": dataset}}


def test_metadata_are_served_in_both_formats(served, penguins, tmp_path, exchange):
    with served(config(penguins, tmp_path)) as client:
        document = client.get("/data/metadata").json

    assert document["PENGUIN"]["smartnoise"] == exchange("metadata")["response"]
    assert document["PENGUIN"]["unit"] == "add-remove"
    assert "public_length" not in document["PENGUIN"]["csvw"]


def test_a_source_with_a_codebook_needs_no_metadata(served):
    source = {"source": "simulated:hospital-register?n=100&seed=1"}
    with served({"datasets": {"REGISTER": source}}) as client:
        document = client.get("/data/metadata").json

    columns = {one["name"]: one for one in document["REGISTER"]["csvw"]["columns"]}
    assert columns["age"]["minimum"] == 0
    assert columns["sex"]["exhaustive_keys"]


def test_a_public_size_is_that_of_the_table(served, penguins, tmp_path):
    public = config(penguins, tmp_path, size_is_public=True, unit="change-one")
    with served(public) as client:
        document = client.get("/data/metadata").json

    assert document["PENGUIN"]["csvw"]["public_length"] == penguins.N_ROWS


@pytest.mark.parametrize(
    ("settings", "key", "sentence"),
    [
        ({"unit": "row"}, "unit", "must be one of add-remove, change-one, as-lomas"),
        ({"size_is_public": True}, "size_is_public", 'set unit = "change-one"'),
        ({"metadata": ""}, "metadata", "csv: does not say itself what is public"),
        ({"metadata": "/nowhere.yaml"}, "metadata", "nowhere.yaml: it cannot be read"),
        ({"source": "csv:/nowhere.csv"}, "source", "/nowhere.csv"),
    ],
)
def test_what_is_wrong_ends_the_start_in_one_sentence(
    served, settings, key, sentence, penguins, tmp_path
):
    with (
        pytest.raises(ConfigError) as refused,
        served(config(penguins, tmp_path, **settings)),
    ):
        pytest.fail("it has started")

    assert key in str(refused.value)
    assert sentence in str(refused.value)


def test_no_datasets_are_refused(served):
    with pytest.raises(ConfigError, match="datasets"), served({"datasets": {}}):
        pytest.fail("it has started")
