"""``anomed tokens``: who is let in."""

import csv
import json
from pathlib import Path

import pytest

from anomed_core.ledger import Grant
from anomed_core.model import Role
from anomed_core.service.server import Server
from tests.cli.conftest import Anomed, open_guessing

CREATE = ("tokens", "create", "anonymizer", "alice", "--challenge", "mine")


def grants(anomed: Anomed) -> list[tuple[str, str]]:
    """Return team and grants of each token, as they are listed."""
    listed = anomed("tokens", "list", "--json").json
    return [
        (row["team"], " ".join(":".join(grant.values()) for grant in row["grants"]))
        for row in listed
    ]


@pytest.fixture
def two(tmp_path: Path) -> str:
    """Return the path of a configuration of two challenges, one of which refuses both roles."""
    path = tmp_path / "two.toml"
    path.write_text(
        '[challenges.mine]\ntype = "guessing"\nboth_roles = "allow"\n'
        '[challenges.strict]\ntype = "guessing"\nboth_roles = "refuse"\n'
    )
    return str(path)


@pytest.fixture
def teams(tmp_path: Path) -> Path:
    path = tmp_path / "teams.csv"
    path.write_text(
        "team,challenge,role,id\n"
        "blue,all,anonymizer,\n"
        "red,mine,anonymizer,r1\n"
        "\n"
        "red,mine,deanonymizer,r2\n"
    )
    return path


def test_a_token_is_created_shown_once_and_revoked(anomed: Anomed, server: Server) -> None:
    created = anomed(*CREATE)
    token = created.out.strip()

    alice = Grant(role=Role.ANONYMIZER, holder="alice", challenge="mine")
    identity = server.tokens.identify(token)
    assert identity is not None
    assert (identity.team, identity.grants) == ("alice", (alice,))
    assert "Shown this once" in created.err
    (row,) = anomed("tokens", "list", "--json").json
    assert (row["team"], row["revoked"]) == ("alice", "")
    assert row["grants"] == [{"challenge": "mine", "role": "anonymizer", "id": "alice"}]
    assert "mine:anonymizer:alice" in anomed("tokens", "list").out
    assert token not in anomed("tokens", "list").out
    told = f"Token {row['id']} of the team alice is revoked.\n"
    assert anomed("tokens", "revoke", row["id"]).out == told
    assert server.tokens.identify(token) is None
    assert server.ledger.verify() == []


def test_a_token_may_grant_several_things(anomed: Anomed, server: Server, two: str) -> None:
    command = ["tokens", "create", "anonymizer", "a1", "--challenge", "all", "--team", "blue"]
    answer = anomed(*command, "--grant", "mine:deanonymizer:d:1", two, "--json")

    assert (answer.json["team"], len(answer.json["grants"])) == ("blue", 3)
    told = "mine:anonymizer:a1 mine:deanonymizer:d:1 strict:anonymizer:a1"
    assert grants(anomed) == [("blue", told)]
    identity = server.tokens.identify(answer.json["token"])
    assert identity is not None
    assert " ".join(map(str, identity.grants)) == told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--grant", "mine:anonymizer"], "'mine:anonymizer' is not CHALLENGE:ROLE:ID, such as"),
        (["--grant", "mine:player:a"], "'player' is no role; there are anonymizer, deanonymizer,"),
        (["--grant", "mne:anonymizer:a"], "there is no challenge 'mne'; there are mine"),
        (["--grant", "mine:anonymizer:-"], "'-' is not an identifier"),
        (["--grant", "all:organiser:olga"], "would organise and compete"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(
    anomed: Anomed, server: Server, arguments: list[str], sentence: str
) -> None:
    answer = anomed(*CREATE, *arguments)

    assert (answer.code, answer.out) == (2, "")
    assert sentence in answer.err
    assert grants(anomed) == []


@pytest.mark.parametrize(
    ("challenge", "code", "said"),
    [
        ("mine", 0, ""),
        ("strict", 2, "would be both anonymizer and deanonymizer in 'strict'"),
        ("open", 0, "Warning: the team 'alice' is both anonymizer and deanonymizer in 'open'"),
    ],
)
def test_both_roles_are_the_challenges_decision(
    anomed: Anomed, server: Server, two: str, challenge: str, code: int, said: str
) -> None:
    with Path(two).open("a") as file:
        file.write('[challenges.open]\ntype = "guessing"\n')
    where = ("--challenge", challenge, two)
    assert anomed("tokens", "create", "anonymizer", "alice", *where).code == 0

    answer = anomed("tokens", "create", "deanonymizer", "eve", "--team", "alice", *where)

    assert answer.code == code
    assert said in answer.err
    assert len(grants(anomed)) == 2 - bool(code)


@pytest.mark.parametrize("with_config", [True, False])
def test_without_a_word_in_the_configuration_the_type_decides(
    anomed: Anomed, tmp_path: Path, with_config: bool
) -> None:
    """Whoever serves a type of their own with --plugin has no entry point: the ledger knows."""
    config = tmp_path / "strict.toml"
    config.write_text('[challenges.mine]\ntype = "supervised-mia"\n')
    where = ["--challenge", "mine", str(config)] if with_config else ["--challenge", "mine"]
    if not with_config:
        open_guessing(tmp_path, both_roles="refuse").close()
    anomed("tokens", "create", "anonymizer", "alice", *where)

    answer = anomed("tokens", "create", "deanonymizer", "alice", *where)

    assert "would be both anonymizer and deanonymizer in 'mine'" in answer.err


def test_a_file_of_teams_makes_one_token_for_each(
    anomed: Anomed, server: Server, two: str, teams: Path, tmp_path: Path
) -> None:
    output = tmp_path / "tokens.csv"
    answer = anomed("tokens", "import", str(teams), two, "--output", str(output))

    assert answer.out == f"2 tokens are in {output}, and nowhere else.\n"
    assert output.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(output.read_text().splitlines()))
    identities = [server.tokens.identify(row["token"]) for row in rows]
    assert [one.team for one in identities if one is not None] == ["blue", "red"]
    assert grants(anomed) == [
        ("blue", "mine:anonymizer:blue strict:anonymizer:blue"),
        ("red", "mine:anonymizer:r1 mine:deanonymizer:r2"),
    ]
    assert server.ledger.verify() == []


@pytest.mark.parametrize("as_json", [True, False])
def test_without_a_file_tokens_are_printed(
    anomed: Anomed, server: Server, two: str, teams: Path, as_json: bool
) -> None:
    answer = anomed("tokens", "import", str(teams), two, *["--json"][:as_json])

    if as_json:
        printed = {row["team"]: row["token"] for row in json.loads(answer.out)}
    else:
        printed = dict(line.split() for line in answer.out.splitlines()[1:])
    assert set(printed) == {"blue", "red"}
    assert None not in map(server.tokens.identify, printed.values())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("blue,strict,deanonymizer,b\n", "line 6: the team 'blue' would be both anonymizer and"),
        ("green,mine,player,\n", "line 6: 'player' is no role"),
        ("green,mne,anonymizer,\n", "line 6: there is no challenge 'mne'"),
        ("green,mine,anonymizer,-\n", "line 6: '-' is not an identifier"),
        ("green,mine,anonymizer\n", "line 6: it has 3 fields; the header has 4"),
        (",mine,anonymizer,x\n", "line 6: the team is missing"),
        ("green,mine,anonymizer,r2\n", "line 6: 'r2' belongs to the team 'red' in 'mine'"),
        ("red,mine,anonymizer,r1\n", "line 6: the team 'red' holds mine:anonymizer:r1 already"),
        (
            "green,mine,player,\n,mine,anonymizer,x\n",
            "line 6: 'player' is no role; there are anonymizer, deanonymizer, organiser; line 7: ",
        ),
        ('"green', "is no CSV in UTF-8"),
    ],
)
def test_a_file_with_one_wrong_line_creates_nothing(
    anomed: Anomed, server: Server, two: str, teams: Path, text: str, sentence: str
) -> None:
    with teams.open("a") as file:
        file.write(text)

    answer = anomed("tokens", "import", str(teams), two, "--output", "out.csv")

    assert (answer.code, answer.out) == (2, "")
    assert f"{teams}" in answer.err
    assert sentence in answer.err
    assert grants(anomed) == []
    assert not Path("out.csv").exists()


def test_who_holds_a_token_is_not_imported_again(
    anomed: Anomed, server: Server, two: str, teams: Path
) -> None:
    anomed("tokens", "import", str(teams), two)
    answer = anomed("tokens", "import", str(teams), two)

    assert "line 2: the team 'blue' holds mine:anonymizer:blue already; leave it out" in answer.err
    assert len(grants(anomed)) == 2


def test_tokens_replace_no_file(
    anomed: Anomed, server: Server, two: str, teams: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.csv"
    kept.write_text("dear")

    answer = anomed("tokens", "import", str(teams), two, "--output", str(kept))

    assert "kept.csv exists already; name a new file for the tokens" in answer.err
    assert (kept.read_text(), grants(anomed)) == ("dear", [])


@pytest.mark.parametrize(
    ("text", "grant"),
    [
        ("team,role\nblue,anonymizer\n", "mine:anonymizer:blue strict:anonymizer:blue"),
        ("\ufeffteam;role;id\r\nblue;anonymizer;b\r\n", "mine:anonymizer:b strict:anonymizer:b"),
        ("id,challenge,role,team\nb,mine,anonymizer,blue\n", "mine:anonymizer:b"),
    ],
    ids=["least", "as Excel writes it", "in another order"],
)
def test_files_of_several_forms_are_read(
    anomed: Anomed, server: Server, two: str, tmp_path: Path, text: str, grant: str
) -> None:
    (tmp_path / "teams.csv").write_text(text, encoding="utf-8")

    assert anomed("tokens", "import", "teams.csv", two).code == 0
    assert grants(anomed) == [("blue", grant)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("team,rolle\n", "begins with the columns team, rolle; allowed are team, role, challenge"),
        ("blue,anonymizer\n", "begins with the columns blue, anonymizer; allowed are team,"),
        ("team,role,team\n", "begins with the columns team, role, team; allowed are team,"),
        ("", "begins with the columns none; allowed are team,"),
        ("team,role\n", "names no team; write one a line below the header"),
    ],
)
def test_a_file_that_names_nobody_is_refused(
    anomed: Anomed, server: Server, two: str, tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "teams.csv").write_text(text)

    answer = anomed("tokens", "import", "teams.csv", two)

    assert (answer.code, answer.out) == (2, "")
    assert sentence in answer.err


def test_a_lost_token_is_replaced_in_one_step(anomed: Anomed, server: Server) -> None:
    old = anomed(*CREATE).out.strip()

    new = anomed("tokens", "reissue", "alice").out.strip()

    assert server.tokens.identify(old) is None
    assert server.tokens.identify(new) is not None
    assert grants(anomed) == 2 * [("alice", "mine:anonymizer:alice")]


def test_all_tokens_of_a_team_are_revoked_at_once(anomed: Anomed, server: Server) -> None:
    for _ in range(2):
        anomed(*CREATE, "--team", "blue")

    assert anomed("tokens", "revoke", "blue").out.count("of the team blue is revoked.\n") == 2
    answer = anomed("tokens", "revoke", "blue")
    assert (answer.code, answer.out) == (2, "")
    assert "Every token of the team 'blue' was revoked already, at 2" in answer.err


def test_an_unknown_token_cannot_be_revoked(anomed: Anomed, server: Server) -> None:
    answer = anomed("tokens", "revoke", "0123456789")

    assert answer.code == 2
    assert "There is no team '0123456789' and no token whose id begins so" in answer.err


def test_a_token_for_a_challenge_that_nobody_knows_is_refused(
    anomed: Anomed, server: Server, config: str
) -> None:
    for where in ([], [config]):
        answer = anomed("tokens", "create", "anonymizer", "alice", "--challenge", "mne", *where)

        assert (answer.code, answer.out) == (2, "")
        assert answer.err.startswith("anomed: there is no challenge 'mne'; there are mine; add it")
    assert grants(anomed) == []


def test_all_challenges_are_none_before_anybody_names_one(anomed: Anomed) -> None:
    answer = anomed("tokens", "create", "anonymizer", "alice", "--challenge", "all")

    assert answer.code == 2
    assert "nobody knows which challenges there are; give the CONFIG" in answer.err


def test_a_token_can_be_created_before_the_challenge_was_served(
    anomed: Anomed, server: Server, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[challenges.next]\ntype = "guessing"\n')

    created = anomed("tokens", "create", "anonymizer", "a", "--challenge", "next", str(other))

    assert created.code == 0


def test_an_organisers_token_is_for_all_challenges(anomed: Anomed, server: Server) -> None:
    facts = anomed("tokens", "create", "organiser", "olga", "--json").json

    assert facts["grants"] == [{"challenge": "*", "role": "organiser", "id": "olga"}]
