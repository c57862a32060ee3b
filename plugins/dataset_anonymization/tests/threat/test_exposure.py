import numpy as np
import pytest
from anomed_dataset_anonymization.threat import find_exposed
from anomed_dataset_anonymization.threat.truth import MIN_GROUP


def test_the_few_who_are_published_are_found(register):
    """Publish the first fifteenth of the people, fifteen times each."""
    n_few = len(register.leaky) // 15
    table = register.publish(register.leaky.iloc[:n_few].assign(count=15), "same")
    exposed = find_exposed(table, register.truth)
    members = register.truth.is_member
    published = members & (register.truth.leaky_positions < n_few)
    assert 0 < published.sum() < MIN_GROUP
    assert exposed[published].all()
    assert exposed[members].sum() < members.sum() / 2
    assert MIN_GROUP <= exposed[~members].sum() < (~members).sum() / 2


def test_all_are_exposed_alike_by_a_table_as_it_is(register, identity):
    exposed = find_exposed(identity, register.truth)
    assert exposed[register.truth.is_member].all()
    assert not exposed[~register.truth.is_member].all()


def test_a_table_that_says_nothing_exposes_everybody_alike(register, nothing):
    assert find_exposed(nothing, register.truth).all()


def test_of_rows_that_hold_somebody_the_narrow_ones_expose(register):
    """Blank rows hold everybody; the few who are published as they are stand out all the same."""
    blank = register.leaky.copy()
    blank.loc[blank.index[20:], ["age", "sex", "ward", "illness"]] = None
    table = register.publish(blank, "same")
    plain = register.truth.is_member & (register.truth.leaky_positions < 20)
    exposed = find_exposed(table, register.truth)
    assert plain.any()
    assert exposed[plain].all()


@pytest.mark.parametrize("share", [0.0, 1.1, np.nan])
def test_impossible_shares_are_refused(register, identity, share):
    with pytest.raises(ValueError, match="can't be chosen"):
        find_exposed(identity, register.truth, share=share)
