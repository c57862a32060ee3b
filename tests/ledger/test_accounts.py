"""What accounts promise, on SQLite and on PostgreSQL."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from anomed_core.errors import (
    AccountFrozenError,
    AccountSealedError,
    AttemptInProgressError,
    BudgetExhaustedError,
    BudgetExhaustedForNowError,
    LedgerError,
    QuotaExhaustedError,
    UsageError,
)
from anomed_core.ledger import (
    AccountFacts,
    BalanceFacts,
    Claim,
    Database,
    Ledger,
    Quota,
    lines_on,
)
from anomed_core.model import Account, AccountState, Line, Resource, Role, Subject, as_amount
from tests.ledger.records import (
    ACCOUNTS,
    ANONYMIZER,
    HOURLY,
    LEASE_S,
    NOON,
    PRIVACY,
    PROVENANCE,
    TOGETHER,
    SettableClock,
    call_of,
    final_of,
    outcomes_of,
    score_of,
    tuning_of,
)

BOB = Subject(role=Role.ANONYMIZER, anonymizer="bob")
TENTH = Line(PRIVACY, "epsilon", "0.1")
QUERY = Line(PRIVACY, "queries", 1)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def ledger(database: Database, clock: SettableClock) -> Ledger:
    return Ledger(database, clock=clock)


def call(ledger: Ledger, *lines: Line, subject: Subject | None = ANONYMIZER) -> Claim:
    """Claim and commit."""
    claim = ledger.claim(call_of(*lines, subject=subject), started=True)
    ledger.commit(claim)
    return claim


def balance(
    ledger: Ledger,
    account: Account = PRIVACY,
    resource: str = "epsilon",
    subject: Subject | None = ANONYMIZER,
) -> BalanceFacts:
    facts = ledger.budgets.of("iris", account, subject)
    return next(told for told in facts.balances if told.resource == resource)


def test_three_tenths_fit_into_three_tenths_and_no_fourth(ledger: Ledger) -> None:
    assert [call(ledger, TENTH).left[0].remaining for _ in range(3)] == [
        as_amount("0.2"),
        as_amount("0.1"),
        0,
    ]
    with pytest.raises(BudgetExhaustedError, match=r"takes 0\.1 epsilon .* has 0 of 0\.3") as error:
        call(ledger, TENTH)
    assert (error.value.account, error.value.resource, error.value.remaining) == (
        "privacy",
        "epsilon",
        0,
    )


def test_an_atto_counts(ledger: Ledger) -> None:
    atto = Line(PRIVACY, "epsilon", "1e-18")
    call(ledger, atto)
    assert balance(ledger).remaining == Decimal("0.299999999999999999")
    for _ in range(2):
        call(ledger, TENTH)
    with pytest.raises(BudgetExhaustedError):
        call(ledger, TENTH)
    call(ledger, Line(PRIVACY, "epsilon", "0.099999999999999999"))
    with pytest.raises(BudgetExhaustedError):
        call(ledger, atto)
    call(ledger, Line(PRIVACY, "epsilon", 0))
    assert ledger.verify() == []


def test_a_claim_takes_all_of_its_lines_or_nothing(ledger: Ledger) -> None:
    with pytest.raises(BudgetExhaustedError, match="1 of 1 left"):
        ledger.claim(call_of(TENTH, QUERY, Line(TOGETHER, "epsilon", 2)))
    assert ledger.budgets.all() == []
    claim = ledger.claim(call_of(TENTH, QUERY, Line(TOGETHER, "epsilon", "0.1"), QUERY))
    assert [(left.resource, left.remaining) for left in claim.left] == [
        ("epsilon", as_amount("0.2")),
        ("queries", 98),
        ("epsilon", as_amount("0.9")),
    ]


def test_a_shared_account_holds_for_everybody_together(ledger: Ledger) -> None:
    for subject in (ANONYMIZER, BOB, None):
        call(ledger, Line(TOGETHER, "epsilon", "0.3"), subject=subject)
    with pytest.raises(BudgetExhaustedError):
        call(ledger, Line(TOGETHER, "epsilon", "0.3"), subject=BOB)
    assert balance(ledger, TOGETHER, subject=None).spent == as_amount("0.9")


def test_an_account_that_renews_says_when(ledger: Ledger, clock: SettableClock) -> None:
    for _ in range(2):
        call(ledger, Line(HOURLY, "queries", 1))
    clock.now += timedelta(minutes=59)
    with pytest.raises(BudgetExhaustedForNowError, match="begins anew at") as error:
        call(ledger, Line(HOURLY, "queries", 1))
    assert error.value.retry_after_s == 60
    clock.now += timedelta(minutes=1)
    call(ledger, Line(HOURLY, "queries", 1))
    facts = ledger.budgets.of("iris", HOURLY, ANONYMIZER)
    assert (facts.period_ends_at, facts.balances[0].spent) == (NOON + timedelta(hours=2), 1)


def test_what_lapses_before_it_began_is_released_and_after_it_as_declared(ledger: Ledger) -> None:
    price = (TENTH, Line(HOURLY, "queries", 1))
    ledger.release(ledger.claim(call_of(*price)), "failed early")
    assert (balance(ledger).spent, balance(ledger, HOURLY, "queries").spent) == (0, 0)
    late = ledger.claim(call_of(*price))
    ledger.start(late)
    ledger.release(late, "failed late")
    assert balance(ledger).spent == as_amount("0.1")
    assert balance(ledger, HOURLY, "queries").spent == 0
    assert balance(ledger).reserved == balance(ledger, HOURLY, "queries").reserved == 0
    ledger.release(late, "twice")
    with pytest.raises(LedgerError, match="ran out"):
        ledger.start(late)
    with pytest.raises(LedgerError, match="ran out"):
        ledger.commit(late)
    assert ledger.verify() == []


@pytest.mark.parametrize("started", [False, True])
def test_what_a_dead_claim_holds_counts_as_what_will_become_of_it(
    ledger: Ledger, clock: SettableClock, *, started: bool
) -> None:
    ledger.claim(call_of(TENTH, QUERY), started=started)
    clock.now += timedelta(seconds=LEASE_S)
    told = balance(ledger)
    assert told.reserved == 0
    assert told.spent == (as_amount("0.1") if started else 0)
    assert ledger.settle_dead() == 1
    assert ledger.settle_dead() == 0
    assert balance(ledger) == told
    assert balance(ledger, resource="queries").spent == 0
    assert ledger.verify() == []


def test_dead_claims_of_others_make_room_on_a_shared_account(
    ledger: Ledger, clock: SettableClock
) -> None:
    ledger.claim(call_of(Line(TOGETHER, "epsilon", 1), TENTH, subject=BOB))
    with pytest.raises(BudgetExhaustedError):
        ledger.claim(call_of(Line(TOGETHER, "epsilon", 1)))
    clock.now += timedelta(seconds=LEASE_S)
    ledger.claim(call_of(Line(TOGETHER, "epsilon", 1)))
    assert balance(ledger, subject=BOB).remaining == as_amount("0.3")
    assert ledger.verify() == []


def test_less_may_be_spent_than_was_reserved(ledger: Ledger) -> None:
    claim = ledger.claim(call_of(TENTH, QUERY), started=True)
    ledger.commit(claim, spent=[Line(PRIVACY, "epsilon", "0.01"), Line(PRIVACY, "epsilon", "0.02")])
    assert balance(ledger).spent == as_amount("0.03")
    assert balance(ledger, resource="queries").spent == 1


@pytest.mark.parametrize(("spent", "taken"), [("0.15", "0.15"), ("0.2", "0.2"), ("7", "0.2")])
def test_more_is_taken_as_far_as_it_goes_and_freezes_the_account(
    ledger: Ledger, spent: str, taken: str
) -> None:
    call(ledger, TENTH)
    claim = ledger.claim(call_of(TENTH, QUERY), started=True)
    ledger.commit(claim, spent=[Line(PRIVACY, "epsilon", spent)])
    assert balance(ledger).spent == as_amount("0.1") + as_amount(taken)
    with pytest.raises(AccountFrozenError, match="'privacy' is frozen"):
        call(ledger, QUERY)
    *_, row = ledger.audit_trail()
    assert (row.action, row.detail["by"]) == ("account frozen", "core")
    assert f"spent {spent} epsilon and had reserved 0.1" in row.detail["reason"].replace(
        taken, spent
    )
    assert ledger.verify() == []


def test_what_was_not_reserved_cannot_be_spent(ledger: Ledger) -> None:
    claim = ledger.claim(call_of(TENTH), started=True)
    with pytest.raises(ValueError, match="nothing of queries of privacy"):
        ledger.commit(claim, spent=[QUERY])
    assert balance(ledger).reserved == as_amount("0.1")
    ledger.commit(claim)


def test_only_declared_accounts_and_resources_have_lines() -> None:
    with pytest.raises(ValueError, match="no account 'other'; declared are: privacy, together"):
        lines_on(ACCOUNTS, [Line("other", "epsilon", 1)])
    with pytest.raises(ValueError, match="no resource 'delta'"):
        lines_on(ACCOUNTS, [Line(PRIVACY, "delta", 1)])


def test_a_free_call_has_no_account(ledger: Ledger) -> None:
    assert call(ledger, subject=None).left == ()
    assert ledger.budgets.all() == []


def test_an_unlimited_resource_is_counted_all_the_same(ledger: Ledger) -> None:
    free = Account(name="free", resources=[Resource(name="queries", limit=None)])
    for _ in range(3):
        request = call_of()
        ledger.commit(
            ledger.claim(call_of(lines=lines_on([free], [Line(free, "queries", 10**20)])))
        )
        assert request.lines == ()
    told = balance(ledger, free, "queries")
    assert (told.limit, told.remaining, told.spent) == (None, None, 3 * 10**20)


# --- decisions ------------------------------------------------------------------------------------


def test_a_frozen_account_gives_nothing_until_it_is_thawed(ledger: Ledger) -> None:
    under_way = ledger.claim(call_of(TENTH), started=True)
    ledger.budgets.freeze("iris", "privacy", ANONYMIZER, reason="too fast")
    for request in (call_of(TENTH), call_of(QUERY)):
        with pytest.raises(AccountFrozenError, match="ask the organiser"):
            ledger.claim(request)
    ledger.commit(under_way)
    call(ledger, TENTH, subject=BOB)
    with pytest.raises(UsageError, match="frozen already"):
        ledger.budgets.freeze("iris", "privacy", ANONYMIZER, reason="again")
    ledger.budgets.thaw("iris", "privacy", ANONYMIZER, reason="explained")
    call(ledger, TENTH)
    with pytest.raises(UsageError, match="open already"):
        ledger.budgets.thaw("iris", "privacy", ANONYMIZER, reason="again")
    assert ledger.verify() == []


def test_a_sealed_account_is_closed_for_ever(ledger: Ledger) -> None:
    ledger.budgets.seal("iris", "privacy", ANONYMIZER, reason="my report is done", by="holder")
    with pytest.raises(AccountSealedError, match="sealed"):
        call(ledger, QUERY)
    for decide in (ledger.budgets.freeze, ledger.budgets.thaw, ledger.budgets.seal):
        with pytest.raises(UsageError, match="sealed already"):
            decide("iris", "privacy", ANONYMIZER, reason="no")
    assert ledger.budgets.of("iris", PRIVACY, ANONYMIZER).state is AccountState.SEALED
    assert ledger.audit_trail()[-1].detail["by"] == "holder"
    assert ledger.verify() == []


@pytest.mark.parametrize("quota", [None, Quota(attempts=3)], ids=["no quota", "quota"])
def test_attempts_are_frozen_as_any_account_is(ledger: Ledger, quota: Quota | None) -> None:
    for name, request in (
        ("attempts/anonymizer", tuning_of(quota=quota)),
        ("final/anonymizer", final_of(quota=quota)),
    ):
        ledger.budgets.freeze("iris", name, ANONYMIZER, reason="a doubt")
        with pytest.raises(AccountFrozenError, match=name):
            ledger.claim(request)
    score_of(ledger, tuning_of(BOB, quota=quota))
    assert ledger.verify() == []


def test_an_account_that_renews_stays_frozen(ledger: Ledger, clock: SettableClock) -> None:
    ledger.budgets.freeze("iris", "hourly", ANONYMIZER, reason="too fast")
    clock.now += timedelta(hours=5)
    with pytest.raises(AccountFrozenError):
        call(ledger, Line(HOURLY, "queries", 1))


def test_a_grant_is_more_than_the_limit(ledger: Ledger) -> None:
    ledger.budgets.grant(
        "iris", "privacy", [ANONYMIZER, BOB], {"epsilon": as_amount("0.1")}, reason="finalists"
    )
    for _ in range(4):
        call(ledger, TENTH)
    ledger.budgets.grant("iris", "privacy", [BOB], {"epsilon": as_amount("0.05")}, reason="ill")
    told = balance(ledger, subject=BOB)
    assert (told.limit, told.granted) == (as_amount("0.45"), as_amount("0.15"))
    assert balance(ledger).remaining == 0
    detail = ledger.audit_trail()[-1].detail
    assert (detail["account"], detail["amounts"]) == ("privacy", "epsilon=0.05")
    assert ledger.verify() == []


def test_a_grant_is_good_for_the_period_that_runs(ledger: Ledger, clock: SettableClock) -> None:
    call(ledger, Line(HOURLY, "queries", 1))
    ledger.budgets.grant("iris", "hourly", [ANONYMIZER], {"queries": Decimal(5)}, reason="a gift")
    assert balance(ledger, HOURLY, "queries").remaining == 6
    clock.now += timedelta(hours=1)
    assert balance(ledger, HOURLY, "queries").remaining == 2
    call(ledger, Line(HOURLY, "queries", 1))
    assert balance(ledger, HOURLY, "queries").remaining == 1
    assert ledger.verify() == []


def test_a_limit_is_raised_and_never_lowered(ledger: Ledger) -> None:
    call(ledger, TENTH)
    for _ in range(2):  # untouched accounts, too
        ledger.budgets.raise_limits(
            "iris", PRIVACY, BOB, {"epsilon": balance(ledger, subject=BOB).limit + 1}, reason="x"
        )
    ledger.budgets.raise_limits(
        "iris", PRIVACY, ANONYMIZER, {"epsilon": Decimal(2), "queries": Decimal(500)}, reason="x"
    )
    assert (balance(ledger).limit, balance(ledger).remaining) == (2, as_amount("1.9"))
    assert balance(ledger, resource="queries").limit == 500
    assert balance(ledger, subject=BOB).limit == as_amount("2.3")
    with pytest.raises(UsageError, match="the limit of 'epsilon' is 2; name a higher one"):
        ledger.budgets.raise_limits(
            "iris", PRIVACY, ANONYMIZER, {"epsilon": Decimal(1)}, reason="x"
        )
    with pytest.raises(UsageError, match="'delta' has no limit"):
        ledger.budgets.raise_limits("iris", PRIVACY, ANONYMIZER, {"delta": Decimal(1)}, reason="x")
    assert ledger.verify() == []


def test_nobody_is_granted_a_second_final_or_half_an_attempt(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="one final for each"):
        ledger.budgets.grant(
            "iris", "final/anonymizer", [ANONYMIZER], {"attempt": Decimal(1)}, reason="x"
        )
    with pytest.raises(UsageError, match="whole number"):
        ledger.budgets.grant(
            "iris", "attempts/anonymizer", [ANONYMIZER], {"attempt": Decimal("0.5")}, reason="x"
        )


def test_all_accounts_are_told(ledger: Ledger, clock: SettableClock) -> None:
    call(ledger, TENTH, Line(HOURLY, "queries", 1))
    clock.now += timedelta(hours=1)
    ledger.claim(call_of(Line(HOURLY, "queries", 1), Line(TOGETHER, "epsilon", 1)))
    ledger.budgets.freeze("iris", "privacy", BOB, reason="x")
    call(ledger, TENTH, subject=ANONYMIZER)
    told = {(facts.account, facts.subject): facts for facts in ledger.budgets.all("iris")}
    assert told == {
        ("hourly", ANONYMIZER): ledger.budgets.of("iris", HOURLY, ANONYMIZER),
        ("together", None): ledger.budgets.of("iris", TOGETHER, None),
        ("privacy", BOB): AccountFacts(
            challenge="iris", account="privacy", subject=BOB, state=AccountState.FROZEN
        ),
        ("privacy", ANONYMIZER): told["privacy", ANONYMIZER],
    }
    assert [balance.resource for balance in told["privacy", ANONYMIZER].balances] == ["epsilon"]
    assert ledger.budgets.all("wine") == []


# --- attempts -------------------------------------------------------------------------------------


def test_a_quota_counts_what_was_made_under_another_one_or_none(
    ledger: Ledger, clock: SettableClock
) -> None:
    daily, hourly = Quota(attempts=4), Quota(attempts=3, period_s=3600)
    score_of(ledger, tuning_of())
    under_way = ledger.claim(tuning_of(quota=hourly))
    assert under_way.remaining == 1
    assert ledger.claim(tuning_of(quota=daily)).remaining == 1
    with pytest.raises(QuotaExhaustedError, match="All 3 "):
        ledger.claim(tuning_of(quota=hourly))
    ledger.release(under_way, "failed")
    assert ledger.claim(tuning_of(quota=hourly)).remaining == 0
    left, _ = ledger.remaining(challenge="iris", kind="anonymizer", subject=ANONYMIZER, quota=daily)
    assert left == 1
    clock.now += timedelta(hours=1)
    assert ledger.claim(tuning_of(quota=daily)).remaining == 2  # two had died meanwhile
    assert ledger.verify() == []


def test_calls_and_submissions_are_told_apart(ledger: Ledger) -> None:
    quota = Quota(attempts=1)
    call(ledger, TENTH)
    ledger.commit(ledger.claim(call_of(kind="anonymizer", replay_key="key")))
    score_of(ledger, tuning_of(quota=quota, replay_key="key"))
    with pytest.raises(AttemptInProgressError):
        ledger.claim(call_of(kind="anonymizer", replay_key="key"))
    assert len(ledger.attempts(challenge="iris", subject=ANONYMIZER)) == 1
    assert [use.n_tuning for use in ledger.uses(quota)] == [1]


# --- races ----------------------------------------------------------------------------------------


def test_simultaneous_claims_fill_a_budget_exactly(
    ledger: Ledger, open_database: Callable[[], Database], clock: SettableClock
) -> None:
    ledgers = [ledger, Ledger(open_database(), clock=clock)]
    request = call_of(TENTH, Line(TOGETHER, "epsilon", "0.01"))
    outcomes = outcomes_of(
        [lambda n=n: ledgers[n % 2].claim(request) for n in range(16)]  # type: ignore[misc]
    )
    assert outcomes == {"Claim": 3, "BudgetExhaustedError": 13}
    assert balance(ledger).reserved == as_amount("0.3")
    assert ledger.verify() == []


def test_claims_that_share_accounts_in_another_order_do_not_wait_for_each_other(
    ledger: Ledger, open_database: Callable[[], Database], clock: SettableClock
) -> None:
    ledgers = [ledger, Ledger(open_database(), clock=clock)]
    lines = [QUERY, Line(TOGETHER, "epsilon", "0.01"), Line(HOURLY, "queries", 0)]

    def run(n: int) -> Claim:
        return call(ledgers[n % 2], *(lines if n % 3 else reversed(lines)))

    outcomes = outcomes_of([lambda n=n: run(n) for n in range(24)])  # type: ignore[misc]
    assert outcomes == {"Claim": 24}
    assert balance(ledger, resource="queries").spent == 24
    assert ledger.verify() == []


# --- tampering ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forgery", "table"),
    [
        ("UPDATE balances SET spent = '0' WHERE spent <> '0'", "balances"),
        ("UPDATE balances SET reserved = '0' WHERE reserved <> '0'", "balances"),
        ("UPDATE balances SET granted = '9'", "balances"),
        ("DELETE FROM balances WHERE resource = 'queries'", "claim_lines"),
        ("UPDATE claim_lines SET committed = '0' WHERE committed IS NOT NULL", "balances"),
        ("UPDATE claim_lines SET committed = '0.1' WHERE committed IS NULL", "claim_lines"),
        ("UPDATE claims SET state = 'released' WHERE state = 'started'", "claim_lines"),
        ("UPDATE accounts SET state = 'open'", "accounts"),
        ("UPDATE accounts SET anonymizer = 'carol'", "accounts"),
        ("DELETE FROM accounts WHERE state = 'frozen'", "accounts"),
        ("UPDATE granted_amounts SET amount = '9'", "granted_amounts"),
        ("DELETE FROM granted_amounts", "granted_amounts"),
    ],
)
def test_what_does_not_add_up_is_found(
    database: Database, ledger: Ledger, forgery: str, table: str
) -> None:
    call(ledger, TENTH, QUERY)
    ledger.claim(call_of(TENTH), started=True)
    ledger.budgets.grant("iris", "privacy", [ANONYMIZER], {"epsilon": Decimal(1)}, reason="x")
    ledger.budgets.freeze("iris", "privacy", BOB, reason="x")
    assert ledger.verify() == []
    with database.writing() as connection:
        assert connection.exec_driver_sql(forgery).rowcount > 0
    assert table in {fault.table for fault in ledger.verify()}


def test_a_line_is_a_decimal_in_the_database(database: Database, ledger: Ledger) -> None:
    ledger.record(ledger.claim(final_of()), {"accuracy": 0.5}, PROVENANCE)
    call(ledger, Line(PRIVACY, "epsilon", 1e-7))
    with database.reading() as connection:
        rows = connection.execute(sa.text("SELECT * FROM claim_lines ORDER BY claim")).mappings()
        told = [(json.loads(row["account"])[1], row["amount"], row["committed"]) for row in rows]
    assert told == [("final/anonymizer", "1", "1"), ("privacy", "0.0000001", "0.0000001")]
