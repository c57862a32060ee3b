"""Ledger files of every released schema open, verify, migrate, and go on."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from anomed_core.errors import AlreadyScoredError, QuotaExhaustedError
from anomed_core.ledger import (
    DELIVER,
    Database,
    FollowUpBook,
    Grant,
    JobBook,
    Ledger,
    Quota,
    TeamBook,
    TeamFacts,
    TokenBook,
    migrate_ledger,
    schema,
)
from anomed_core.ledger.database import HEAD
from anomed_core.model import AccountState, Role, Split, Subject, as_amount
from tests.ledger.records import (
    ANONYMIZER,
    HOURLY,
    NOON,
    PRIVACY,
    TOGETHER,
    final_of,
    score_of,
    tuning_of,
)

from .released.make import FOLDER, PAIR

RELEASED = sorted(FOLDER.glob("[0-9]*.sqlite"))


def test_there_is_a_file_of_the_newest_schema() -> None:
    assert RELEASED[-1].stem == HEAD


@pytest.fixture(params=RELEASED, ids=lambda path: path.stem)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a copy, after migration."""
    path = tmp_path / "ledger.sqlite"
    shutil.copyfile(request.param, path)
    before, after = migrate_ledger(f"sqlite:///{path}")
    assert (before, after) == (request.param.stem, HEAD)
    return f"sqlite:///{path}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


def test_its_chain_is_unbroken(ledger: Ledger) -> None:
    assert ledger.verify() == []


def test_what_a_migration_added_cannot_be_filled_in_unnoticed(
    database: Database, ledger: Ledger
) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE scores SET annulled = 'by nobody' WHERE id = 2")
    faults = {fault.row for fault in ledger.verify()}
    assert faults == {2}


def test_its_scores_are_what_was_recorded(ledger: Ledger) -> None:
    recorded = [
        (score.id, score.subject, score.split, score.origin, score.label, dict(score.metrics))
        for score in ledger.scores()
    ]
    assert recorded == [
        (1, ANONYMIZER, Split.TUNING, "participant", "", {"accuracy": 0.1 + 0.2}),
        (2, ANONYMIZER, Split.VALIDATION, "participant", "", {"accuracy": 2 / 3, "macro_f1": 0.5}),
        (3, PAIR, Split.VALIDATION, "participant", "", {"accuracy": 1.0}),
        (4, ANONYMIZER, Split.VALIDATION, "house", "coin", {"advantage": -0.25}),
    ]
    assert all(score.recorded_at == NOON for score in ledger.scores())


def test_its_finals_stay_final(ledger: Ledger) -> None:
    for request in (final_of(), final_of(PAIR, kind="deanonymizer")):
        with pytest.raises(AlreadyScoredError):
            ledger.claim(request)


def test_its_replay_keys_still_replay(ledger: Ledger) -> None:
    about = {"challenge": "iris", "kind": "anonymizer", "subject": ANONYMIZER}
    found = ledger.replay(**about, split=Split.TUNING, replay_key="a key")
    assert found is not None
    assert found.id == 1


def test_its_outbox_and_tokens_are_there(database: Database) -> None:
    assert [(fact.score_id, fact.state) for fact in FollowUpBook(database).facts()] == [
        (2, "done"),
        (2, "waiting"),
    ]
    assert FollowUpBook(database).n_waiting(DELIVER) == 1
    (fact,) = TokenBook(database).facts()
    alice = Grant(role=Role.ANONYMIZER, holder="alice", challenge="iris")
    assert (fact.identity.team, fact.identity.grants) == ("alice", (alice,))
    owner = TokenBook(database).owner(alice)
    assert owner is not None
    assert owner.team == "alice"


@pytest.mark.parametrize("url", RELEASED[2:], ids=lambda path: path.stem, indirect=True)
def test_what_was_decided_is_decided_still(database: Database, ledger: Ledger) -> None:
    alice = TeamFacts(team="alice", name="Alice & Co.", disqualified="two accounts", ids=("alice",))
    assert TeamBook(database).facts() == [alice]
    century = Quota(attempts=1, period_s=100 * 365 * 86_400)
    (use,) = [
        use
        for use in ledger.uses(century)
        if use.kind == "anonymizer" and use.subject == ANONYMIZER
    ]
    assert (use.n_used, use.n_granted) == (1, 3)


@pytest.mark.parametrize("url", RELEASED[3:], ids=lambda path: path.stem, indirect=True)
def test_its_budgets_are_what_was_left_of_them(ledger: Ledger) -> None:
    """A claim of a dead process was not started, so it is released; the clock has moved on."""
    ledger.settle_dead()

    bob = Subject(role=Role.ANONYMIZER, anonymizer="bob")
    epsilon, queries = ledger.budgets.of("iris", PRIVACY, bob).balances
    assert (epsilon.limit, epsilon.spent, epsilon.reserved) == (
        as_amount("0.55"),
        as_amount("0.15"),
        0,
    )
    assert (queries.limit, queries.spent, queries.reserved) == (100, 1, 0)
    assert ledger.budgets.of("iris", TOGETHER, None).state is AccountState.FROZEN
    assert ledger.budgets.of("iris", HOURLY, bob).state is AccountState.SEALED
    assert ledger.verify() == []


@pytest.mark.parametrize("url", RELEASED[4:], ids=lambda path: path.stem, indirect=True)
def test_its_archive_tells_what_was_asked_and_answered(ledger: Ledger) -> None:
    entries = ledger.entries("iris", role=Role.ANONYMIZER, holder="carol")

    assert [(one.outcome, one.answer.place, one.answer.text) for one in entries] == [
        ("answered", "row", None),
        ("answered", "row", '{"count":2}'),
        ("answered", "store", None),
        ("lost", "", None),
    ]
    assert {str(line.amount) for one in entries for line in one.lines} == {"0.05", "1"}


@pytest.mark.parametrize("url", RELEASED[4:], ids=lambda path: path.stem, indirect=True)
def test_its_jobs_go_on(database: Database, ledger: Ledger) -> None:
    book = JobBook(database, kept_s=1e9)
    states = [book.get(f"{number:032x}") for number in (1, 2, 3)]

    assert [job.state for job in states if job] == ["failed", "cancelled", "queued"]
    taken = book.take()
    assert taken is not None
    assert book.cancel(taken)
    assert ledger.verify() == []


def test_its_attempts_count_against_a_quota_that_nobody_had_then(ledger: Ledger) -> None:
    """One was scored, one failed, and one is held by a process that is long gone."""
    century = Quota(attempts=5, period_s=100 * 365 * 86_400)
    (use,) = [
        use for use in ledger.uses(century) if (use.kind, use.subject) == ("anonymizer", ANONYMIZER)
    ]
    left = century.attempts + use.n_granted - 1
    assert (use.n_used, use.n_tuning, use.final) == (1, 1, "scored")
    about = {"challenge": "iris", "kind": "anonymizer", "subject": ANONYMIZER}
    assert ledger.remaining(**about, quota=century)[0] == left

    for number in range(left):
        assert ledger.claim(tuning_of(quota=century)).remaining == left - number - 1
    with pytest.raises(QuotaExhaustedError, match=f"All {left + 1} tuning attempts"):
        ledger.claim(tuning_of(quota=century))
    assert ledger.verify() == []


def test_it_goes_on(ledger: Ledger) -> None:
    assert score_of(ledger, tuning_of()).id == 5
    versions = ledger.annul(2, "submitted by mistake", return_attempt=True)
    assert [(version.id, version.supersedes) for version in versions] == [(6, 2), (7, 3), (8, 4)]
    assert score_of(ledger, final_of()).id == 9
    assert ledger.verify() == []


def test_migrations_make_the_schema_that_the_code_expects(ledger_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = sa.create_engine(ledger_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, schema.metadata)
    engine.dispose()
    expected = [("remove_table", "alembic_version")]
    assert [(kind, table.name) for kind, table, *_ in differences] in ([], expected)
