"""What anonymizers and attackers may try, and what becomes of it.

Channels beside the cells are tested in ``schemes/test_canonical.py``, false declarations of who is
who in ``test_lineage.py``, and targets that give themselves away in ``test_splits.py``.
"""

import attrs
import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.privacy import effective_k, people_declared
from anomed_dataset_anonymization.privacy.published import published_classes
from anomed_dataset_anonymization.threat import (
    MAX_GUESSES,
    NearestBox,
    guess_from_background,
    read_claims,
    run_panel,
    score_claims,
    score_guesses,
    worst_result,
)
from anomed_dataset_anonymization.utility import gcp, truthfulness
from anomed_dataset_anonymization.utility.published import boxes_of_people, boxes_of_published


def nearest_guess(register, table):
    return NearestBox().guess(register.view(table), rng=None)


def score(register, values, *, background=None):
    return score_guesses(
        "attack",
        values,
        truth=register.truth,
        schema=register.schema,
        unknown=("illness",),
        background_values=background,
    )[0].score


@pytest.fixture(scope="module")
def background(register):
    return guess_from_background(
        register.background,
        reference=register.reference,
        schema=register.schema,
        known=("age", "sex", "ward"),
        unknown=("illness",),
        rng=np.random.default_rng(0),
    )


class TestAnonymizers:
    def test_padding_a_class_with_copies_does_not_make_it_larger(self, register):
        """Publish a tenth of the people ten times each: k is 10, but of one person."""
        few = register.leaky.iloc[:60].reset_index(drop=True)
        table = register.publish(few.assign(count=10), "same")
        classes = published_classes(table)
        assert classes.sizes.min() >= 10
        people = np.ones(classes.n_classes, dtype=np.int64)
        assert effective_k(classes, people) == 1

    def test_declared_people_are_counted_once(self, register, identity):
        classes = published_classes(identity)
        declared = people_declared(classes, identity.lineage)
        assert declared.sum() == len(register.leaky)

    def test_blanking_the_quasi_identifiers_of_most_is_one_class_and_full_loss(self, register):
        blank = register.leaky.copy()
        blank.loc[blank.index[:-10], ["age", "sex", "ward"]] = None
        table = register.publish(blank, "same")
        assert published_classes(table).sizes.min() < 10
        loss = gcp(boxes_of_published(table).select(["age", "sex", "ward"]))
        assert loss == pytest.approx(590 / 600)

    def test_suppressing_everything_costs_everything(self, register, nothing):
        assert gcp(boxes_of_published(nothing)) == 1

    def test_rows_that_are_true_of_nobody_are_seen(self, register, identity):
        people = boxes_of_people(register.leaky, register.schema)
        swapped = register.leaky.assign(illness=np.roll(register.leaky["illness"], 7))
        false = register.publish(swapped.reset_index(drop=True), "same")
        assert truthfulness(boxes_of_published(identity), people) == 1
        assert truthfulness(boxes_of_published(false), people) < 0.5

    def test_a_false_declaration_does_not_lower_the_worst_case(self, register, identity):
        lied = register.publish(register.leaky.set_axis(np.roll(register.leaky.index, 1)), "same")
        results = [
            worst_result(
                run_panel(
                    register.view(table),
                    register.truth,
                    lineage=register.lineage(table),
                    rng=np.random.default_rng(0),
                    attacks=[NearestBox()],
                )
            )
            for table in (identity, lied)
        ]
        assert results[1].risk.low >= results[0].risk.low > 0.5

    def test_protecting_most_does_not_hide_what_happens_to_the_rare(self, register):
        """Generalise everybody but the rare, who stay as they are."""
        alone = ~register.leaky.duplicated(["age", "sex", "ward"], keep=False)
        table = pd.DataFrame({"illness": register.leaky["illness"]})
        table["age_min"] = register.leaky["age"].where(alone, 18)
        table["age_max"] = register.leaky["age"].where(alone, 97)
        for name in ("sex", "ward"):
            for value in register.schema[name].values:
                table[f"{name}_{value}"] = (register.leaky[name] == value) | ~alone
        published = register.publish(table, "generalization")
        results = run_panel(
            register.view(published),
            register.truth,
            lineage=register.lineage(published),
            rng=np.random.default_rng(0),
            attacks=[NearestBox()],
        )
        recall = {
            result.group: result.score.recall.value for result in results if not result.column
        }
        assert recall["rare"] > recall["all"]
        assert worst_result(results).group == "rare"


class TestAttackers:
    def test_failing_on_recognised_controls_gains_nothing(self, register, identity, background):
        honest = nearest_guess(register, identity)
        values = honest.values.copy()
        values[honest.confidence < honest.confidence.max() / 2] = np.nan
        cheating = score(register, values, background=background)
        floor = max(cheating.background.value, cheating.non_members.value)
        assert cheating.non_members.value < cheating.background.value == floor

    def test_the_background_model_is_no_attack(self, register, background):
        assert score(register, background, background=background).risk.value == 0

    def test_easy_targets_alone_do_not_make_a_high_score(self, register, identity):
        guesses = nearest_guess(register, identity)
        values = guesses.values.copy()
        values[register.truth.is_rare] = np.nan
        assert score(register, values).members.value < score(register, guesses.values).members.value

    def test_thousands_of_guesses_are_refused(self, register):
        everything = pd.DataFrame(
            {"target_id": register.truth.ids[0], "anon_row": range(600), "rank": range(1, 601)}
        )
        with pytest.raises(ValueError, match=f"outside 1 to {MAX_GUESSES}"):
            read_claims(everything, target_ids=register.truth.ids, n_rows=600)

    def test_the_order_of_equally_sure_claims_says_nothing(self, register, identity):
        rows = nearest_guess(register, identity).rows[:, np.newaxis]
        scored = score_claims(
            "attack", rows, truth=register.truth, lineage=register.lineage(identity)
        )[0].score
        assert scored.recall.value > 0.5
        assert scored.true_positive_rate == 0

    def test_guessing_for_controls_costs_precision(self, register, identity):
        rows = nearest_guess(register, identity).rows[:, np.newaxis]
        lineage = register.lineage(identity)
        knowing = np.where(register.truth.is_member[:, np.newaxis], rows, -1)
        everybody, members = (
            score_claims("attack", claims, truth=register.truth, lineage=lineage)[0].score
            for claims in (rows, knowing)
        )
        assert everybody.recall == members.recall
        assert everybody.precision < members.precision

    def test_luck_in_a_class_earns_nothing(self, register):
        table = register.generalise(10)
        lineage = register.lineage(table)
        own = lineage.ownership[0].toarray().argmax(axis=1)
        first_of_group = np.unique(lineage.group_of_row, return_index=True)[1]
        last_of_group = (
            len(lineage.group_of_row)
            - 1
            - np.unique(lineage.group_of_row[::-1], return_index=True)[1]
        )
        credits_of = [
            lineage.credit(choice[own][:, np.newaxis]) for choice in (first_of_group, last_of_group)
        ]
        assert np.array_equal(*credits_of)

    def test_targets_must_be_members_and_controls(self, register):
        with pytest.raises(ValueError, match="both members and non-members"):
            attrs.evolve(register.truth, is_member=np.ones(300, dtype=bool))
