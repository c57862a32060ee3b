import json

import attrs
import numpy as np
import pytest
from anomed_supervised_mia.attacks import (
    ConfidenceThreshold,
    GapAttack,
    LogisticRegressionAttack,
    LossThreshold,
    Signals,
)
from anomed_supervised_mia.auditing.audits import AuditSettings, audit, default_attacks, ranked_by
from anomed_supervised_mia.auditing.conclusions import conclude
from anomed_supervised_mia.auditing.metadata import AuditMetadata
from anomed_supervised_mia.auditing.results import AuditResults
from anomed_supervised_mia.auditing.slices import by_column
from anomed_supervised_mia.metrics import (
    Estimate,
    estimate_auc,
    roc_curve,
    tpr_ceiling,
)
from sklearn.metrics import roc_auc_score


def signals(n, *, certainty, seed, n_classes=4):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, n)
    logits = rng.normal(size=(n, n_classes))
    logits[np.arange(n), labels] += certainty
    return Signals.from_logits(logits, labels=labels)


@pytest.fixture(scope="module")
def records():
    return signals(400, certainty=3.0, seed=1), signals(300, certainty=1.0, seed=2)


@pytest.fixture(scope="module")
def results(records):
    metadata = AuditMetadata(model="mlp", epoch=3, claimed_epsilon=1.0, claimed_delta=1e-5)
    slices = ("whole", "class", "correctness", "loss-decile")
    return audit(*records, slices=slices, metadata=metadata)


def test_audit_measures_each_attack_on_each_slice(results):
    attacks = {result.attack for result in results}
    assert attacks == {
        "loss-threshold",
        "confidence-threshold",
        "entropy-threshold",
        "modified-entropy-threshold",
    }
    slices = {str(result.slice) for result in results}
    assert {"whole", "class 0", "class 3", "classified correctly", "loss decile 10"} <= slices
    assert len(results) + 4 * len(results.skipped) == 4 * (1 + 4 + 2 + 10)


def test_whole_is_scikit_learns_area_of_the_loss(records, results):
    truth = np.repeat([True, False], [400, 300])
    scores = -np.append(records[0].loss(), records[1].loss())
    found = results.find("loss-threshold")
    assert found.auc.value == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    assert (found.n_members, found.n_non_members) == (400, 300)


def test_slice_is_measured_like_its_records_alone(records, results):
    inside = [side.labels == 2 for side in records]
    scores = -np.concatenate(
        [side.loss()[mask] for side, mask in zip(records, inside, strict=True)]
    )
    truth = np.repeat([True, False], [mask.sum() for mask in inside])
    found = results.find("loss-threshold", partition="class", value="2")
    assert found.auc == estimate_auc(roc_curve(truth, scores))


def test_slices_without_members_are_listed_with_the_reason():
    members, others = Signals.from_losses([0.1, 0.2]), Signals.from_losses([0.3, 0.4])
    partition = by_column("ward", ["a", "a"], ["a", "b"])
    results = audit(members, others, slices=("whole", partition))
    assert [(str(s.slice), s.n_members, s.reason) for s in results.skipped] == [
        ("ward b", 0, "no members")
    ]
    assert [str(result.slice) for result in results] == ["whole", "ward a"]


def test_accuracies_are_filled_in_where_they_are_unknown(records, results):
    assert results.metadata.train_accuracy == records[0].correct().mean()
    assert results.metadata.test_accuracy == records[1].correct().mean()
    known = audit(*records, metadata=AuditMetadata(train_accuracy=0.25))
    assert known.metadata.train_accuracy == 0.25
    losses = audit(Signals.from_losses([0.1, 0.2]), Signals.from_losses([0.3, 0.4]))
    assert losses.metadata.test_accuracy is None


def test_every_number_travels_with_an_interval(results):
    for result in results:
        numbers = [
            result.auc,
            result.max_advantage.estimate,
            result.balanced_accuracy,
            result.epsilon.estimate,
            *(found.estimate for found in result.tpr_at_fpr),
        ]
        for estimate in numbers:
            assert isinstance(estimate, Estimate)
            assert estimate.n_members == result.n_members
            assert estimate.n_non_members == result.n_non_members


@attrs.frozen
class Memory:
    """An attack that knows the losses it was fitted on."""

    name = "memory"
    learns = True
    seen: tuple[float, ...] = ()

    def fit(self, members, non_members, *, rng):
        assert (len(members), len(non_members)) == (150, 150)
        return Memory(seen=(*members.loss(), *non_members.loss()))

    def score(self, signals):
        assert not set(signals.loss()) & set(self.seen)
        return -signals.loss()


def test_attack_that_learns_is_not_measured_on_what_it_learned(records):
    found = audit(*records, attacks=[Memory()], slices=("whole", "class"))
    assert (found.find("memory").n_members, found.find("memory").n_non_members) == (250, 150)
    by_class = [result for result in found if result.slice.partition == "class"]
    assert sum(result.n_members for result in by_class) == 250


def test_slices_are_right_where_an_attack_left_records_out(records):
    ranking = ranked_by(Memory(), records[0], non_members=records[1], rng=np.random.default_rng(0))
    losses = np.append(records[0].loss(), records[1].loss())
    np.testing.assert_array_equal(ranking.scores, -losses[ranking.order])
    np.testing.assert_array_equal(ranking.is_member, ranking.order < 400)


def test_interval_of_an_attack_that_learns_covers_chance():
    # Cross-fitted scores, which use every record twice, miss in about 10 % of the runs.
    rng = np.random.default_rng(0)
    missed = 0
    for seed in range(150):
        members, others = (signals(60, certainty=1.0, seed=2 * seed + i) for i in (0, 1))
        found = audit(members, others, attacks=[LogisticRegressionAttack()], rng=rng)
        area = found.find("logistic-regression").auc
        missed += not area.low <= 0.5 <= area.high
    assert missed / 150 <= 0.06


def test_attack_that_learns_needs_two_of_each():
    one = Signals.from_losses([0.5])
    with pytest.raises(ValueError, match="needs at least 2 members and 2 non-members"):
        audit(one, one, attacks=[LogisticRegressionAttack()])


def test_one_attack_and_one_way_to_slice_need_no_list(records):
    listed = audit(*records, attacks=[LossThreshold()], slices=["class"])
    assert audit(*records, attacks=LossThreshold(), slices="class") == listed
    with pytest.raises(ValueError, match="there are no slices called 'classes'"):
        audit(*records, slices="classes")


def test_generator_decides_what_an_attack_learns(records):
    def area(seed):
        rng = np.random.default_rng(seed)
        return next(iter(audit(*records, attacks=[LogisticRegressionAttack()], rng=rng))).auc

    assert area(1) == area(1)
    assert area(1) != area(2)
    assert area(0) == next(iter(audit(*records, attacks=[LogisticRegressionAttack()]))).auc


def test_simultaneous_confidence_pays_for_every_slice(records):
    settings = AuditSettings(simultaneous=True)
    together = audit(*records, slices=("whole", "class"), settings=settings)
    assert together.confidence == pytest.approx(1 - 0.05 / (4 * 5))
    alone = audit(*records, slices=("whole",))
    wide, narrow = (found.find("loss-threshold").auc for found in (together, alone))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_one_run_is_measured_where_coins_decided(records):
    settings = AuditSettings(independent_inclusion=True, delta=1e-5)
    found = audit(*records, settings=settings).find("loss-threshold")
    assert found.best_epsilon == found.one_run
    assert found.one_run.estimate.method.startswith("one run")
    assert audit(*records).find("loss-threshold").one_run is None


def test_levels_and_calibration_are_settings(records):
    settings = AuditSettings(levels=(0.05,), calibrated=True)
    found = audit(*records, settings=settings).find("loss-threshold")
    assert [point.level for point in found.tpr_at_fpr] == [0.05]
    assert found.tpr_at_fpr[0].point.n_false_positives == 14


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Signals.from_losses([0.5]), ["loss-threshold"]),
        (Signals.from_labels([1], labels=[1]), ["gap"]),
        (Signals.from_probabilities([[0.5, 0.5]]), ["confidence-threshold", "entropy-threshold"]),
    ],
    ids=["losses", "labels", "probabilities without labels"],
)
def test_default_attacks_are_those_the_signals_permit(kind, names):
    assert [attack.name for attack in default_attacks(kind)] == names


def test_labels_leak_half_of_the_generalisation_gap():
    members = Signals.from_labels([0, 1, 1, 0], labels=[0, 1, 1, 1])
    others = Signals.from_labels([0, 1, 1, 0], labels=[1, 0, 1, 1])
    results = audit(members, others)
    assert results.find(GapAttack().name).auc.value == 0.5 + (0.75 - 0.25) / 2


def test_signals_without_a_default_attack_are_refused():
    with pytest.raises(ValueError, match="name the attacks to run"):
        default_attacks(Signals(features=[[1.0]]))


@pytest.mark.parametrize("attacks", [[], [LossThreshold(), LossThreshold()]])
def test_attacks_without_names_of_their_own_are_refused(records, attacks):
    with pytest.raises(ValueError, match="each with a name of its own"):
        audit(*records, attacks=attacks)


@pytest.mark.parametrize("slices", [(), ("whole", "whole")])
def test_slices_without_names_of_their_own_are_refused(records, slices):
    with pytest.raises(ValueError, match="one way to slice, each with a name of its own"):
        audit(*records, slices=slices)


def test_attack_that_lacks_what_it_looks_at_says_so():
    losses = Signals.from_losses([0.1, 0.2])
    with pytest.raises(ValueError, match="needs class probabilities or logits"):
        audit(losses, losses, attacks=[ConfidenceThreshold()])


def test_json_brings_everything_back_but_the_full_curve(results):
    returned = AuditResults.from_json(results.to_json())
    assert returned == results
    before, after = results.find("loss-threshold").roc, returned.find("loss-threshold").roc
    assert after.thresholds.size <= 202 < before.thresholds.size
    assert set(after.thresholds) <= set(before.thresholds)
    assert (after.n_members, after.n_non_members) == (before.n_members, before.n_non_members)


def test_json_is_strict(results):
    def refuse(constant):
        raise AssertionError(constant)

    plain = json.loads(results.to_json(), parse_constant=refuse)
    assert plain["results"][0]["epsilon"]["estimate"]["high"] is None


@pytest.mark.parametrize("plain", [{}, [], None, "text", {"metadata": 1}])
def test_what_are_no_results_is_refused(plain):
    with pytest.raises(ValueError, match="audit results"):
        AuditResults.from_dict(plain)


def test_unknown_fields_are_refused(results):
    with pytest.raises(ValueError, match="extra"):
        AuditResults.from_dict({**results.to_dict(), "extra": 1})


def test_frame_has_a_row_for_each_result(results):
    frame = results.to_frame()
    assert len(frame) == len(results)
    whole = frame[(frame.attack == "loss-threshold") & (frame.partition == "whole")].iloc[0]
    found = results.find("loss-threshold")
    assert whole["auc_low"] == found.auc.low
    assert whole["tpr_at_fpr_0.01"] == found.tpr_at_fpr[2].estimate.value
    assert whole["epsilon_low"] == found.epsilon.estimate.low


def test_summary_shows_all_records_and_the_worst_slices(results):
    text = results.summary(n_rows=3)
    lines = text.splitlines()
    assert "mlp, epoch 3" in lines[0]
    assert sum(line.split("  ")[0].endswith("-threshold") for line in lines) == 4 + 3
    assert f"... and {len(results) - 4 - 3} more" in text
    assert "of 0.731" in text
    assert str(conclude(results)) in text


def test_ceilings_follow_from_the_claim(results):
    ceilings = results.ceilings
    assert ceilings.tpr_at_fpr == tuple(
        tpr_ceiling(level, epsilon=1.0, delta=1e-5) for level in (0.0, 0.001, 0.01, 0.1)
    )
    unclaimed = attrs.evolve(results, metadata=AuditMetadata())
    assert unclaimed.ceilings is None


def test_strongest_is_on_all_records(results):
    strongest = results.strongest()
    assert str(strongest.slice) == "whole"
    wholes = [result for result in results if result.slice == strongest.slice]
    assert strongest.auc.low == max(result.auc.low for result in wholes)


def test_attack_that_learned_from_half_of_the_records_can_be_the_strongest(records):
    noise = [attrs.evolve(side, losses=np.full(len(side), 0.5)) for side in records]
    found = audit(*noise, attacks=[LossThreshold(), LogisticRegressionAttack()])
    assert found.strongest().attack == "logistic-regression"


def test_nothing_measured_has_no_strongest(results):
    with pytest.raises(ValueError, match="nothing could be measured"):
        attrs.evolve(results, results=()).strongest()


def test_result_that_was_not_measured_is_not_found(results):
    with pytest.raises(KeyError, match="class 9"):
        results.find("loss-threshold", partition="class", value="9")


def test_side_without_records_is_skipped_with_the_reason():
    empty, one = Signals.from_losses([]), Signals.from_losses([0.5])
    results = audit(empty, one)
    assert len(results) == 0
    assert results.skipped[0].reason == "no members"


def test_conclusion_pays_for_auc_and_epsilon_of_all_attacks(results):
    conclusion = conclude(results)
    assert conclusion.n_attacks == 4
    assert conclusion.auc.confidence == pytest.approx(1 - 0.05 / 8)
    alone = results.strongest()
    assert conclusion.attack == alone.attack
    assert conclusion.auc.value == alone.auc.value
    assert conclusion.auc.low < alone.auc.low
    bounds = [result.epsilon.estimate.low for result in results if str(result.slice) == "whole"]
    assert 0 < conclusion.epsilon.estimate.low < max(bounds)


@pytest.mark.parametrize(("claimed", "refuted"), [(0.01, True), (5.0, False), (None, False)])
def test_conclusion_says_what_it_means_for_the_claim(results, claimed, refuted):
    metadata = AuditMetadata(claimed_epsilon=claimed)
    conclusion = conclude(attrs.evolve(results, metadata=metadata))
    assert conclusion.leaks
    assert conclusion.refutes_claim is refuted
    assert ("refutes the claimed" in str(conclusion)) is refuted
    assert ("claimed" in str(conclusion)) is (claimed is not None)


def test_conclusion_without_a_leak_proves_nothing():
    members, others = (signals(200, certainty=1.0, seed=seed) for seed in (1, 2))
    conclusion = conclude(audit(members, others))
    assert not conclusion.leaks
    assert "is not proved to tell" in str(conclusion)


def test_few_records_found_for_certain_are_a_leak_though_the_auc_does_not_show_it():
    rng = np.random.default_rng(0)
    members, others = rng.exponential(size=(2, 1000))
    members[:25] = 1e-9
    conclusion = conclude(audit(Signals.from_losses(members), Signals.from_losses(others)))
    assert conclusion.auc.low < 0.5 < conclusion.epsilon.estimate.low
    assert conclusion.leaks


def test_conclusion_of_one_run_is_drawn_from_it(records):
    settings = AuditSettings(independent_inclusion=True, delta=1e-5)
    conclusion = conclude(audit(*records, settings=settings))
    assert conclusion.epsilon.estimate.method.startswith("one run")
    assert conclusion.epsilon.delta == 1e-5
