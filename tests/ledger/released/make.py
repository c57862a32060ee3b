"""Make the ledger files of the schema that is being released.

Run once for each new schema, from the root of the repository::

    python -m tests.ledger.released.make

Files that were released never change: `test_released` opens all of them.
"""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from anomed_core.ledger import Database, Grant, JobBook, Ledger, TeamBook, TokenBook
from anomed_core.ledger.database import HEAD
from anomed_core.ledger.schema import claims
from anomed_core.model import Line, Role, Subject, as_amount
from tests.ledger.contest import Contest
from tests.ledger.records import (
    HOURLY,
    NOON,
    PRIVACY,
    PROVENANCE,
    TOGETHER,
    SettableClock,
    answer_call,
    call_of,
    entry_of,
    final_of,
    house_score,
    job_of,
    score_of,
    tuning_of,
)

FOLDER = Path(__file__).parent
CAROL = Subject(role=Role.ANONYMIZER, anonymizer="carol")
PAIR = Subject(role=Role.DEANONYMIZER, anonymizer="alice", deanonymizer="eve")


def fill(database: Database) -> None:
    """Record scores of an anonymizer, attacks on it, a claim, a token, what was decided."""
    clock = SettableClock()
    ledger = Ledger(database, clock=clock)
    ledger.open_challenge("iris", "f" * 64, accept_change=False)
    score_of(ledger, tuning_of(replay_key="a key"), 0.1 + 0.2)
    claim = ledger.claim(final_of())
    final = ledger.record(
        claim,
        {"accuracy": 2 / 3, "macro_f1": 0.5},
        PROVENANCE,
        follow_ups=["deliver", "attack:coin"],
    )
    score_of(ledger, final_of(PAIR, kind="deanonymizer"), 1.0)
    ledger.record_house(
        house_score(metrics={"advantage": -0.25}), settles=(final.id, "attack:coin")
    )
    ledger.release(ledger.claim(tuning_of()), "EvaluationFailedError")
    ledger.claim(tuning_of())
    TokenBook(database, clock=clock).create(
        Grant(role=Role.ANONYMIZER, holder="alice", challenge="iris")
    )
    ledger.grant_attempts(
        challenge="iris",
        kind="anonymizer",
        subjects=[Subject(role=Role.ANONYMIZER, anonymizer="alice")],
        number=3,
        reason="a crash",
    )
    teams = TeamBook(database, clock=clock)
    teams.rename("alice", "Alice & Co.", "they asked for it")
    teams.disqualify("alice", "two accounts")
    use_budgets(ledger, "iris")
    archive_calls(ledger, clock)
    leave_jobs(database, clock)
    with database.writing() as connection:
        connection.execute(sa.update(claims).values(owner=""))


def use_budgets(ledger: Ledger, challenge: str) -> None:
    """Call operations: answered, failed before and after they began, still under way."""
    bob = Subject(role=Role.ANONYMIZER, anonymizer="bob")
    by: dict[str, Any] = {"subject": bob, "challenge": challenge}
    price = (Line(PRIVACY, "epsilon", "0.1"), Line(PRIVACY, "queries", 1))
    ledger.commit(
        ledger.claim(call_of(*price, **by, replay_key="a call"), started=True),
        spent=[Line(PRIVACY, "epsilon", "0.05")],
    )
    ledger.release(ledger.claim(call_of(*price, **by), started=True), "too late")
    ledger.release(ledger.claim(call_of(*price, **by)), "too early")
    ledger.claim(call_of(*price, Line(TOGETHER, "epsilon", "1e-18"), **by))
    ledger.commit(ledger.claim(call_of(Line(HOURLY, "queries", 1), **by)))
    epsilon = {"epsilon": as_amount("0.25")}
    ledger.budgets.grant(challenge, PRIVACY.name, [bob], epsilon, reason="a finalist")
    ledger.budgets.freeze(challenge, TOGETHER.name, None, reason="to look at it")
    ledger.budgets.seal(challenge, HOURLY.name, bob, reason="done", by="holder")


def archive_calls(ledger: Ledger, clock: SettableClock) -> None:
    """Archive calls: whose bodies are kept no longer, answered here and in a file, lost."""
    call = call_of(Line(PRIVACY, "epsilon", "0.05"), Line(PRIVACY, "queries", 1), subject=CAROL)
    answer_call(ledger, call, '{"count":1}')
    clock.now += timedelta(hours=1)
    ledger.retire_archive(clock.now)
    answer_call(ledger, call, '{"count":2}')
    answer_call(ledger, call, f'"{"x" * 2**16}"')
    ledger.release(ledger.claim(call, started=True), "the engine died", entry=entry_of(call, None))
    clock.now = NOON


def leave_jobs(database: Database, clock: SettableClock) -> None:
    """Leave jobs: one failed, one cancelled, one that waits."""
    ledger, book = Ledger(database, clock=clock), JobBook(database, kept_s=600, clock=clock)
    request = tuning_of(CAROL, by_job=True)
    for number in (1, 2, 3):
        ledger.claim(request, job=job_of(request, number))
    first = book.take()
    assert first is not None
    book.fail(first, error="EvaluationFailedError", sentence="It failed.", reason="a bug")
    second = book.take()
    assert second is not None
    book.cancel(second)


def fill_with_contest(database: Database) -> None:
    """Record a contest with every sort of entry that a ranking has."""
    ledger = Ledger(database, clock=SettableClock())
    ledger.open_challenge("incomes", "f" * 64, accept_change=False)
    Contest(ledger=ledger, challenge="incomes", fingerprint="f" * 64).play()
    with database.writing() as connection:
        connection.execute(sa.update(claims).values(owner=""))


def write(path: Path, fill: Callable[[Database], None]) -> None:
    """Write a file, as small as it can be."""
    if path.exists():
        raise SystemExit(f"{path.name} has been released; it never changes")
    database = Database(f"sqlite:///{path}")
    fill(database)
    database.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA page_size = 512")
    connection.execute("VACUUM")
    connection.close()
    for left_over in (".migrating", ".turn"):
        path.with_name(path.name + left_over).unlink(missing_ok=True)


def main() -> None:
    """Write the files of this schema."""
    write(FOLDER / f"{HEAD}.sqlite", fill)
    write(FOLDER / f"contest-{HEAD}.sqlite", fill_with_contest)


if __name__ == "__main__":
    main()
