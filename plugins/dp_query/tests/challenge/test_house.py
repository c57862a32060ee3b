"""The house attacks what was answered; unnoised answers are found out, and are an incident."""

from decimal import Decimal
from itertools import combinations

import attrs
import numpy as np
import pytest
from anomed_dp_query.challenge.contest import TASKS
from anomed_dp_query.challenge.demo import attack
from anomed_dp_query.challenge.queries import with_exact_numbers
from anomed_dp_query.challenge.report import report_sections
from anomed_dp_query.counting import most_cells
from anomed_dp_query.libraries.counts import Counts

from anomed_core import Exchange, Line, Split

COLUMNS = ["sex", "admission_type", "diagnosis", "severity", "admission_month"]


@pytest.fixture
def world(serve, settings):
    config = settings(audit_runs=500)
    config["datasets"]["REGISTER"]["source"] = "simulated:hospital-register?n=1000&seed=7"
    world = serve(config)
    analyst = world.join("ada")
    for names in combinations(COLUMNS[:4], 2):
        analyst.query("REGISTER", by=list(names), epsilon="0.15")
    analyst.seal("contest")
    analyst.submit(np.zeros(60), split="validation")
    return world


def unnoised(world, submission):
    """Return a submission whose author was answered exactly: what a faulty library would do."""
    contest, library = world.arena.contest, Counts()
    dataset = contest.tables(Split.VALIDATION)[0]
    frame, metadata = dataset.frame(), dataset.metadata
    exchanges = []
    for number, by in enumerate(combinations(COLUMNS, 4), start=1):
        query = {"by": list(by), "epsilon": "0.15"}
        question = library.read(with_exact_numbers(query), metadata)
        cells = library.cells(question, frame, metadata)
        counts = np.bincount(cells, minlength=0).tolist()
        result = {"counts": counts + [0] * (most_cells(metadata, question.by) - len(counts))}
        exchanges.append(
            Exchange(
                number=number,
                operation="query",
                request={"dataset": "REGISTER", "library": "counts", "query": query},
                answer={"result": result},
                lines=(Line("register", "epsilon", Decimal("0.15")),),
            )
        )
    return attrs.evolve(submission, transcript=tuple(exchanges))


def test_noisy_answers_give_nothing_away_beyond_what_was_spent(world):
    submission = world.kept("ada")

    assert len(submission.transcript) == 6
    for task in TASKS:
        found = world.attacked(task, submission)
        assert found.get("incident", 0.0) == 0
    membership = world.attacked("membership", submission)
    assert membership["epsilon_spent"] == pytest.approx(0.9)
    assert membership["auc"] < membership["auc_ceiling"]


def test_unnoised_answers_are_found_out_by_each_attack(world):
    submission = unnoised(world, world.kept("ada"))

    membership = world.attacked("membership", submission)
    attribute = world.attacked("attribute", submission)
    reconstruction = world.attacked("reconstruction", submission)

    assert membership["auc_low"] > 0.55
    assert membership["epsilon_lower"] > 0.75
    assert membership["incident"] == 1
    assert attribute["share_of_members"] > attribute["share_by_background"]
    assert attribute["advantage_low"] > 0
    assert reconstruction["gain_low"] > 0


def test_nothing_is_attacked_where_nothing_was_asked(world):
    submission = attrs.evolve(world.kept("ada"), transcript=())

    assert [world.attacked(task, submission) for task in TASKS] == [None, None, None]


def test_a_reader_of_the_transcript_is_scored_as_the_house_is(world):
    class Session:
        def __init__(self):
            self.lines = []

        def join(self, name):
            return world.join(name)

        def tell(self, line):
            self.lines.append(line)

    rules = world.join("eve").document("data/contest")
    session = Session()
    attack(session, "ada", rules=rules)

    (score,) = world.server.ledger.scores(kind="membership")
    house = world.attacked("membership", world.kept("ada"))
    assert score.metrics["auc"] == pytest.approx(house["auc"])
    assert "no attack can exceed" in session.lines[0]


def test_transcripts_are_in_order_and_without_times(world):
    eve = world.join("eve").attack("ada")
    told = eve.document("deanonymizer/transcript", split="validation")

    assert [one["request"]["query"]["by"] for one in told] == [
        list(names) for names in combinations(COLUMNS[:4], 2)
    ]
    assert set(told[0]) == {"operation", "request", "answer", "price", "outcome"}
    assert {"account": "register", "resource": "epsilon", "amount": "0.15"} in told[0]["price"]


def test_a_report_shows_budgets_prices_errors_and_incidents(world):
    scores = tuple(world.server.ledger.scores())
    kept = world.server.submissions.kept

    sections = report_sections(world.arena, scores, lambda one: kept.of_score(world.hosted, one))

    budgets, errors, incidents = sections
    assert budgets.data["budgets"] == [["ada", "REGISTER", "6", "0.90", "1"]]
    (prices,) = [part for part in budgets.parts if hasattr(part, "series")]
    assert prices.series[0].y == pytest.approx([0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9])
    assert errors.parts[0].series[1].name == "ada"
    assert incidents.data["incidents"] == []


def test_an_audit_runs_the_costliest_query_again(world):
    """500 runs of each kind; the claim of 0.15 is far too small to be proved by them."""
    found = world.attacked("audit", world.kept("ada"))

    assert found["epsilon"] == pytest.approx(0.15)
    assert found["refuted"] == 0


def test_an_audit_finds_a_library_with_a_tenth_of_the_noise(world, monkeypatch):
    honest = Counts.run

    def faulty(self, question, frame, table, policy):
        cheaper = attrs.evolve(question, epsilon=question.epsilon * 10)
        return honest(self, cheaper, frame, table, policy)

    monkeypatch.setattr(Counts, "run", faulty)

    found = world.attacked("audit", world.kept("ada"))
    assert found["refuted"] == 1
    assert found["epsilon_lower"] < 1.5


def test_nothing_is_audited_where_nothing_was_asked(world):
    assert world.attacked("audit", attrs.evolve(world.kept("ada"), transcript=())) is None
