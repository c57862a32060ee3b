"""Every known cheat, and what it meets here."""

import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from anomed_dataset_synthesis.attacks.diagnostics import diagnose
from anomed_dataset_synthesis.attacks.membership import density_ratio, distance_ratio, exact_match
from anomed_dataset_synthesis.attacks.panel import run_panel
from anomed_dataset_synthesis.audit.claims import find_on_claim, parse_claim
from anomed_dataset_synthesis.neighbours import fit_space, nearest
from anomed_dataset_synthesis.table.canonical import (
    CanonicalTable,
    RealTables,
    canonicalise,
    shuffle,
    to_arrow,
    to_frame,
    to_parquet,
)
from anomed_dataset_synthesis.table.inference import infer_codebook
from anomed_dataset_synthesis.threat.membership import assess_membership
from anomed_dataset_synthesis.threat.targets import draw_targets, split_population
from anomed_dataset_synthesis.utility.evaluation import evaluate_utility
from anomed_dataset_synthesis.utility.transfer import Task

from anomed_core.statistics import roc_of_scores

TASK = Task(column="outcome", level=1)


@pytest.fixture(scope="module")
def coarse(population):
    """Cut the population under a codebook that lets nobody be known by one number."""
    book = infer_codebook(population, steps={"weight": 5, "number": 50_000})
    table = canonicalise(population, book)
    n_each = len(table) // 3
    parts = [table.take(np.arange(n_each) + start * n_each) for start in range(3)]
    return RealTables(training=parts[0], non_members=parts[1], background=parts[2])


def table_of(codebook, *parts):
    return CanonicalTable(codebook=codebook, levels=np.concatenate(parts))


def panel_of(synthetic, tables, **options):
    rng = np.random.default_rng(7)
    targets = draw_targets(tables.training, tables.non_members, n_each=600, rng=rng)
    return run_panel(
        synthetic, tables, targets=targets, secrets=(), rng=rng, n_predicates=60, **options
    )


def utility_of(synthetic, tables, tasks=(TASK,)):
    return evaluate_utility(synthetic, tables, tasks=tasks, rng=np.random.default_rng(7))


def test_a_verbatim_copy_has_all_utility_and_all_risk(coarse):
    assert utility_of(coarse.training, coarse).score > 0.85
    panel = panel_of(coarse.training, coarse)
    assert panel.risk.value > 0.9
    assert panel.diagnostics.matches_training == 1


def test_a_bootstrap_copy_is_caught_at_its_63_percent(coarse):
    rng = np.random.default_rng(1)
    copy = coarse.training.take(rng.integers(0, len(coarse.training), len(coarse.training)))
    targets = draw_targets(coarse.training, coarse.non_members, n_each=1000, rng=rng)
    scores = exact_match(targets.table, copy, coarse.background)
    (result,) = assess_membership(scores, targets.is_member, attack="exact match")
    assert result.auc().value == pytest.approx((1 + 0.632) / 2, abs=0.02)
    assert result.tpr_at(0.01).value == pytest.approx(0.63, abs=0.04)


def test_a_chosen_percent_is_hidden_from_averages_and_not_from_the_lists(coarse, independent):
    rng = np.random.default_rng(2)
    leaked = rng.choice(len(coarse.training), 30, replace=False)
    rest = independent(coarse.training, rng).levels[: len(coarse.training) - 30]
    leak = shuffle(table_of(coarse.training.codebook, coarse.training.levels[leaked], rest), rng)
    targets = draw_targets(coarse.training, coarse.non_members, n_each=1000, rng=rng)
    scores = distance_ratio(targets.table, leak, coarse.background)
    (average,) = assess_membership(scores, targets.is_member, attack="distance ratio")
    assert average.auc().value < 0.55
    found = diagnose(leak, coarse, rng=rng)
    assert len(set(leaked) & set(found.exact_places.tolist())) >= 28


def test_a_leak_of_outliers_or_canaries_shows_in_their_group(coarse, independent):
    rng = np.random.default_rng(3)
    targets = draw_targets(coarse.training, coarse.non_members, n_each=600, rng=rng)
    canaries = np.arange(1200) < 120
    leaked = targets.table.levels[canaries & targets.is_member]
    rest = independent(coarse.training, rng).levels[: len(coarse.training) - len(leaked)]
    leak = table_of(coarse.training.codebook, leaked, rest)
    panel = run_panel(
        leak,
        coarse,
        targets=targets,
        secrets=(),
        rng=rng,
        n_predicates=30,
        groups={"canaries": canaries},
    )
    assert panel.risk.worst.group == "canaries"
    assert panel.risk.value > 0.7


def test_a_reversible_recoding_of_all_records_fails_the_gate(coarse):
    """Whoever knows the key reads every record back; distances see nothing."""
    codebook = coarse.training.codebook
    keys = [np.random.default_rng(9).permutation(n) for n in codebook.n_levels]
    levels = np.column_stack(
        [
            np.where(column < 0, -1, key[column])
            for key, column in zip(keys, coarse.training.levels.T, strict=True)
        ]
    )
    recoded = CanonicalTable(codebook=codebook, levels=levels)
    found = diagnose(recoded, coarse, rng=np.random.default_rng(1))
    assert found.dcr_share == pytest.approx(0.5, abs=0.05)
    assert found.matches_training < 0.01
    assert not utility_of(recoded, coarse).passes()


def test_low_digits_do_not_carry_a_message(population, coarse):
    """Parity of a fine number tells the outcome; the grid takes it away."""
    codebook = coarse.training.codebook
    message = (population["outcome"] == "yes").to_numpy()
    marked = population.assign(number=population["number"] // 2 * 2 + message)
    marked["number"] = marked["number"].clip(0, 999_999)
    assert ((marked["number"] % 2) == message).mean() > 0.99
    received = to_frame(canonicalise(marked, codebook))
    assert (received["number"] % 50_000 == 0).all()
    parity = (received["number"] // 50_000 % 2).to_numpy()
    assert abs((parity == message).mean() - 0.5) < 0.05
    moved = canonicalise(marked, codebook).levels != canonicalise(population, codebook).levels
    assert moved.mean() < 1e-3


def test_row_order_does_not_carry_a_message(coarse):
    message = np.argsort(coarse.training.column("outcome"), kind="stable")
    plain = shuffle(coarse.training, np.random.default_rng(5))
    marked = shuffle(coarse.training.take(message), np.random.default_rng(5))
    assert to_parquet(plain) == to_parquet(marked)


def test_the_file_does_not_carry_a_message(coarse):
    arrow = to_arrow(coarse.training)
    place = arrow.column_names.index("job")
    marked = (
        arrow.set_column(place, "job", arrow["job"].dictionary_encode())
        .replace_schema_metadata({"message": "the secret"})
        .select(arrow.column_names[::-1])
    )
    received = canonicalise(marked, coarse.training.codebook)
    assert to_parquet(received) == to_parquet(coarse.training)
    assert b"the secret" not in to_parquet(received)


def test_filtering_by_distance_moves_the_dcr_share_and_not_the_attacks(real, independent):
    """Half copied, half made up; then the copies nearest to the training table are dropped."""
    rng = np.random.default_rng(6)
    n_half = len(real.training) // 2
    levels = real.training.levels[:n_half].copy()
    noise = rng.random(levels.shape) < 0.15
    levels[noise] = independent(real.training, rng).levels[:n_half][noise]
    leaky = table_of(real.training.codebook, levels, real.background.levels[:n_half])
    space = fit_space(real.background)
    to_training, to_background = (
        nearest(space.points(leaky), space.points(table)).distances[:, 0]
        for table in (real.training, real.background.take(np.arange(n_half, len(real.background))))
    )
    near = np.argsort(to_training - to_background)
    filtered = leaky.take(near[len(near) // 4 :])
    shares = [diagnose(table, real, rng=rng).dcr_share for table in (leaky, filtered)]
    assert shares[0] > 0.62
    assert shares[1] < shares[0] - 0.08
    targets = draw_targets(real.training, real.non_members, n_each=700, rng=rng)
    scores = density_ratio(targets.table, filtered, real.background)
    (result,) = assess_membership(scores, targets.is_member, attack="density ratio")
    assert result.auc(0.999).low > 0.55


def test_real_records_from_elsewhere_are_flagged(coarse):
    """A fresh sample is no leak, and no synthesis either."""
    rng = np.random.default_rng(4)
    stolen = table_of(
        coarse.training.codebook, coarse.non_members.levels[:700], coarse.background.levels[:700]
    )
    assert diagnose(stolen, coarse, rng=rng).copies_public_records
    assert diagnose(stolen, coarse, rng=rng).matches_non_members >= 0.5
    for honest in (coarse.training, coarse.training.take(np.arange(500))):
        assert not diagnose(honest, coarse, rng=rng).copies_public_records


def test_the_split_does_not_follow_from_anything_public():
    """Without the secret seed there is nothing better than guessing."""
    splits = [
        split_population(
            3000, rng=np.random.default_rng(int.from_bytes(hashlib.sha256(secret).digest()[:8]))
        )
        for secret in (b"the server's secret", b"the name of the challenge")
    ]
    inside = [np.isin(np.arange(3000), split.training) for split in splits]
    known = ~np.isin(np.arange(3000), np.concatenate([split.background for split in splits]))
    agreement = (inside[0] == inside[1])[known].mean()
    assert agreement == pytest.approx(0.5, abs=0.05)


def test_tuning_to_one_task_does_not_help_with_the_hidden_ones(coarse, independent):
    rng = np.random.default_rng(8)
    codebook = coarse.training.codebook
    levels = independent(coarse.training, rng).levels.copy()
    for name in ("age", "job", "outcome"):
        levels[:, codebook.position(name)] = coarse.training.column(name)
    tuned = CanonicalTable(codebook=codebook, levels=levels)
    region = Task(
        column="region", level=int(np.bincount(coarse.background.column("region")).argmax())
    )
    visible = utility_of(tuned, coarse).components["transfer ratio"]
    hidden = utility_of(tuned, coarse, tasks=(TASK, region)).components["transfer ratio"]
    assert visible > 0.9
    assert hidden < 0.5


def test_coming_closer_than_a_fresh_sample_is_not_rewarded(coarse):
    copy = utility_of(coarse.training, coarse)
    assert copy.components["transfer ratio"] == pytest.approx(1, abs=0.02)
    assert copy.score <= 1


@pytest.mark.parametrize("abstention", [0.0, 0.5, 1.0])
def test_abstaining_ties_and_constants_gain_nothing(abstention):
    is_member = np.arange(1000) < 500
    scores = np.full(1000, abstention)
    (result,) = assess_membership(scores, is_member, attack="a")
    assert result.auc().value == 0.5
    assert result.tpr_at(0.1).value == pytest.approx(0.1)
    assert all(piece.advantage().value == 0 for piece in result.evidence())
    curve = roc_of_scores(scores[is_member], scores[~is_member])
    assert (curve.tpr == curve.fpr).all()


def test_a_false_claim_is_shown_as_such_and_an_untested_one_earns_no_better_word(coarse):
    claim = parse_claim(
        {
            "epsilon": 0.5,
            "delta": 0,
            "neighbours": "add or remove one record",
            "unit": "record",
            "accountant": "trust me",
            "public_inputs": [],
        }
    )
    rng = np.random.default_rng(1)
    targets = draw_targets(coarse.training, coarse.non_members, n_each=600, rng=rng)
    scores = exact_match(targets.table, coarse.training, coarse.background)
    attack = scores[targets.is_member], scores[~targets.is_member]
    assert find_on_claim(claim, rng=rng).state == "claimed"
    assert find_on_claim(claim, attacks=[attack], rng=rng).state == "refuted"


def test_a_flood_of_categories_is_refused_without_repeating_it(coarse):
    arrow = to_arrow(coarse.training)
    flood = pa.array([f"{place}" * 50 for place in range(len(coarse.training))])
    place = arrow.column_names.index("job")
    with pytest.raises(ValueError, match="no category") as refusal:
        canonicalise(arrow.set_column(place, "job", flood), coarse.training.codebook)
    assert len(str(refusal.value)) < 200


def test_an_index_does_not_carry_a_message(coarse):
    frame = to_frame(coarse.training)
    marked = frame.set_index(pd.Index(frame["outcome"], name="outcome_again"))
    assert np.array_equal(
        canonicalise(marked, coarse.training.codebook).levels, coarse.training.levels
    )
