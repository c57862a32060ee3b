import numpy as np
import pytest
from anomed_dataset_anonymization.utility import (
    Boxes,
    Intervals,
    ValueMasses,
    majority_accuracy,
    model_accuracy,
)
from sklearn.tree import DecisionTreeClassifier


def people(n_people, seed):
    """People of ages 0 to 9 whose colour is 0 below 5 and 1 above, but for 5 % of them."""
    rng = np.random.default_rng(seed)
    ages = rng.integers(0, 10, n_people)
    colours = (ages >= 5) ^ (rng.random(n_people) < 0.05)
    return table(ages, ages, ValueMasses.from_values(colours, n_values=2))


def table(low, high, colours):
    return Boxes(
        columns={
            "age": Intervals.from_rows(low, high, domain=(0, 9), step=1),
            "colour": colours,
        },
        counts=np.ones(len(colours.cell_of_row), dtype=np.int64),
    )


@pytest.fixture(scope="module")
def original():
    return people(600, seed=0)


@pytest.fixture(scope="module")
def unseen():
    return people(400, seed=1)


def test_a_model_of_the_original_finds_its_rule(original, unseen):
    assert model_accuracy(original, unseen=unseen, target="colour") == pytest.approx(0.95, abs=0.03)
    assert majority_accuracy(original, unseen=unseen, target="colour") == pytest.approx(
        0.5, abs=0.1
    )


def test_ranges_that_keep_the_border_keep_the_model(original, unseen):
    ages = original.columns["age"]
    low = np.where(ages.low[ages.cell_of_row] < 5, 0, 5)
    halves = table(low, low + 4, original.columns["colour"])
    kept = model_accuracy(halves, unseen=unseen, target="colour")
    assert kept == pytest.approx(model_accuracy(original, unseen=unseen, target="colour"), abs=0.02)


def test_suppressed_features_are_worth_the_majority(original, unseen):
    nothing = np.full(600, np.nan)
    blank = table(nothing, nothing, original.columns["colour"])
    assert model_accuracy(blank, unseen=unseen, target="colour") == majority_accuracy(
        original, unseen=unseen, target="colour"
    )


def test_listed_values_are_features(original, unseen):
    def with_hint(table):
        return Boxes(
            columns={"colour": table.columns["colour"], "hint": table.columns["colour"]},
            counts=table.counts,
        )

    assert model_accuracy(with_hint(original), unseen=with_hint(unseen), target="colour") == 1.0


def test_swapped_labels_mislead(original, unseen):
    colours = original.columns["colour"]
    ages = original.columns["age"]
    swapped = table(
        ages.low[ages.cell_of_row],
        ages.high[ages.cell_of_row],
        ValueMasses(mass=colours.mass[:, ::-1], cell_of_row=colours.cell_of_row),
    )
    misled = model_accuracy(swapped, unseen=unseen, target="colour")
    assert misled < majority_accuracy(original, unseen=unseen, target="colour") - 0.2


def test_a_spread_label_trains_each_value_with_its_share(unseen):
    soft = table([0, 9], [0, 9], ValueMasses.from_frequencies([[0.9, 0.1], [0.2, 0.8]]))
    exact = table(
        [0] * 10 + [9] * 10,
        [0] * 10 + [9] * 10,
        ValueMasses.from_values([0] * 9 + [1] + [0] * 2 + [1] * 8, n_values=2),
    )
    accuracies = [
        model_accuracy(
            published,
            unseen=unseen,
            target="colour",
            make_model=lambda: DecisionTreeClassifier(max_depth=1, random_state=0),
        )
        for published in (soft, exact)
    ]
    assert accuracies[0] == accuracies[1] > 0.9


def test_a_table_of_one_label_predicts_it(original, unseen):
    ages = original.columns["age"]
    one = table(
        ages.low[ages.cell_of_row],
        ages.high[ages.cell_of_row],
        ValueMasses.from_values(np.ones(600, dtype=int), n_values=2),
    )
    truth = unseen.columns["colour"]
    share = truth.mass[truth.cell_of_row][:, 1].mean()
    assert model_accuracy(one, unseen=unseen, target="colour") == pytest.approx(share)


@pytest.mark.parametrize(
    ("change", "target", "complaint"),
    [
        (lambda unseen: unseen, "age", "needs listed values"),
        (lambda unseen: unseen, "shoe", "lacks the columns"),
        (lambda unseen: unseen.select(["age"]), "colour", "lacks the columns"),
        (
            lambda unseen: table([1], [1], ValueMasses.from_sets([[True, True]])),
            "colour",
            "labels are unknown",
        ),
    ],
)
def test_impossible_targets_are_refused(original, unseen, change, target, complaint):
    with pytest.raises(ValueError, match=complaint):
        model_accuracy(original, unseen=change(unseen), target=target)


def test_the_target_alone_predicts_nothing(original):
    alone = original.select(["colour"])
    with pytest.raises(ValueError, match="nothing can predict it"):
        model_accuracy(alone, unseen=alone, target="colour")
