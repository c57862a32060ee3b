"""What an organiser decides, judged when it is read."""

import pytest
from anomed_supervised_mia.challenge.config import SupervisedMIAConfig

from anomed_core import ConfigError
from anomed_core.config import structure

MINIMAL = {"data": {"source": "sklearn:iris"}}
PARTS = {"training": "npz:a", "tuning": "npz:b", "validation": "npz:c"}


def read(**changes: object) -> SupervisedMIAConfig:
    return structure({**MINIMAL, **changes}, SupervisedMIAConfig, key="challenges.c")


def test_a_source_is_enough() -> None:
    config = read()

    assert config.data.split == (0.7, 0.15, 0.15)
    assert config.mia_evaluation_dataset_length == 100
    assert config.rank_attacks_by == "auc"


def test_sources_of_the_parts_are_taken_instead() -> None:
    assert read(data={**PARTS, "non_members": "npz:d"}).data.non_members == "npz:d"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"data": {}}, "challenges.c.data: give either source, or training and tuning and val"),
        (
            {"data": {"source": "a:b", "training": "a:b"}},
            "challenges.c.data: give either source, or training and tuning and validation",
        ),
        (
            {"data": {"training": "a:b", "tuning": "a:b"}},
            "challenges.c.data: training, tuning and validation are all needed",
        ),
        (
            {"data": {"source": "a:b", "split": [0.5, 0.5]}},
            "challenges.c.data.split: split must be three or four positive shares",
        ),
        (
            {"data": {"source": "a:b", "split": [0.9, 0.2, 0.1]}},
            "challenges.c.data.split: split must be three or four positive shares that add up",
        ),
        (
            {"data": {"source": "a:b", "split": [1.0, 0.0, 0.0]}},
            "challenges.c.data.split: split must be three or four positive shares",
        ),
        (
            {"data": {**PARTS, "split": [0.5, 0.2, 0.3], "seed": 1}},
            "challenges.c.data: training, tuning and validation are not split, but seed and split",
        ),
        (
            {"data": {"source": "a:b", "split": [0.4, 0.2, 0.2, 0.2], "non_members": "a:c"}},
            "challenges.c.data.non_members: non_members came beside a split with a fourth share",
        ),
        (
            {"data": {"source": "a:b", "target": "t", "y": "labels"}},
            "challenges.c.data: target, a column of a table, came beside y for arrays",
        ),
        ({"data": {"source": 5}}, "challenges.c.data.source: expected text in quotes, got 5"),
        ({"data": {"sorce": "a:b"}}, "challenges.c.data.sorce: unknown key; did you mean 'source'"),
        ({"mia_evaluation_dataset_length": 0}, "challenges.c.mia_evaluation_dataset_length: "),
        ({"utility": "accuracy"}, "challenges.c.utility: expected a list, got 'accuracy'"),
        (
            {"rank_attacks_by": "f1"},
            "challenges.c.rank_attacks_by: rank_attacks_by must be one of acc, tpr, auc",
        ),
    ],
)
def test_a_mistake_is_one_line_with_the_path_of_its_key(
    changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ConfigError) as error:
        read(**changes)

    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


def test_without_data_the_key_is_named() -> None:
    with pytest.raises(ConfigError, match=r"challenges\.c\.data: is required"):
        structure({}, SupervisedMIAConfig, key="challenges.c")
