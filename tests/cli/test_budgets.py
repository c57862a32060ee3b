"""``anomed budgets``: who may use up how much."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from anomed_core.ledger import Database, Grant, Ledger, Quota, Rules, TokenBook
from anomed_core.model import AccountState, Line, Role, Subject, as_amount
from anomed_core.state import StateDirectory
from tests.cli.conftest import Anomed
from tests.ledger.records import (
    ACCOUNTS,
    ANONYMIZER,
    HOURLY,
    PRIVACY,
    TOGETHER,
    call_of,
    score_of,
    tuning_of,
)

WHY = ("--reason", "a finalist")
TENTH = Line(PRIVACY, "epsilon", "0.1")
QUOTA = Quota(attempts=2)


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "iris.toml"
    path.write_text('[server]\nquota = { tuning_attempts = 2 }\n[challenges.iris]\ntype = "x"\n')
    return str(path)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(StateDirectory(tmp_path / "anomed-state").ledger_url)
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    ledger = Ledger(database)
    rules = Rules(kinds={"anonymizer": Role.ANONYMIZER}, accounts=ACCOUNTS)
    ledger.open_challenge("iris", "f" * 64, accept_change=False, rules=rules)
    claim = ledger.claim(call_of(TENTH, Line(TOGETHER, "epsilon", "1e-18")), started=True)
    ledger.commit(claim)
    return ledger


def test_declared_accounts_are_known_without_their_plugin(ledger: Ledger) -> None:
    assert ledger.rules()["iris"].accounts == ACCOUNTS


def test_more_is_granted(anomed: Anomed, ledger: Ledger, config: str) -> None:
    command = ("budgets", "grant", config, "alice", "privacy", "epsilon=0.05", "queries=1", *WHY)
    assert anomed(*command).out.splitlines() == [
        "alice has 0.25 of 0.35 epsilon left in privacy of iris.",
        "alice has 101 of 101 queries left in privacy of iris.",
    ]
    detail = ledger.audit_trail()[-1].detail
    assert (detail["amounts"], detail["reason"]) == ("epsilon=0.05 queries=1", "a finalist")
    assert ledger.verify() == []


def test_who_has_nothing_yet_is_granted_something(
    anomed: Anomed, ledger: Ledger, config: str
) -> None:
    (told,) = anomed(
        "budgets", "grant", config, "alice/eve", "hourly", "queries=1e2", *WHY, "--json"
    ).json
    assert (told["subject"], told["limit"], told["spent"]) == ("alice/eve", "102", "0")
    assert told["until"].endswith(":00:00+00:00")
    pair = Subject(role=Role.DEANONYMIZER, anonymizer="alice", deanonymizer="eve")
    assert ledger.budgets.of("iris", HOURLY, pair).balances[0].remaining == 102


def test_a_limit_is_raised(anomed: Anomed, ledger: Ledger, config: str) -> None:
    command = ("budgets", "raise", config, "everybody", "together", "epsilon=2.5", *WHY)
    assert anomed(*command).out == (
        "everybody has 2.499999999999999999 of 2.5 epsilon left in together of iris.\n"
    )
    assert "the limits are epsilon=2.5 already; name higher ones" in anomed(*command).err
    assert ledger.verify() == []


def test_accounts_are_frozen_thawed_and_sealed(anomed: Anomed, ledger: Ledger, config: str) -> None:
    def state() -> AccountState:
        return ledger.budgets.of("iris", PRIVACY, ANONYMIZER).state

    which = (config, "alice", "privacy", *WHY)
    assert anomed("budgets", "freeze", *which).out == "privacy of alice is frozen.\n"
    assert state() is AccountState.FROZEN
    anomed("budgets", "thaw", *which)
    assert state() is AccountState.OPEN
    anomed("budgets", "seal", *which)
    assert state() is AccountState.SEALED
    assert "'privacy' is sealed already" in anomed("budgets", "thaw", *which).err


def test_attempts_are_an_account(anomed: Anomed, ledger: Ledger, config: str) -> None:
    score_of(ledger, tuning_of(quota=QUOTA))
    of_attempts = (config, "alice", "attempts/anonymizer")
    told = anomed("budgets", "grant", *of_attempts, "attempt=2", *WHY).out
    assert told.startswith("alice has 3 of 4 attempt left in attempts/anonymizer of iris, until ")
    anomed("attempts", "grant", config, "alice", "--number", "1", *WHY)
    assert [row.action for row in ledger.audit_trail()] == ["attempts granted"] * 2
    listed = anomed("budgets", "list", config, "--account", "attempts/anonymizer", "--json").json
    assert [(row["limit"], row["spent"]) for row in listed] == [("5", "1")]


def test_budgets_are_listed(anomed: Anomed, ledger: Ledger, config: str) -> None:
    score_of(ledger, tuning_of(quota=QUOTA))
    ledger.budgets.freeze("iris", "hourly", ANONYMIZER, reason="x")
    rows = anomed("budgets", "list", config, "--json").json
    assert [(row["subject"], row["account"], row["resource"], row["state"]) for row in rows] == [
        ("alice", "hourly", None, "frozen"),
        ("alice", "privacy", "epsilon", "open"),
        ("everybody", "together", "epsilon", "open"),
    ]
    assert rows[1] == {
        "challenge": "iris",
        "subject": "alice",
        "account": "privacy",
        "resource": "epsilon",
        "limit": "0.3",
        "granted": "0",
        "reserved": "0",
        "spent": "0.1",
        "remaining": "0.2",
        "state": "open",
        "until": None,
    }
    assert "0.999999999999999999" in anomed("budgets", "list", config).out
    assert anomed("budgets", "list", "--challenge", "wine").out == (
        "No account was used or decided about yet.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["alice", "privat", "epsilon=1"], "'iris' has no account 'privat'; there are privacy, "),
        (["alice", "privacy", "delta=1"], "has no resource 'delta'; there are epsilon, queries"),
        (["alice", "privacy", "epsilon"], "'epsilon' is not RESOURCE=AMOUNT"),
        (["alice", "privacy", "epsilon=1", "epsilon=2"], "'epsilon' is given twice"),
        (["alice", "privacy", "epsilon=NaN"], "'NaN' is no amount: it is no finite number"),
        (["alice", "privacy", "epsilon=1e400"], "'1e400' is no amount: it is beyond"),
        (["a b", "privacy", "epsilon=1"], "'a b' is neither an id nor ANONYMIZER/DEANONYMIZER"),
        (["alice", "together", "epsilon=1"], "all share the account 'together'; give everybody"),
        (["alice", "final/anonymizer", "attempt=1"], "there is one final for each"),
        (["alice", "attempts/anonymizer", "attempt=0.5"], "granted as a whole number"),
        (["alice", "privacy", "epsilon=1", "--challenge", "wine"], "there is no challenge 'wine'"),
        (["alice", "privacy", "epsilon=1", "--reason", " "], "the reason is empty"),
    ],
)
@pytest.mark.parametrize("command", ["grant", "raise"])
def test_what_makes_no_sense_is_refused(
    anomed: Anomed, ledger: Ledger, config: str, command: str, arguments: list[str], sentence: str
) -> None:
    if command == "raise" and arguments[1:2] == ["attempts/anonymizer"]:
        arguments = [*arguments[:2], "attempt=2.5"]
    if command == "raise" and arguments[1:2] == ["final/anonymizer"]:
        arguments = [*arguments[:2], "attempt=2"]
    answer = anomed("budgets", command, config, *WHY, *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert sentence in answer.err
    assert ledger.audit_trail() == []


def test_more_may_be_stored(anomed: Anomed, ledger: Ledger, config: str) -> None:
    command = ("budgets", "raise", config, "alice", "stored/submissions", "bytes=5e9", *WHY)
    assert anomed(*command).out == (
        "alice has 5000000000 of 5000000000 bytes left in stored/submissions of iris.\n"
    )


def test_where_there_are_tokens_a_name_may_be_misspelt(
    anomed: Anomed, database: Database, ledger: Ledger, config: str
) -> None:
    TokenBook(database).create(Grant(role=Role.ANONYMIZER, holder="bob", challenge="iris"))
    for name, code in (("bob", 0), ("alice", 0), ("bop", 2)):
        answer = anomed("budgets", "grant", config, name, "privacy", "epsilon=1", *WHY)
        assert answer.code == code
    assert "no token is for the anonymizer 'bop'; see anomed budgets list" in answer.err


def test_a_wrong_quota_is_no_matter_where_attempts_have_none(
    anomed: Anomed, ledger: Ledger, config: str
) -> None:
    Path(config).write_text('[challenges.iris]\ntype = "x"\n')
    of_attempts = (config, "alice", "attempts/anonymizer", *WHY)
    answer = anomed("budgets", "grant", *of_attempts, "attempt=1")
    assert "'attempt' has no limit: there is nothing to grant" in answer.err
    assert anomed("budgets", "freeze", *of_attempts).code == 0


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_exported_can_be_changed_and_imported(
    anomed: Anomed, ledger: Ledger, config: str, tmp_path: Path, form: str
) -> None:
    text = anomed("budgets", "export", config, "--format", form).out
    rows = list(csv.DictReader(io.StringIO(text))) if form == "csv" else json.loads(text)
    rows[0] |= {"limit": "0.75", "state": "frozen"}
    rows.append({"subject": "bob", "account": "privacy", "resource": "queries", "limit": "1000"})
    path = tmp_path / f"budgets.{form}"
    if form == "json":
        path.write_text(json.dumps(rows))
    else:
        with path.open("w") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    answers = [anomed("budgets", "import", config, str(path), *WHY).out for _ in range(2)]

    assert answers == [f"{n} decisions were made about 3 rows of {path}.\n" for n in (3, 0)]
    told = ledger.budgets.of("iris", PRIVACY, ANONYMIZER)
    assert (told.state, told.balances[0].limit) == (AccountState.FROZEN, as_amount("0.75"))
    bob = Subject(role=Role.ANONYMIZER, anonymizer="bob")
    assert ledger.budgets.of("iris", PRIVACY, bob).balances[1].limit == Decimal(1000)
    assert ledger.verify() == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("subject,account\n", "names no account"),
        ("subject,account,colour\nalice,privacy,red\n", "unknown columns: colour; read are"),
        ("subject,account\nalice\n", "as many fields in each line .* unlike line 2"),
        ("account,resource,limit\nprivacy,epsilon,1\n", "line 2: the subject is missing"),
        (
            "subject;account;resource;limit\nalice;privacy;epsilon;nan\nbob;secrets;epsilon;1\n",
            "line 2: 'nan' is no amount.*line 3: 'iris' has no account 'secrets'",
        ),
        ("subject,account,state\nalice,privacy,melted\n", "'melted' is not a valid"),
        ("subject,account,limit\nalice,privacy,1\n", "has no resource ''"),
        (
            "subject,account,resource,limit\nbob,privacy,epsilon,7\nalice,privacy,epsilon,0.2\n",
            "the limit of 'epsilon' is 0.3; name a higher one",
        ),
        ("[1, 2]", "is no list of objects"),
        ("[{]", "is no JSON"),
    ],
)
def test_a_file_that_makes_no_sense_decides_nothing(
    anomed: Anomed, ledger: Ledger, config: str, tmp_path: Path, text: str, sentence: str
) -> None:
    import re

    (tmp_path / "file").write_text(text)
    answer = anomed("budgets", "import", config, "file", *WHY)
    assert (answer.code, answer.out) == (2, "")
    assert re.search(sentence, answer.err)
    assert ledger.audit_trail() == []
