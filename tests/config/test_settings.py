"""Configuration: defaults < file < environment < command line; every mistake is one line."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from anomed_core.config import Configuration, ServerSettings, read_configuration
from anomed_core.errors import ConfigError
from anomed_core.model import Phase, Split
from anomed_core.wire import Limits


def read(
    text: str | None,
    folder: Path,
    *,
    environment: dict[str, str] | None = None,
    **overrides: Any,
) -> Configuration:
    path = None
    if text is not None:
        path = folder / "challenge.toml"
        path.write_text(text)
    return read_configuration(path, environment=environment or {}, overrides=overrides)


def refusal(text: str | None, folder: Path, **more: Any) -> str:
    with pytest.raises(ConfigError) as error:
        read(text, folder, **more)
    sentence = str(error.value)
    assert "\n" not in sentence
    return sentence


# --- precedence -----------------------------------------------------------------------------------


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    assert read(None, tmp_path) == Configuration(server=ServerSettings())


def test_the_command_line_goes_before_the_environment_before_the_file(tmp_path: Path) -> None:
    text = "[server]\nport = 1\nworkers = 1\nthreads = 1\n"
    environment = {"ANOMED_SERVER_PORT": "2", "ANOMED_SERVER_WORKERS": "2"}

    server = read(text, tmp_path, environment=environment, port=3, host=None).server

    assert (server.port, server.workers, server.threads, server.host) == (3, 2, 1, "127.0.0.1")


@pytest.mark.parametrize(
    ("variable", "value", "path", "expected"),
    [
        ("ANOMED_SERVER_HOST", "::1", "host", "::1"),
        ("ANOMED_SERVER_PORT", "9000", "port", 9000),
        ("ANOMED_SERVER_EVALUATION_TIMEOUT_S", "2.5", "evaluation_timeout_s", 2.5),
        ("ANOMED_SERVER_EVALUATION_TIMEOUT_S", "30", "evaluation_timeout_s", 30.0),
        ("ANOMED_SERVER_AUTH", "tokens", "auth", "tokens"),
        ("ANOMED_SERVER_LEDGER", "1234", "ledger", "1234"),
        ("ANOMED_SERVER_STATE", "/s", "state", Path("/s")),
        ("ANOMED_STATE", "/s", "state", Path("/s")),
        ("ANOMED_SERVER_LIMITS_BODY_BYTES", "5", "limits.body_bytes", 5),
        ("ANOMED_SERVER_QUOTA_TUNING_ATTEMPTS", "5", "quota.tuning_attempts", 5),
    ],
)
def test_the_environment_sets_every_key_of_the_server(
    variable: str, value: str, path: str, expected: object, tmp_path: Path
) -> None:
    found: Any = read(None, tmp_path, environment={variable: value}).server
    for name in path.split("."):
        found = getattr(found, name)

    assert found == expected


def test_the_long_name_of_the_state_goes_before_the_short_one(tmp_path: Path) -> None:
    environment = {"ANOMED_STATE": "/short", "ANOMED_SERVER_STATE": "/long"}

    assert read(None, tmp_path, environment=environment).server.state == Path("/long")


def test_one_limit_of_the_environment_leaves_those_of_the_file(tmp_path: Path) -> None:
    text = "[server.limits]\nbody_bytes = 1\nnpz_members = 2\n"
    environment = {"ANOMED_SERVER_LIMITS_BODY_BYTES": "3"}

    limits = read(text, tmp_path, environment=environment).server.limits

    assert (limits.body_bytes, limits.npz_members) == (3, 2)


def test_other_variables_are_left_alone(tmp_path: Path) -> None:
    environment = {"ANOMED_HOST": "platform", "ANOMED_SECRET": "ab" * 32, "PATH": "/bin"}

    assert read(None, tmp_path, environment=environment).server == ServerSettings()


# --- challenges -----------------------------------------------------------------------------------


def test_a_challenge_is_read_with_the_options_of_its_type(tmp_path: Path) -> None:
    text = """
        [challenges.iris]
        type = "supervised-mia"
        title = "Iris"
        seed = 7
        data = { source = "sklearn:iris" }
        utility = ["accuracy"]
    """
    (table,) = read(text, tmp_path).challenges

    assert (table.id, table.type, table.title, table.seed) == ("iris", "supervised-mia", "Iris", 7)
    assert table.options == {"data": {"source": "sklearn:iris"}, "utility": ["accuracy"]}


def test_challenges_keep_the_order_of_the_file(tmp_path: Path) -> None:
    text = '[challenges.b]\ntype = "x"\n[challenges.a]\ntype = "x"\n'

    assert [table.id for table in read(text, tmp_path).challenges] == ["b", "a"]


def test_phases_are_times_with_a_zone(tmp_path: Path) -> None:
    text = """
        [challenges.a]
        type = "x"
        phases.tuning = { closes = 2026-05-01T12:00:00+02:00 }
    """
    (table,) = read(text, tmp_path).challenges

    assert table.phases.by_split() == {
        Split.TUNING: Phase(closes=datetime(2026, 5, 1, 10, tzinfo=UTC)),
        Split.VALIDATION: Phase(),
    }


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e300", "0.0"])
@pytest.mark.parametrize("key", ["evaluation_timeout_s", "limits.upload_timeout_s"])
def test_a_wait_is_finite(key: str, value: str, tmp_path: Path) -> None:
    said = refusal(f"[server]\n{key} = {value}\n", tmp_path)

    assert said.startswith(f"server.{key}: ")


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_settings_made_in_python_are_finite_too(value: float) -> None:
    for make in (
        lambda: ServerSettings(evaluation_timeout_s=value),
        lambda: Limits(upload_timeout_s=value),
    ):
        with pytest.raises(ValueError, match=r"timeout_s' must be"):
            make()


# --- one line for every mistake -------------------------------------------------------------------

CHALLENGE = '[challenges.a]\ntype = "x"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[sever]", "sever: unknown key; did you mean 'server'? allowed are challenges, server"),
        (
            "[server]\nprot = 1",
            "server.prot: unknown key; did you mean 'port'? allowed are archive_kept_s, auth, ",
        ),
        ("[server]\nport = '1'", "server.port: expected a whole number, got '1'"),
        ("[server]\nport = 1.0", "server.port: expected a whole number, got 1.0"),
        ("[server]\nport = true", "server.port: expected a whole number, got True"),
        ("[server]\nport = 70000", "server.port: 'port' must be <= 65535: 70000"),
        ("[server]\nhost = 1", "server.host: expected text in quotes, got 1"),
        ("[server]\nhost = ['a']", "server.host: expected text in quotes, got a list"),
        ("[server]\nhost = {}", "server.host: expected text in quotes, got a table"),
        ("[server]\nstate = 1", "server.state: expected a path in quotes, got 1"),
        ("[server]\nauth = 'none'", "server.auth: 'auth' must be in ('open', 'tokens')"),
        (
            "[server]\nevaluation_timeout_s = 'x'",
            "server.evaluation_timeout_s: expected a number, got 'x'",
        ),
        ("[server]\nlimits = 5", "server.limits: expected a table, got 5"),
        (
            "[server.limits]\nbodybytes = 5",
            "server.limits.bodybytes: unknown key; did you mean 'body_bytes'?",
        ),
        ("[server.limits]\nbody_bytes = 0", "server.limits.body_bytes: 'body_bytes' must be > 0"),
        ("server = 5", "server: expected a table, got 5"),
        ("server = 'x'", "server: expected a table, got 'x'"),
        ("challenges = 5", "challenges: expected tables [challenges.<id>]"),
        ("challenges.a = 5", "challenges.a: expected a table"),
        (
            "[challenges.A]\ntype = 'x'",
            "challenges.A: the id must have 1 to 64 lower-case letters, digits",
        ),
        ("[challenges.a]\ntitle = 'x'", "challenges.a.type: is required"),
        ("[challenges.a]\ntype = 5", "challenges.a.type: expected text in quotes, got 5"),
        (CHALLENGE + "seed = 'x'", "challenges.a.seed: expected a whole number, got 'x'"),
        (
            CHALLENGE + "phases.tunning = {}",
            "challenges.a.phases.tunning: unknown key; did you mean 'tuning'?",
        ),
        (
            CHALLENGE + "phases.tuning = { opens = 2026-05-01T12:00:00 }",
            "challenges.a.phases.tuning.opens: expected a time with its zone",
        ),
        (
            CHALLENGE
            + "phases.tuning = { opens = 2026-05-02T00:00:00Z, closes = 2026-05-01T00:00:00Z }",
            "challenges.a.phases.tuning: a phase must open before it closes",
        ),
        ("[server", "is not TOML: "),
        ("a = 1\na = 2", "is not TOML: "),
    ],
)
def test_a_mistake_is_one_line_with_the_path_of_its_key(
    text: str, sentence: str, tmp_path: Path
) -> None:
    found = refusal(text, tmp_path)

    assert sentence in found
    if not sentence.startswith("is not"):
        assert found.startswith(sentence)


def test_a_file_that_is_not_there_is_named_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no file .*nowhere\.toml \(looked from /"):
        read_configuration(tmp_path / "nowhere.toml", environment={})


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\x80 = 1"])
def test_a_file_that_is_no_text_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "challenge.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=r"is not in UTF-8, .* save it as UTF-8"):
        read_configuration(path, environment={})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_configuration(tmp_path, environment={})


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("ANOMED_SERVER_PORT", "abc", "server.port: expected a whole number, got 'abc'"),
        ("ANOMED_SERVER_PORT", "1.5", "server.port: expected a whole number, got 1.5"),
        ("ANOMED_SERVER_PORT", "-1", "server.port: 'port' must be >= 0: -1"),
        (
            "ANOMED_SERVER_PROT",
            "1",
            "ANOMED_SERVER_PROT: unknown variable; did you mean 'ANOMED_SERVER_PORT'?",
        ),
        (
            "ANOMED_SERVER_LIMITS_BODYBYTES",
            "1",
            "ANOMED_SERVER_LIMITS_BODYBYTES: unknown variable; did you mean 'ANOMED_SERVER_LIMITS",
        ),
    ],
)
def test_a_mistake_in_the_environment_is_one_line(
    variable: str, value: str, sentence: str, tmp_path: Path
) -> None:
    assert refusal(None, tmp_path, environment={variable: value}).startswith(sentence)
