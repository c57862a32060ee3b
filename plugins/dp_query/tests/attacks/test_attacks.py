"""Attacks find out what was released without noise, and nothing where nothing was."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from anomed_dp_query.attacks import (
    Release,
    guess_secrets,
    membership_scores,
    secret_probabilities,
)
from anomed_dp_query.counting import cells_of, levels_of, most_cells
from anomed_dp_query.threat import Spent, assess_bits, assess_membership, assess_secrets

SECRET = "admission_type"
COLUMNS = ["sex", "admission_type", "diagnosis", "severity", "admission_month"]
N = 400


class Register:
    """A small private register, others of its population, and what was released of it."""

    def __init__(self, register):
        self.table = register.METADATA
        self.private = register.draw(N, 7)
        self.others = register.draw(N, 9)
        self.background = register.draw(1_000, 8)
        self.people = pd.concat([self.private, self.others], ignore_index=True)
        self.is_member = np.arange(2 * N) < N
        self.values = levels_of(self.table.column(SECRET))

    def releases(self, *, scale, size=3, seed=0):
        rng = np.random.default_rng(seed)
        return [self.release(by, scale, rng) for by in combinations(COLUMNS, size)]

    def release(self, by, scale, rng):
        def cells(frame):
            return cells_of(frame, self.table, by=by, where=())

        counts = np.bincount(cells(self.private), minlength=most_cells(self.table, by))
        noise = rng.laplace(0, scale, len(counts)) if scale else 0.0
        return Release(counts=counts + noise, variance=2 * scale**2, cells_of=cells)

    def guess(self, releases, people):
        known = people.drop(columns=SECRET)
        probabilities = secret_probabilities(
            releases, known, self.background, secret=SECRET, values=self.values
        )
        return np.array(guess_secrets(probabilities, self.values))


@pytest.fixture(scope="module")
def world(register):
    return Register(register)


def test_members_are_told_from_exact_answers_and_the_ceiling_is_exceeded(world):
    scores = membership_scores(world.releases(scale=0), world.people, world.background)

    found = assess_membership(scores, world.is_member, spent=Spent(epsilon=1), n_attackers=20)
    assert found.auc.low > 0.75
    assert found.is_incident
    assert found.epsilon_lower > 1


def test_members_are_hidden_by_noise(world):
    n_releases = 10
    scores = membership_scores(
        world.releases(scale=n_releases / 1.0), world.people, world.background
    )

    found = assess_membership(scores, world.is_member, spent=Spent(epsilon=1), n_attackers=20)
    assert abs(found.auc.value - 0.5) < 0.07
    assert not found.is_incident


def test_secrets_are_told_from_exact_answers(world):
    truth = world.people[SECRET].to_numpy()

    right = world.guess(world.releases(scale=0, size=4), world.people) == truth
    by_background = world.guess([], world.people) == truth

    found = assess_secrets(
        right,
        world.is_member,
        right_by_background=by_background,
        spent=Spent(epsilon=0.1),
        n_attackers=20,
    )
    assert found.advantage.low > 0.1
    assert found.of_members > found.by_background + 0.1
    assert found.is_incident


def test_bits_are_reconstructed_from_exact_answers_and_not_from_noisy_ones(world):
    truth = (world.private[SECRET] == "emergency").to_numpy(dtype=bool)
    background = world.guess([], world.private) == "emergency"

    def gain(scale):
        guessed = world.guess(world.releases(scale=scale, size=4), world.private) == "emergency"
        return assess_bits(guessed, truth, by_background=background).gain

    assert gain(0).low > 0.05
    assert gain(50).low < 0.05


def test_without_releases_nobody_is_likelier_than_others(world):
    scores = membership_scores([], world.people, world.background)

    assert set(scores) == {0.5}


def test_probabilities_of_secrets_add_up(world):
    probabilities = secret_probabilities(
        world.releases(scale=5, size=2),
        world.people.drop(columns=SECRET),
        world.background,
        secret=SECRET,
        values=world.values,
    )

    assert probabilities.sum(axis=1) == pytest.approx(np.ones(2 * N))
