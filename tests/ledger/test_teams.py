"""What an organiser decides about teams, and what the audit says about it."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from anomed_core.errors import UsageError
from anomed_core.ledger import Database, Grant, Ledger, RankedMetric, TeamBook, TeamFacts, TokenBook
from anomed_core.model import Role, Split, Subject
from tests.ledger.records import PROVENANCE, final_of, outcomes_of, score_of, tuning_of

EVE = Subject(role=Role.DEANONYMIZER, anonymizer="bob", deanonymizer="eve")
RANKED = [RankedMetric(kind=kind, metric="accuracy") for kind in ("anonymizer", "deanonymizer")]


def grant(role: str, holder: str) -> Grant:
    return Grant(role=Role(role), holder=holder, challenge="iris")


@pytest.fixture
def ledger(database: Database) -> Ledger:
    ledger = Ledger(database)
    ledger.open_challenge("iris", "f" * 64, accept_change=False, ranked=RANKED)
    return ledger


@pytest.fixture
def teams(database: Database) -> TeamBook:
    tokens = TokenBook(database)
    tokens.create(grant("anonymizer", "alice"), team="red")
    tokens.create(grant("deanonymizer", "eve"), team="red")
    tokens.create(grant("anonymizer", "bob"), team="blue")
    return TeamBook(database)


def ranked(ledger: Ledger) -> set[int]:
    with ledger.at_one_moment() as now:
        kinds = [now.finals("iris", kind=m.kind, anchor=m.metric) for m in RANKED]
        return {row[0] for finals in kinds for row in finals.entries()}


def test_a_disqualified_team_is_out_with_all_that_it_has_a_part_in(
    ledger: Ledger, teams: TeamBook
) -> None:
    bob = Subject(role=Role.ANONYMIZER, anonymizer="bob")
    own, other = score_of(ledger, final_of()), score_of(ledger, final_of(bob))
    attack = score_of(ledger, final_of(EVE, kind="deanonymizer"))
    score_of(ledger, tuning_of())
    kept = ledger.scores()

    teams.disqualify("red", "two accounts")

    mended = ledger.supersede(own, {"accuracy": 0.75}, PROVENANCE, fingerprint="f" * 64)
    assert ranked(ledger) == {other.id}
    assert [name for name, _ in ledger.submitters(challenge="iris", kinds=["anonymizer"])] == [
        "bob"
    ]
    teams.reinstate("red", "a misunderstanding")
    assert ranked(ledger) == {mended.id, other.id, attack.id}
    told = ledger.submitters(challenge="iris", kinds=["anonymizer"])
    assert ("alice", Split.TUNING) in told
    assert ledger.scores()[: len(kept)] == kept
    assert ledger.verify() == []


@pytest.mark.parametrize("reinstates", [False, True])
def test_a_score_is_recorded_before_a_decision_or_after_it(
    ledger: Ledger, teams: TeamBook, reinstates: bool
) -> None:
    score_of(ledger, final_of())
    if reinstates:
        teams.disqualify("red", "why")
    attackers = [
        Subject(role=Role.DEANONYMIZER, anonymizer="alice", deanonymizer=f"d{n}") for n in range(6)
    ]
    claims = [ledger.claim(final_of(subject, kind="deanonymizer")) for subject in attackers]
    jobs: list[Callable[[], object]] = [
        lambda claim=claim: ledger.record(claim, {"accuracy": 0.5}, PROVENANCE)  # type: ignore[misc]
        for claim in claims
    ]
    decide = teams.reinstate if reinstates else teams.disqualify

    outcomes = outcomes_of([*jobs, lambda: decide("red", "why")])

    assert outcomes == {"Score": 6, "NoneType": 1}
    assert len(ranked(ledger)) == (7 if reinstates else 0)
    assert ledger.verify() == []


def test_whoever_waits_for_a_token_of_a_disqualified_team_is_told(
    database: Database, teams: TeamBook
) -> None:
    teams.disqualify("red", "two accounts")

    owner = TokenBook(database).owner(grant("anonymizer", "alice"))
    assert owner is not None
    assert (owner.team, owner.disqualified) == ("red", "two accounts")
    facts = {fact.identity.team: fact.identity.disqualified for fact in TokenBook(database).facts()}
    assert facts == {"red": "two accounts", "blue": ""}


def test_a_team_is_shown_under_its_name_and_nothing_recorded_changes(
    ledger: Ledger, teams: TeamBook, database: Database
) -> None:
    score = score_of(ledger, final_of())
    teams.rename("red", "Die Röte", "they asked for it")

    with ledger.at_one_moment() as now:
        assert now.names("iris") == {"alice": "Die Röte", "eve": "Die Röte"}
        assert now.names("wine") == {}
    assert ledger.score(score.id) == score
    TokenBook(database).create(grant("anonymizer", "alice2"), team="red")
    with ledger.at_one_moment() as now:
        assert now.names("iris") == {
            "alice": "Die Röte (alice)",
            "alice2": "Die Röte (alice2)",
            "eve": "Die Röte",
        }
    assert teams.facts() == [
        TeamFacts(team="blue", ids=("bob",)),
        TeamFacts(team="red", name="Die Röte", ids=("alice", "alice2", "eve")),
    ]
    assert ledger.verify() == []


def test_a_decision_changes_the_stamp_of_rankings(ledger: Ledger, teams: TeamBook) -> None:
    stamps = []
    decisions: list[Callable[[], None]] = [
        lambda: None,
        lambda: teams.rename("red", "Rot", "why"),
        lambda: teams.disqualify("red", "why"),
        lambda: teams.reinstate("red", "why"),
    ]
    for decide in decisions:
        decide()
        with ledger.at_one_moment() as now:
            stamps.append(now.stamp("iris"))
    first, renamed, disqualified, reinstated = stamps
    assert len({first, renamed, disqualified}) == 3
    assert reinstated == renamed


@pytest.mark.parametrize("name", ["", " Rot", "Rot\n", "a\u202eb", "a" * 129])
def test_what_is_no_name_is_refused(teams: TeamBook, name: str) -> None:
    with pytest.raises(UsageError, match="is no name: one has 1 to 128 characters"):
        teams.rename("red", name, "why")


@pytest.mark.parametrize("name", ["blue", "BLUE", "bob", "Bob", "Azur"])
def test_nobody_is_shown_as_another_team(teams: TeamBook, name: str) -> None:
    teams.rename("blue", "Azur", "why")
    with pytest.raises(UsageError, match="is the team 'blue'; choose another name"):
        teams.rename("red", name, "why")
    teams.rename("red", "alice", "why")


@pytest.mark.parametrize(
    ("decide", "sentence"),
    [
        (lambda teams: teams.disqualify("green", "why"), "no token was ever created for a team 'g"),
        (lambda teams: teams.reinstate("green", "why"), "no token was ever created for a team 'g"),
        (lambda teams: teams.rename("green", "G", "why"), "no token was ever created for a team"),
        (lambda teams: teams.reinstate("red", "why"), "the team 'red' is not disqualified"),
        (lambda teams: teams.disqualify("blue", "again"), "'blue' is disqualified already"),
    ],
)
def test_what_cannot_be_decided_leaves_no_trace(
    ledger: Ledger, teams: TeamBook, decide: Callable[[TeamBook], None], sentence: str
) -> None:
    teams.disqualify("blue", "why")
    before = ledger.audit_trail()
    with pytest.raises(UsageError, match=sentence):
        decide(teams)
    assert ledger.audit_trail() == before


def test_all_decisions_stand_in_the_audit(ledger: Ledger, teams: TeamBook) -> None:
    teams.disqualify("red", "two accounts")
    teams.reinstate("red", "a misunderstanding")
    teams.rename("red", "Rot", "they asked for it")

    rows = ledger.audit_trail()
    assert [(row.action, dict(row.detail)) for row in rows if row.action.startswith("team ")] == [
        ("team disqualified", {"team": "red", "reason": "two accounts"}),
        ("team reinstated", {"team": "red", "reason": "a misunderstanding"}),
        ("team renamed", {"team": "red", "name": "Rot", "reason": "they asked for it"}),
    ]


@pytest.mark.parametrize(
    ("statement", "table", "row", "problem"),
    [
        ("UPDATE teams SET disqualified = ''", "teams", 4, "'red' is not what was decided about"),
        ("DELETE FROM teams", "teams", 4, "'red' is not what was decided about it"),
        ("INSERT INTO teams VALUES ('blue', '', 'x')", "teams", 0, "'blue' is not what was"),
        (
            "UPDATE granted_amounts SET amount = 99",
            "granted_amounts",
            5,
            "it is not what",
        ),
        ("DELETE FROM granted_amounts", "granted_amounts", 5, "it is not what was granted"),
    ],
)
def test_a_decision_that_nobody_took_is_a_fault(
    database: Database,
    ledger: Ledger,
    teams: TeamBook,
    statement: str,
    table: str,
    row: int,
    problem: str,
) -> None:
    teams.disqualify("red", "two accounts")
    ledger.grant_attempts(
        challenge="iris", kind="anonymizer", subjects=[EVE], number=1, reason="a crash"
    )
    assert ledger.verify() == []
    with database.writing() as connection:
        connection.exec_driver_sql(statement)

    (fault,) = ledger.verify()
    assert (fault.table, fault.row) == (table, row)
    assert problem in fault.problem


def test_every_decision_holds_the_scores_before_the_audit(ledger: Ledger, teams: TeamBook) -> None:
    """In two orders, an annulment and a disqualification would wait for each other for ever."""
    score = score_of(ledger, final_of())
    held: list[str] = []

    def note(*call: object) -> None:
        statement, parameters = str(call[2]), call[3]
        if "chain_heads" in statement and statement.startswith("SELECT"):
            told = parameters.values() if isinstance(parameters, dict) else parameters
            held.extend(name for name in ("scores", "audit") if name in list(told))  # type: ignore[call-overload]

    decisions = {
        "annul": lambda: ledger.annul(score.id, "two accounts"),
        "disqualify": lambda: teams.disqualify("red", "two accounts"),
        "reinstate": lambda: teams.reinstate("red", "a misunderstanding"),
    }
    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        for name, decide in decisions.items():
            held.clear()
            decide()
            assert (held[0], held[-1]) == ("scores", "audit"), name
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
