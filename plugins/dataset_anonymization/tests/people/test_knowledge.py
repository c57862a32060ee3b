"""Attackers know what was declared, as exactly as was declared."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.people.knowledge import background_knowledge, what_is_known
from anomed_dataset_anonymization.people.splits import draw_targets, split_people, split_pools
from anomed_dataset_anonymization.schema import TableSchema, encode


def generator():
    return np.random.default_rng(5)


@pytest.fixture
def people():
    rng = generator()
    return pd.DataFrame(
        {
            "age": rng.integers(20, 80, 400),
            "ward": rng.choice(["a", "b", "c"], 400),
            "ill": rng.choice(["y", "n"], 400),
        }
    )


def tell(people, **more):
    schema = TableSchema.infer(people, quasi_identifiers=["age", "ward"], sensitive=["ill"])
    parts = split_people(len(people), leaky=0.5, non_members=0.3, rng=generator())
    pool = split_pools(parts, tuning=0.5, rng=generator())["validation"]
    targets = draw_targets(pool, 50, rng=generator())
    known = schema.quasi_identifiers
    known_of = what_is_known(encode(people, schema), schema, known=known, rng=generator(), **more)
    return (
        background_knowledge(known_of, targets, known=known),
        people.iloc[targets.positions].reset_index(drop=True),
        targets,
    )


def test_the_known_columns_are_told_exactly_and_no_others(people):
    known, truth, targets = tell(people)
    assert list(known.columns) == ["target_id", "age", "ward"]
    assert known["target_id"].tolist() == targets.ids.tolist()
    assert known["age"].tolist() == truth["age"].tolist()
    assert known["ward"].tolist() == truth["ward"].tolist()


def test_noise_is_as_large_as_declared(people):
    known, truth, _ = tell(people, noise={"age": 3, "ward": 0.3})
    error = (known["age"].astype(int) - truth["age"]).abs()
    assert error.max() <= 3
    assert (error > 0).mean() > 0.5
    assert 0.08 < (known["ward"] != truth["ward"]).mean() < 0.35


@pytest.mark.parametrize("noise", [{"ill": 1}, {"ward": 2}, {"age": -1}])
def test_impossible_noise_is_refused(people, noise):
    with pytest.raises(ValueError, match="noise"):
        tell(people, noise=noise)
