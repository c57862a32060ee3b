"""The house panel as a whole."""

import numpy as np
import pytest
from anomed_dataset_synthesis.attacks.panel import run_panel
from anomed_dataset_synthesis.table.canonical import (
    RealTables,
    canonicalise,
    shuffle,
    to_arrow,
    to_frame,
)
from anomed_dataset_synthesis.table.inference import infer_codebook
from anomed_dataset_synthesis.threat.targets import draw_targets


@pytest.fixture(scope="module")
def attack(real):
    targets = draw_targets(
        real.training, real.non_members, n_each=500, rng=np.random.default_rng(4)
    )

    def run(synthetic, tables=real, **options):
        return run_panel(
            synthetic,
            tables,
            targets=options.pop("targets", targets),
            secrets=options.pop("secrets", ("outcome", "age")),
            rng=np.random.default_rng(1),
            n_predicates=60,
            **options,
        )

    return run


def test_a_copy_is_at_full_risk(real, attack):
    panel = attack(real.training)
    assert panel.risk.value > 0.95
    results = {(result.attack, result.measure): result for result in panel.guesses}
    assert results["nearest neighbour", "age"].success().value > 0.95
    assert results["singling out", "number"].over_non_members().low > 0.8
    assert {result.group for result in panel.memberships} == {"all targets", "outliers"}


def test_a_fresh_sample_is_at_no_risk(real, attack):
    half = np.arange(len(real.background)) % 2 == 0
    tables = RealTables(
        training=real.training, non_members=real.non_members, background=real.background.take(half)
    )
    assert attack(real.background.take(~half), tables).risk.value == 0


def test_the_same_seed_gives_the_same_panel(real, attack):
    first, again = attack(real.background), attack(real.background)
    assert [piece.advantage() for piece in first.evidence] == [
        piece.advantage() for piece in again.evidence
    ]


def test_the_order_and_the_columns_order_of_a_submission_change_no_figure(real, attack):
    rng = np.random.default_rng(3)
    plain = to_arrow(real.non_members)
    mixed = plain.take(rng.permutation(len(real.non_members))).select(plain.column_names[::-1])
    panels = []
    for submitted in (plain, mixed):
        received = canonicalise(submitted, real.non_members.codebook)
        panels.append(attack(shuffle(received, np.random.default_rng(8))))
    assert [piece.advantage() for piece in panels[0].evidence] == [
        piece.advantage() for piece in panels[1].evidence
    ]
    assert panels[0].diagnostics.dcr_share == panels[1].diagnostics.dcr_share


def test_groups_and_progress_are_passed_on(real, attack):
    stages = []
    canaries = np.zeros(1000, dtype=bool)
    canaries[:100] = True
    panel = attack(
        real.background,
        groups={"canaries": canaries},
        progress=lambda *told: stages.append(told),
        secrets=(),
    )
    assert {result.group for result in panel.memberships} == {"all targets", "outliers", "canaries"}
    assert stages[0] == ("membership", 0.0)
    assert stages[-1] == ("diagnostics", 1.0)


def test_a_table_of_one_column_is_attacked_too(real, attack):
    tables = real.training, real.non_members, real.background
    frames = [to_frame(table)[["number"]] for table in tables]
    book = infer_codebook(frames[2], steps={"number": 100})
    tables = [canonicalise(frame, book, outside="recode") for frame in frames]
    targets = draw_targets(tables[0], tables[1], n_each=200, rng=np.random.default_rng(1))
    alone = RealTables(training=tables[0], non_members=tables[1], background=tables[2])
    assert attack(tables[0], alone, targets=targets, secrets=()).risk.value > 0.8


def test_an_independent_table_leaks_through_its_fine_numbers_alone(real, attack, independent):
    panel = attack(independent(real.training, np.random.default_rng(3)))
    leaks = {result.measure for result in panel.guesses if result.over_non_members(0.999).low > 0}
    assert leaks == {"number", "weight"}
