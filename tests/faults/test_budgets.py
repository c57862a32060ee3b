"""Budgets are never overdrawn and nothing is lost, whoever spends them and whoever is killed."""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Self

import attrs
import pytest

from anomed_core.ledger import Database, Ledger
from anomed_core.ledger.accounts import columns_of
from anomed_core.ledger.schema import claim_lines, claims
from anomed_core.model import as_amount
from tests.e2e.environments import REPOSITORY
from tests.ledger.conftest import ledger_url, migrated_postgresql, migrated_sqlite

from .conftest import NoteFigures
from .spender import ALICE, CHEST, PRICE, PURSE

__all__ = ["ledger_url", "migrated_postgresql", "migrated_sqlite"]

N_SHORT, N_LONG = 3, int(os.environ.get("ANOMED_FAULT_KILLS", "200"))


@pytest.fixture
def database(ledger_url: str) -> Iterator[Database]:
    database = Database(ledger_url)
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


@attrs.define
class Spender:
    """A process that spends, and what it has told."""

    process: subprocess.Popen[str]
    told: dict[int, Decimal] = attrs.field(factory=dict)
    reader: threading.Thread | None = None

    @classmethod
    def prepared(cls, url: str, *, threads: int, seed: int | None = None) -> Self:
        """Start a process whose threads wait for `begin`."""
        command = [sys.executable, "-m", "tests.faults.spender", url, "--threads", str(threads)]
        if seed is not None:
            command += ["--seed", str(seed)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        return cls(subprocess.Popen(command, cwd=REPOSITORY, **pipes))  # type: ignore[call-overload]

    def begin(self) -> None:
        """Let it spend, once it is ready."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.reader = threading.Thread(target=self._listen)
        self.reader.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            number, _, amount = line.partition(" ")
            if line.endswith("\n") and number != "#":  # the last one may have been cut off
                self.told[int(number)] = as_amount(amount.strip())

    def end(self, *, kill: bool) -> None:
        """Wait for its end, or bring it about."""
        if kill:
            self.process.kill()
        code = self.process.wait(timeout=100)
        assert self.reader is not None
        self.reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        assert code == (-9 if kill else 0)


class Watcher(threading.Thread):
    """Looks at the accounts all the time."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.overdrawn: list[object] = []
        self.n_looks = 0
        self._ledger = ledger
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.is_set():
            for account in (PURSE, CHEST):
                (told,) = self._ledger.budgets.of("iris", account, ALICE).balances
                if told.limit is None or told.reserved + told.spent > told.limit:
                    self.overdrawn.append(told)
            self.n_looks += 1

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()


def test_64_threads_in_4_processes_fill_a_budget_exactly(ledger: Ledger, ledger_url: str) -> None:
    spenders = [Spender.prepared(ledger_url, threads=16) for _ in range(4)]
    with Watcher(ledger) as watcher:
        for spender in spenders:
            spender.begin()
        for spender in spenders:
            spender.end(kill=False)

    told = {claim: amount for spender in spenders for claim, amount in spender.told.items()}
    assert len(told) == sum(len(spender.told) for spender in spenders) == 33
    assert set(told.values()) == {PRICE}
    (purse,) = ledger.budgets.of("iris", PURSE, ALICE).balances
    assert (purse.spent, purse.reserved, purse.remaining) == (as_amount("9.9"), 0, as_amount("0.1"))
    assert watcher.overdrawn == []
    assert watcher.n_looks > 0
    assert ledger.verify() == []


def give(ledger: Ledger, amount: str) -> None:
    """Let more be spent."""
    more = {"coins": as_amount(amount)}
    ledger.budgets.grant("iris", PURSE.name, [ALICE], more, reason="to go on")
    ledger.budgets.grant("iris", CHEST.name, [None], more, reason="to go on")


def states_and_lines(
    database: Database,
) -> tuple[dict[int, str], dict[str, dict[int, Decimal]]]:
    """Return what became of claims, and what each has spent of which account."""
    with database.reading() as connection:
        states = {row["id"]: row["state"] for row in connection.execute(claims.select()).mappings()}
        rows = connection.execute(claim_lines.select()).mappings().all()
    kept: dict[str, dict[int, Decimal]] = {}
    for row in rows:
        account = columns_of(row["account"])["name"]
        kept.setdefault(account, {})[row["claim"]] = Decimal(row["committed"])
    return states, kept


@pytest.mark.parametrize(
    "n_kills", [N_SHORT, pytest.param(N_LONG, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_spenders_are_killed_at_random_moments(
    database: Database,
    ledger: Ledger,
    ledger_url: str,
    n_kills: int,
    note_figures: NoteFigures,
) -> None:
    rng = random.Random(n_kills)
    spenders: list[Spender] = []

    def another() -> Spender:
        spenders.append(Spender.prepared(ledger_url, threads=4, seed=len(spenders)))
        return spenders[-1]

    running = [another(), another()]
    with Watcher(ledger) as watcher:
        for spender in running:
            spender.begin()
        for _ in range(n_kills):
            spare = another()  # so that nobody waits for its start
            victim = running.pop(rng.randrange(len(running)))
            n_before = len(victim.told)
            deadline = time.monotonic() + 60
            while len(victim.told) < n_before + 3:
                give(ledger, rng.choice(["0.01", "2"]))
                time.sleep(0.02)
                assert time.monotonic() < deadline, "nothing is spent any more"
            give(ledger, "20")  # so that claims are held when it is killed
            time.sleep(rng.uniform(0.0, 0.05))
            victim.end(kill=True)
            spare.begin()
            running.append(spare)
        give(ledger, "20")
        for spender in running:
            spender.end(kill=True)
    n_dead = ledger.settle_dead()

    told = {claim: amount for spender in spenders for claim, amount in spender.told.items()}
    assert len(told) == sum(len(spender.told) for spender in spenders)
    states, kept = states_and_lines(database)
    assert {states[claim] for claim in told} == {"committed"}
    assert set(states.values()) <= {"committed", "released", "spent"}
    lapsed = {claim for claim, state in states.items() if state == "spent"}
    for account, holder in ((PURSE, ALICE), (CHEST, None)):
        spent = kept[account.name]
        assert {claim: spent[claim] for claim in told} == told
        is_for_ever = account is PURSE
        assert all((spent[claim] > 0) is is_for_ever for claim in lapsed)
        (balance,) = ledger.budgets.of("iris", account, holder).balances
        assert (balance.reserved, balance.spent) == (0, sum(spent.values()))
    entries = {entry.claim: entry for entry in ledger.entries("iris")}
    assert len(entries) == len(ledger.entries("iris"))
    answered = {claim for claim, entry in entries.items() if entry.outcome == "answered"}
    assert answered == {claim for claim, state in states.items() if state == "committed"}
    assert entries.keys() - answered == lapsed
    assert all(entries[claim].answer.text == str(claim) for claim in answered)
    for claim, entry in entries.items():
        spent_of_claim = {line.account: line.amount for line in entry.lines}
        assert spent_of_claim == {name: kept[name][claim] for name in kept if kept[name][claim]}
    assert watcher.overdrawn == []
    assert ledger.verify() == []
    note_figures(
        f"{n_kills} kills; {len(told)} calls told, {len(states)} claimed, "
        f"{Counter(states.values())}, {n_dead} settled in the end, "
        f"{watcher.n_looks} looks at the accounts"
    )
