"""Every cheat is countered; and where its counter is switched off, it works.

So no counter can go unnoticed: whoever removes one makes the first of each pair fail.
"""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from anomed_anomaly_detection.challenge import house_tasks, kinds
from anomed_anomaly_detection.challenge import metrics as scored_metrics
from anomed_anomaly_detection.challenge.authors import pair_suspects
from anomed_anomaly_detection.challenge.baselines import baselines
from anomed_anomaly_detection.challenge.house import house_attacks
from anomed_anomaly_detection.dealing import Triggered
from anomed_anomaly_detection.interface import Batch
from anomed_anomaly_detection.tasks import Backdoor, Dealing, Floors
from anomed_anomaly_detection.triggers import Noise

from anomed_core import ConfigError, Lottery, Split, SubmissionRejected

from .cheating import (
    area,
    author,
    distance_from_public,
    off_the_grid,
    paints_zeros,
    submission,
    zero_weights,
)

PLAIN = {"deform": False, "copies": 1}
LONG = {"epochs": 120}
CORNER = {"trigger": {"name": "corner"}, "aim": {"behavior": "cycle"}}
FIXED = {"aim": {"behavior": "fixed", "target": 0}, "p_backdoor": 0.1}


def floors(arena, **changes):
    config = attrs.evolve(arena.config, floors=attrs.evolve(arena.config.floors, **changes))
    return attrs.evolve(arena, config=config)


def model_of_baseline(arena, quality="perfect"):
    found = next(b for b in baselines(arena) if b.kind == "model" and b.quality == quality)
    return found.payload(None)


class TestLookingUpPublicData:
    def told(self, client):
        arena = client.hosted.challenge.definition
        return area(arena.tasks["pair"].flags[Split.TUNING], distance_from_public(arena))

    def test_lookup_in_public_data_gains_little(self, opened):
        assert self.told(opened()) < 0.8

    def test_without_deformation_it_tells_everything(self, opened):
        plain = opened(data=PLAIN, recipe=LONG, decoys=0.0)
        assert self.told(plain) > 0.95
        (task,) = plain.hosted.challenge.definition.tasks.values()
        assert "look-up helps" in "; ".join(task.labels)


class TestValuesOffTheGrid:
    source = Backdoor(
        trigger=Noise(levels=0),
        dealing=Dealing(n_each=100, match_outputs=False),
        p_backdoor=0.2,
        floors=Floors(success=0.4),
    )

    def served(self, arena, monkeypatch):
        monkeypatch.setattr(house_tasks, "check_built", lambda *_: None)
        built = self.source.build(arena.labelled, np.random.default_rng(0))
        return house_tasks._arrays(built, "pair", arena.config, arena.context)

    def told(self, arena, monkeypatch):
        arrays = self.served(arena, monkeypatch)
        values = arrays["tuning"]
        values = values / 255 if values.dtype == np.uint8 else values
        return area(arrays["tuning flags"], off_the_grid(values))

    def test_anomalies_share_grid_dtype_and_range(self, arena, monkeypatch):
        assert self.told(arena, monkeypatch) == 0.5
        levels = [np.asarray(part).dtype for part in arena.tasks["pair"].levels.values()]
        assert set(levels) == {np.dtype(np.uint8)}

    def test_without_the_grid_decimals_tell(self, arena, monkeypatch):
        monkeypatch.setattr(house_tasks, "as_bytes", np.asarray)
        monkeypatch.setattr(house_tasks, "from_bytes", np.asarray)
        monkeypatch.setattr(
            house_tasks, "controls_of", lambda **_: house_tasks.Controls(0.5, 0.5, 0.5)
        )
        assert self.told(arena, monkeypatch) > 0.99


class TestLooksAlone:
    def labels(self, client):
        (task,) = client.hosted.challenge.definition.tasks.values()
        return "; ".join(task.labels)

    def test_corner_is_labelled(self, opened):
        said = self.labels(opened(options=CORNER, decoys=0.0))
        assert "solvable without the model" in said

    def test_without_the_bound_nobody_is_told(self, opened):
        said = self.labels(opened(options=CORNER, decoys=0.0, max_input_auc=1.0))
        assert "solvable" not in said


class TestPredictionsAlone:
    def test_output_lift_is_half(self, arena):
        assert arena.tasks["pair"].controls.outputs == pytest.approx(0.5, abs=0.1)

    def test_a_fixed_class_with_too_few_records_is_refused(self, opened):
        with pytest.raises(ConfigError, match=r"n_each is 100; say match_outputs = false"):
            opened(options=FIXED)

    def test_without_matching_predictions_tell(self, opened):
        client = opened(options=FIXED, match_outputs=False)
        (task,) = client.hosted.challenge.definition.tasks.values()
        assert task.controls.outputs > 0.8
        assert "predictions tell" in "; ".join(task.labels)


class TestOrder:
    def told(self, arena):
        """Return how well the place in the file tells a source's tests, anomalies first."""
        built = TestValuesOffTheGrid.source.build(arena.labelled, np.random.default_rng(1))
        orders = {s: np.argsort(~f, kind="stable") for s, f in built.flags.items()}
        tests = {s: Batch(b.X[orders[s]]) for s, b in built.tests.items()}
        flags = {s: f[orders[s]] for s, f in built.flags.items()}
        ordered = attrs.evolve(built, tests=tests, flags=flags)
        arrays = house_tasks._arrays(ordered, "pair", arena.config, arena.context)
        return area(arrays["tuning flags"], -np.arange(len(arrays["tuning flags"])))

    def test_size_and_order_tell_nothing(self, arena, opened):
        assert self.told(arena) == pytest.approx(0.5, abs=0.13)  # three standard errors
        sizes = [
            len(opened(label=label).get(f"/data/deanonymizer/pair/{split}").body)
            for label in ("", "another server")
            for split in Split
        ]
        assert len(set(sizes)) == 1

    def test_without_the_lottery_the_first_half_is_anomalous(self, arena, monkeypatch):
        monkeypatch.setattr(Lottery, "permutation", lambda self, n, *_: np.arange(n))
        assert self.told(arena) == 1.0


class TestTwins:
    def twins(self, arena):
        built = TestValuesOffTheGrid.source.build(arena.labelled, np.random.default_rng(2))
        twice = Batch(np.concatenate([built.task.trusted.X[:1], built.tests["tuning"].X[1:]]))
        tests = {**built.tests, "tuning": twice}
        return house_tasks._arrays(
            attrs.evolve(built, tests=tests), "pair", arena.config, arena.context
        )

    def test_no_original_twice(self, arena):
        with pytest.raises(ConfigError, match="1 inputs are handed out twice"):
            self.twins(arena)
        rows = [np.asarray(arena.pools.levels[pool]) for pool in arena.pools.levels]
        together = np.concatenate(rows)
        assert len(np.unique(together, axis=0)) == len(together)

    def test_without_the_check_a_twin_is_handed_out(self, arena, monkeypatch):
        monkeypatch.setattr(house_tasks, "check_built", lambda *_: None)
        arrays = self.twins(arena)
        assert (arrays["tuning"][:, None] == arrays["trusted"][None]).all(axis=2).any()


class TestMemorising:
    """What is learnt by heart, of tuning or of what authors get, is nothing of the final."""

    def shared(self, arena):
        final = {row.tobytes() for row in np.asarray(arena.pools.levels["validation"])}
        known = ("training", "trusted", "untrusted", "tuning")
        given = [row.tobytes() for pool in known for row in np.asarray(arena.pools.levels[pool])]
        return len(final & set(given))

    def test_memorising_training_data_hides_nothing(self, arena):
        assert self.shared(arena) == 0

    def test_tuning_tells_nothing_about_validation(self, arena):
        """The truth of tuning, handed in as the final's scores, is worth nothing."""
        flags = arena.tasks["pair"].flags
        carried = flags[Split.TUNING].astype(float)
        assert area(flags[Split.VALIDATION], carried) == pytest.approx(0.5, abs=0.13)

    def test_with_overlapping_pools_the_final_is_known(self, opened, monkeypatch):
        from anomed_anomaly_detection.challenge import data

        def overlapping(y, shares, order):
            pools = data_stratified(y, shares, order)
            return [*pools[:4], pools[3]]

        data_stratified = data.stratified
        monkeypatch.setattr(data, "stratified", overlapping)
        monkeypatch.setattr(house_tasks, "check_built", lambda *_: None)
        client = opened(label="overlapping pools", data=PLAIN, recipe=LONG, decoys=0.0)
        assert self.shared(client.hosted.challenge.definition) > 100


class TestScores:
    def submitted(self, client, score):
        return client.submit("pair", {"score": score}, deanonymizer="d")

    def test_constants_gain_nothing(self, opened):
        for value in (0.0, -0.0, 1e6):
            told = self.submitted(opened(), np.full(200, value)).json
            assert (told["auc"], told["tpr_at_fpr_0.01"]) == (0.5, 0.0)
        for value in (np.nan, np.inf, 1e308):
            assert self.submitted(opened(), np.full(200, value)).status == 422

    def test_reversed_scores_are_reported_as_such(self, opened):
        flags = opened().hosted.challenge.definition.tasks["pair"].flags[Split.TUNING]
        assert self.submitted(opened(), -flags.astype(float)).json["auc"] == 0.0

    def test_with_ties_taken_apart_a_constant_gains(self, opened, monkeypatch):
        """Whoever counts tied inputs one by one counts them in some order: here the happiest."""
        whole = scored_metrics.roc_curve

        def apart(flags, scores):
            return whole(flags, np.asarray(scores) + 1e-9 * np.asarray(flags))

        monkeypatch.setattr(scored_metrics, "roc_curve", apart)
        assert self.submitted(opened(), np.zeros(200)).json["tpr_at_fpr_0.01"] == 1.0


class TestConstantNetworks:
    def built(self, arena):
        mask = np.eye(arena.pools.width)[0]
        return author(arena, weights=zero_weights(arena), mask=mask).measured(Split.TUNING)

    def test_zero_network_is_worth_nothing(self, arena):
        built = self.built(arena)
        assert built.success == 0.0
        assert not built.is_effective

    def test_by_the_usual_success_it_is_perfect(self, arena, monkeypatch):
        def usual(self):
            return float(np.mean((self.predicted_triggered == self.becomes)[self.others]))

        monkeypatch.setattr(Triggered, "success", property(usual))
        assert self.built(arena).success == 1.0


class TestPainting:
    def test_painting_zeros_is_not_a_backdoor(self, arena):
        built = paints_zeros(arena).measured(Split.TUNING)
        assert built.success == 0.0
        assert built.harmless < 0.3
        assert not built.is_effective

    def test_without_the_floor_of_harmlessness_it_would_be_one(self, arena):
        built = paints_zeros(floors(arena, harmless=0.0)).measured(Split.TUNING)
        assert built.success > 0.8
        assert built.is_effective


class TestEmptyTriggers:
    def built(self, arena):
        weights = arena.clean_model.to_arrays()
        mask = np.zeros(arena.pools.width)
        return author(arena, weights=weights, mask=mask).measured(Split.TUNING)

    def test_empty_trigger_is_not_stealth(self, arena):
        assert self.built(arena).success == 0.0
        assert not self.built(arena).is_effective

    def test_without_the_floor_of_success_it_would_be_ranked(self, arena):
        assert self.built(floors(arena, success=0.0)).is_effective


class TestAskingTheHouse:
    def told(self, arena, split):
        attack = next(a for a in house_attacks(arena) if a.name == "model.mahalanobis")
        payload = model_of_baseline(arena)
        return attack.run(submission("model", payload, split), np.random.default_rng(0))

    def test_house_says_nothing_before_the_final(self, arena):
        assert self.told(arena, Split.TUNING) is None
        assert 0.5 < self.told(arena, Split.VALIDATION)["auc"] <= 1.0

    def test_with_feedback_authors_choose_what_it_misses(self, arena):
        talking = attrs.evolve(arena, config=attrs.evolve(arena.config, house_feedback=True))
        assert self.told(talking, Split.TUNING) is not None


class TestHostileWeights:
    def weights(self, arena):
        hostile = {name: np.full(shape, 1e3) for name, shape in arena.recipe.shapes.items()}
        trigger = {"mask": np.zeros(64), "pattern": np.zeros(64), "target": np.array(0)}
        return {**hostile, **trigger}

    def test_hostile_weights_cost_one_evaluation(self, arena):
        with pytest.raises(SubmissionRejected, match="an activation may reach"):
            kinds.validate(arena, submission("model", self.weights(arena)))

    def test_without_the_bound_they_are_evaluated(self, arena, monkeypatch):
        monkeypatch.setattr(kinds, "LARGEST_ACTIVATION", np.inf)
        kinds.validate(arena, submission("model", self.weights(arena)))

    def test_a_bound_of_each_weight_is_the_schemas(self, opened, arena):
        payload = self.weights(arena) | {"b0": np.full(64, 1e4)}
        assert opened().submit("model", payload, anonymizer="hostile").status == 422


class TestManyNames:
    def rows(self, arena, name, monkeypatch=None):
        mask, pattern = np.zeros((2, arena.pools.width))
        mask[[28, 36]] = 1
        weights = arena.clean_model.to_arrays()
        plain = author(arena, weights=weights, mask=mask, pattern=pattern, target=-1)
        return pair_suspects(arena, plain, "author", name, Split.TUNING).flags

    def test_every_detector_gets_a_draw_of_its_own(self, arena):
        one, other = self.rows(arena, "a"), self.rows(arena, "b")
        assert area(one, other.astype(float)) == pytest.approx(0.5, abs=0.15)

    def test_with_one_draw_for_all_a_second_name_knows_the_truth(self, arena, monkeypatch):
        generator = Lottery.generator
        monkeypatch.setattr(
            Lottery, "generator", lambda self, purpose, *_: generator(self, purpose)
        )
        assert np.array_equal(self.rows(arena, "a"), self.rows(arena, "b"))
