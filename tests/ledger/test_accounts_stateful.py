"""Whatever happens to accounts in whatever order, the ledger says what a simple model says."""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import attrs
import sqlalchemy as sa
from hypothesis import HealthCheck, settings, stateful
from hypothesis import strategies as st

from anomed_core.errors import (
    AccountFrozenError,
    AccountSealedError,
    BudgetExhaustedError,
    LedgerError,
    UsageError,
)
from anomed_core.ledger import Claim, Database, Ledger
from anomed_core.ledger.schema import claims
from anomed_core.model import Account, AccountState, Line, Role, Subject, as_amount
from anomed_core.system.process_identity import this_process
from tests.ledger.records import ACCOUNTS, HOURLY, LEASE_S, SettableClock, call_of

NUMBERS = count()
PEOPLE = [Subject(role=Role.ANONYMIZER, anonymizer=name) for name in ("ann", "ben")]
RESOURCES = [(account, resource) for account in ACCOUNTS for resource in account.resources]
GONE = this_process().rpartition("/")[0] + "/1"
"""A process that had our id before us."""

people = st.sampled_from(PEOPLE)
amounts = st.sampled_from([as_amount(text) for text in ("0", "1e-18", "0.1", "0.3", "1", "2")])
lines = st.lists(st.tuples(st.sampled_from(RESOURCES), amounts), max_size=3)


@attrs.define
class Held:
    """A claim as the model knows it."""

    claim: Claim
    subject: Subject
    taken: dict[Any, Decimal]
    started: bool
    ends_at: Any
    is_dead: bool = False


@attrs.define
class Sum:
    """A balance as the model knows it."""

    reserved: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    granted: Decimal = Decimal(0)


class Accounts(stateful.RuleBasedStateMachine):
    """Drives one challenge of a ledger that the examples share."""

    database: Database
    clock: SettableClock

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(self.database, clock=self.clock)
        self.challenge = f"c{next(NUMBERS)}"
        self.held: list[Held] = []
        self.sums: dict[Any, Sum] = {}
        self.states: dict[Any, AccountState] = {}

    # --- what the model knows ---------------------------------------------------------------------

    def key(self, account: Account, subject: Subject) -> Any:
        return account.name, None if account.shared else subject

    def place(self, account: Account, subject: Subject, resource: str) -> Any:
        period = int(self.clock.now.timestamp()) // 3600 if account is HOURLY else None
        return (*self.key(account, subject), resource, period)

    def sum(self, place: Any) -> Sum:
        return self.sums.setdefault(place, Sum())

    def limit(self, place: Any) -> Decimal:
        declared = {(a.name, r.name): r.limit for a, r in RESOURCES}[place[0], place[2]]
        assert declared is not None
        return declared + self.sum(place).granted

    def is_over(self, held: Held) -> bool:
        return held.is_dead or self.clock.now >= held.ends_at

    def settle(self, held: Held, spent: dict[Any, Decimal]) -> None:
        self.held.remove(held)
        for place, amount in held.taken.items():
            self.sum(place).reserved -= amount
            self.sum(place).spent += spent.get(place, Decimal(0))

    def lapse(self, held: Held) -> None:
        lapses = {(a.name, r.name): r.lapse for a, r in RESOURCES}
        spent = {
            place: amount
            for place, amount in held.taken.items()
            if held.started and lapses[place[0], place[2]] == "spent"
        }
        self.settle(held, spent)

    def one(self, data: st.DataObject) -> Held | None:
        return data.draw(st.sampled_from(self.held)) if self.held else None

    # --- what happens -----------------------------------------------------------------------------

    @stateful.rule(subject=people, wanted=lines, started=st.booleans())
    def reserve(self, subject: Subject, wanted: list[Any], *, started: bool) -> None:
        priced = [Line(account, resource.name, amount) for (account, resource), amount in wanted]
        request = call_of(*priced, subject=subject, challenge=self.challenge)
        taken: dict[Any, Decimal] = {}
        for (account, resource), amount in wanted:
            place = self.place(account, subject, resource.name)
            taken[place] = taken.get(place, Decimal(0)) + amount
        keys = {place[:2] for place in taken}
        for held in list(self.held):
            touches = held.subject == subject or keys & {place[:2] for place in held.taken}
            if touches and self.is_over(held):
                self.lapse(held)
        states = {self.states.get(key, AccountState.OPEN) for key in keys}
        fits = all(
            self.sum(place).reserved + self.sum(place).spent + amount <= self.limit(place)
            for place, amount in taken.items()
        )
        try:
            claim = self.ledger.claim(request, started=started)
        except (AccountFrozenError, AccountSealedError):
            assert states - {AccountState.OPEN}
        except BudgetExhaustedError:
            assert states <= {AccountState.OPEN}
            assert not fits
        else:
            assert states <= {AccountState.OPEN}
            assert fits
            ends_at = self.clock.now + timedelta(seconds=LEASE_S)
            self.held.append(Held(claim, subject, taken, started, ends_at))
            for place, amount in taken.items():
                self.sum(place).reserved += amount

    @stateful.rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        held = self.one(data)
        if held is not None and not held.started:
            self.ledger.start(held.claim)
            held.started = True

    @stateful.rule(data=st.data(), part=st.sampled_from(["0", "0.5", "1"]))
    def commit(self, data: st.DataObject, part: str) -> None:
        held = self.one(data)
        if held is None:
            return
        spent = {place: amount * Decimal(part) for place, amount in held.taken.items()}
        told = [Line(place[0], place[2], amount) for place, amount in spent.items()]
        self.ledger.commit(held.claim, spent=told)
        self.settle(held, spent)
        try:
            self.ledger.commit(held.claim)
        except LedgerError:
            return
        raise AssertionError("a claim was committed twice")

    @stateful.rule(data=st.data(), more=st.sampled_from(["1e-18", "0.2", "5"]))
    def overspend(self, data: st.DataObject, more: str) -> None:
        held = self.one(data)
        if held is None or not held.taken:
            return
        place = data.draw(st.sampled_from(sorted(held.taken, key=str)))
        told = held.taken[place] + as_amount(more)
        self.ledger.commit(held.claim, spent=[Line(place[0], place[2], told)])
        there = self.sum(place)
        room = max(Decimal(0), self.limit(place) - there.reserved - there.spent)
        spent = {**held.taken, place: held.taken[place] + min(room, as_amount(more))}
        self.settle(held, spent)
        if self.states.get(place[:2], AccountState.OPEN) is AccountState.OPEN:
            self.states[place[:2]] = AccountState.FROZEN

    @stateful.rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        held = self.one(data)
        if held is not None:
            self.ledger.release(held.claim, "failed")
            self.lapse(held)

    @stateful.rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        held = self.one(data)
        if held is not None:
            with self.database.writing() as connection:
                of_claim = sa.update(claims).where(claims.c.id == held.claim.id)
                connection.execute(of_claim.values(owner=GONE))
            held.is_dead = True

    @stateful.rule()
    def restart(self) -> None:
        self.ledger.settle_dead()
        for held in [held for held in self.held if self.is_over(held)]:
            self.lapse(held)

    @stateful.rule(seconds=st.sampled_from([1, int(LEASE_S), 3600]))
    def wait(self, seconds: int) -> None:
        self.clock.now += timedelta(seconds=seconds)

    @stateful.rule(which=st.sampled_from(RESOURCES), subject=people, amount=amounts)
    def grant(self, which: Any, subject: Subject, amount: Decimal) -> None:
        account, resource = which
        holder = self.key(account, subject)[1]
        self.ledger.budgets.grant(
            self.challenge, account.name, [holder], {resource.name: amount}, reason="x"
        )
        self.sum(self.place(account, subject, resource.name)).granted += amount

    @stateful.rule(which=st.sampled_from(RESOURCES), subject=people, limit=amounts)
    def raise_limit(self, which: Any, subject: Subject, limit: Decimal) -> None:
        account, resource = which
        place = self.place(account, subject, resource.name)
        before = self.limit(place)
        try:
            self.ledger.budgets.raise_limits(
                self.challenge, account, subject, {resource.name: limit}, reason="x"
            )
        except UsageError:
            assert limit <= before
        else:
            assert limit > before
            self.sum(place).granted += limit - before

    @stateful.rule(
        account=st.sampled_from(ACCOUNTS),
        subject=people,
        decision=st.sampled_from(["freeze", "thaw", "thaw", "seal"]),
    )
    def decide(self, account: Account, subject: Subject, decision: str) -> None:
        key = self.key(account, subject)
        state = self.states.get(key, AccountState.OPEN)
        becomes = {
            "freeze": AccountState.FROZEN,
            "thaw": AccountState.OPEN,
            "seal": AccountState.SEALED,
        }[decision]
        try:
            getattr(self.ledger.budgets, decision)(self.challenge, account.name, key[1], reason="x")
        except UsageError:
            assert state in {AccountState.SEALED, becomes}
        else:
            assert state not in {AccountState.SEALED, becomes}
            self.states[key] = becomes

    # --- what holds -------------------------------------------------------------------------------

    @stateful.invariant()
    def accounts_stand_as_the_model_says(self) -> None:
        for account in ACCOUNTS:
            for subject in PEOPLE:
                facts = self.ledger.budgets.of(self.challenge, account, subject)
                key = self.key(account, subject)
                assert facts.state == self.states.get(key, AccountState.OPEN)
                for told in facts.balances:
                    place = self.place(account, subject, told.resource)
                    reserved, spent = self.sum(place).reserved, self.sum(place).spent
                    for held in self.held:
                        amount = held.taken.get(place, Decimal(0))
                        if self.clock.now >= held.ends_at:
                            reserved -= amount
                            lapse = account.resource(told.resource).lapse
                            spent += amount if held.started and lapse == "spent" else 0
                    assert (told.reserved, told.spent) == (reserved, spent)
                    assert told.limit == self.limit(place)
                    assert told.reserved + told.spent <= told.limit

    def teardown(self) -> None:
        assert self.ledger.verify() == []


def test_accounts_do_what_a_model_does(database: Database) -> None:
    clock = SettableClock()
    machine = type("Machine", (Accounts,), {"database": database, "clock": clock})
    stateful.run_state_machine_as_test(
        machine,
        settings=settings(
            # Half of the suite's: each example has thirty steps.
            max_examples=settings.default.max_examples // 2,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
