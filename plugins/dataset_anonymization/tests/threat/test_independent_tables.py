"""Tables that never saw the members leak nothing, by all attacks of the house together.

At most one in twenty may look as if it did: that is what the level of the intervals promises.
"""

import attrs
import numpy as np
import pytest
from anomed_dataset_anonymization.anonymizers import Mondrian
from anomed_dataset_anonymization.schema.frames import people_frame
from anomed_dataset_anonymization.threat import PANEL, find_exposed, run_panel, worst_result
from scipy.stats import binom

from .conftest import simulate

QUICK = tuple(attack for attack in PANEL if attack.name != "gradient_boosting")


def strangers(register, rng):
    """Return as many people as were leaked, none of whom was."""
    places = rng.integers(0, len(register.reference), len(register.leaky))
    return people_frame(register.reference[places], register.schema)


def declared(register, rng):
    return strangers(register, rng).set_axis(register.leaky.index), "same"


def undeclared(register, rng):
    return strangers(register, rng), "same"


def generalised(register, rng):
    people = strangers(register, rng).set_axis(register.leaky.index)
    table = Mondrian(k=3).anonymize(people, register.schema, rng=rng)
    return table.reset_index(drop=True), "generalization"


def shuffled(register, rng):
    return strangers(register, rng).apply(rng.permutation), "same"


def few(register, rng):
    return strangers(register, rng).head(20).assign(count=30), "same"


KINDS = (undeclared, declared, generalised, shuffled, few)


def house_risk(register, table, rng, *, attacks=QUICK):
    truth = attrs.evolve(register.truth, is_exposed=find_exposed(table, register.truth))
    results = run_panel(
        register.view(table), truth, lineage=register.lineage(table), rng=rng, attacks=attacks
    )
    return worst_result(results).risk.low


def n_above_zero(kind, *, n_draws, attacks):
    """Count the draws in which a kind of table looks as if it leaked."""
    found = 0
    for seed in range(n_draws):
        register, rng = simulate(seed), np.random.default_rng(seed)
        table, scheme = kind(register, rng)
        risk = house_risk(register, register.publish(table, scheme), rng, attacks=attacks)
        found += risk > 0
    return found


@pytest.mark.parametrize(
    ("n_draws", "attacks"),
    [
        pytest.param(10, QUICK, id="few"),
        pytest.param(200, PANEL, id="many", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_tables_independent_of_the_members_have_no_risk(kind, n_draws, attacks):
    allowed = binom.ppf(0.999, n_draws, 0.05)
    assert n_above_zero(kind, n_draws=n_draws, attacks=attacks) <= allowed


def test_tables_of_the_members_have_a_risk_in_every_draw():
    for seed in range(3):
        register, rng = simulate(seed), np.random.default_rng(seed)
        table = register.publish(register.leaky.reset_index(drop=True), "same")
        assert house_risk(register, table, rng) > 0.5
