"""On Adult, attacks find what research on it found.

Reference: class majority on salary guessed right, without anonymization, 95.0 % of members and
80.2 % of non-members (a risk of 0.75); after Mondrian with k = 10, 82.8 % and 80.9 %, no more than
a model of the background alone, 83.6 % (one split of the 32,561 records, 2,000 targets a
side).
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.anonymizers import Mondrian
from anomed_dataset_anonymization.people.splits import Pool, draw_ids, draw_targets, split_people
from anomed_dataset_anonymization.schema import TableSchema, encode
from anomed_dataset_anonymization.schemes import canonicalise
from anomed_dataset_anonymization.threat import (
    AttackerView,
    ClassMajority,
    TargetTruth,
    find_rare,
    guess_from_background,
    run_panel,
    score_guesses,
    trace_lineage,
)

COLUMNS = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "salary",
]
KNOWN = [
    "age",
    "workclass",
    "education-num",
    "marital-status",
    "occupation",
    "race",
    "sex",
    "native-country",
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "ANOMED_TEST_DATA" not in os.environ,
        reason="needs adult.data.gz in the folder that ANOMED_TEST_DATA names",
    ),
]


@pytest.fixture(scope="module")
def attack():
    """Publish two thirds of Adult, and attack 4,500 people of each side by class majority."""
    path = Path(os.environ["ANOMED_TEST_DATA"]) / "adult.data.gz"
    people = pd.read_csv(path, names=COLUMNS, skipinitialspace=True)[[*KNOWN, "salary"]]
    schema = TableSchema.infer(people, quasi_identifiers=KNOWN, sensitive=["salary"])
    rng = np.random.default_rng(1)
    parts = split_people(len(people), leaky=0.65, non_members=0.15, rng=rng)
    targets = draw_targets(Pool(members=parts.leaky, non_members=parts.non_members), 4500, rng=rng)
    coordinates = encode(people, schema)
    place = np.full(len(people), -1)
    place[parts.leaky] = np.arange(len(parts.leaky))
    background = coordinates[targets.positions][:, : len(KNOWN)]
    truth = TargetTruth(
        ids=targets.ids,
        people=coordinates[targets.positions],
        is_member=targets.is_member,
        leaky_positions=place[targets.positions],
        is_rare=find_rare(background, coordinates[:, : len(KNOWN)]),
    )
    leaky = people.iloc[parts.leaky].set_axis(pd.Index(draw_ids(len(parts.leaky), rng=rng)))

    def run(anonymize, scheme):
        table = canonicalise(anonymize(leaky, schema), scheme, schema=schema, leaky=leaky)
        view = AttackerView(
            published=table.without_lineage(),
            known=tuple(KNOWN),
            unknown=("salary",),
            target_ids=truth.ids,
            background=background,
            reference=coordinates[parts.reference],
        )
        lineage = trace_lineage(
            table,
            people=truth.people,
            is_member=truth.is_member,
            leaky_positions=truth.leaky_positions,
            n_leaky=len(leaky),
        )
        results = run_panel(view, truth, lineage=lineage, rng=rng, attacks=[ClassMajority()])
        scores = {result.column: result.score for result in results if result.group == "all"}
        guesses = ClassMajority().guess(view, rng=rng).values
        submitted = score_guesses(
            "the same, submitted",
            guesses,
            truth=truth,
            schema=schema,
            unknown=["salary"],
            background_values=guess_from_background(
                background,
                reference=view.reference,
                schema=schema,
                known=KNOWN,
                unknown=["salary"],
                rng=rng,
            ),
        )[0].score
        return scores, submitted, len(view.classes.sizes) / len(leaky)

    return run


def test_without_anonymization_the_table_tells_the_salary(attack):
    scores, submitted, _ = attack(lambda leaky, _: leaky, "same")
    assert scores["salary"].members.value == pytest.approx(0.95, abs=0.02)
    assert scores["salary"].non_members.value == pytest.approx(0.802, abs=0.02)
    assert scores["salary"].risk.value == pytest.approx(0.72, abs=0.05)
    assert submitted.risk.low > 0.5


def test_mondrian_with_k_10_leaves_little_more_than_the_world_knows_anyway(attack):
    mondrian = Mondrian(k=10)
    scores, submitted, n_classes_per_person = attack(
        lambda leaky, schema: mondrian.anonymize(leaky, schema, rng=np.random.default_rng(0)),
        "generalization",
    )
    assert scores["salary"].members.value == pytest.approx(0.828, abs=0.02)
    assert scores["salary"].non_members.value == pytest.approx(0.809, abs=0.02)
    assert scores["salary"].risk.value < 0.2
    assert submitted.background.value == pytest.approx(0.836, abs=0.02)
    assert submitted.risk.value == 0
    assert scores[None].recall.value == pytest.approx(n_classes_per_person, abs=0.01)
