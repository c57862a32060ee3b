"""Tables of public people are told from all others, and no other table is taken for one."""

import numpy as np
import pytest
from anomed_dataset_anonymization.anonymizers import Mondrian
from anomed_dataset_anonymization.schema.frames import people_frame
from anomed_dataset_anonymization.threat import nearness_to_public
from anomed_dataset_anonymization.utility import boxes_of_published
from anomed_dataset_anonymization.utility.published import boxes_of_people

from .conftest import simulate


def measure(register, table, scheme="same"):
    truth = register.truth
    return nearness_to_public(
        boxes_of_published(register.publish(table, scheme)),
        leaky=boxes_of_people(register.leaky, register.schema),
        reference=register.reference,
        non_members=truth.people[~truth.is_member],
        rng=np.random.default_rng(0),
    )


@pytest.fixture(scope="module")
def public(register):
    return people_frame(register.reference, register.schema)


def test_the_reference_is_found(register, public):
    assert measure(register, public).low > 0.6


def test_the_reference_with_every_age_moved_is_found(register, public):
    moved = public.assign(age=np.where(public["age"] < 60, public["age"] + 1, public["age"] - 1))
    assert measure(register, moved).low > 0.55


def test_the_leaky_table_is_not_taken_for_it(register):
    assert measure(register, register.leaky).value == 0.5


def test_what_is_half_public_is_found(register, public):
    half = np.random.default_rng(0).permutation(len(public))[: len(public) // 2]
    assert measure(register, public.iloc[half]).low > 0.5


def test_honest_tables_are_taken_for_it_in_no_draw():
    for seed in range(8):
        register, rng = simulate(seed), np.random.default_rng(seed)
        generalised = Mondrian(k=4).anonymize(register.leaky, register.schema, rng=rng)
        assert measure(register, generalised, "generalization").low < 0.5
        noisy = register.leaky.assign(age=(register.leaky["age"] + 3).clip(upper=97))
        assert measure(register, noisy).low < 0.5
