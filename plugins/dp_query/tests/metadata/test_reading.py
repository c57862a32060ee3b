"""Files of metadata."""

import json

import pytest
import yaml
from anomed_dp_query.metadata import MetadataError, read_csvw, read_metadata, read_smartnoise


def test_the_content_says_which_format_it_is(penguins, tmp_path):
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    one.write_text(yaml.safe_dump(penguins.smartnoise(), sort_keys=False))
    other.write_text(json.dumps(penguins.csvw()))

    assert read_metadata(one) == read_smartnoise(penguins.smartnoise())
    assert read_metadata(other) == read_csvw(penguins.csvw())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("max_ids: 1\nmax_ids: 2\n", "a name stands twice"),
        ('{"max_ids": 1, "max_ids": 2}', "has a name twice"),
        ("{", "it is no JSON"),
        ("a: [", "it is no YAML"),
        ("a: !!python/object/apply:os.system ['true']", "it is no YAML"),
        ("- 1", "expected an object with names, got list"),
    ],
)
def test_what_is_no_document_is_refused_with_the_files_name(text, sentence, tmp_path):
    path = tmp_path / "metadata.yaml"
    path.write_text(text)

    with pytest.raises(MetadataError, match=r"metadata\.yaml: ") as refused:
        read_metadata(path)

    assert sentence in str(refused.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MetadataError, match=r"nowhere\.yaml: it cannot be read"):
        read_metadata(tmp_path / "nowhere.yaml")
