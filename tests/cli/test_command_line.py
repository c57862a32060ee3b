"""What the command line promises: fast help, one line for each mistake, JSON for programs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from anomed_core.cli.options import print_table

from .conftest import Anomed


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from anomed_core.cli import anomed\n"
        "try:\n    anomed.main(['--help'], prog_name='anomed')\n"
        "except SystemExit:\n    pass\n"
        "print([m for m in ('numpy', 'sklearn', 'pandas', 'falcon', 'sqlalchemy', 'rich')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "serve" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serv"], "there is no command 'serv'; did you mean 'serve'?"),
        (["serve", "--plugin", "supervised-mya"], "did you mean 'supervised-mia'?"),
        (["serve", "missing.toml"], "there is no file"),
        (["serve"], "challenges: there is none"),
        (["serve", "--port", "many"], "'many' is not a valid integer"),
        (["serve", "--host", "0.0.0.0", "--plugin", "supervised-mia"], "use --auth tokens"),
        (["scores", "list"], "there is no ledger in"),
        (["tokens", "create", "anonymizer", "alice"], "needs --challenge ID"),
        (["demo", "--plugin", "nothing"], "there is no plugin 'nothing'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_exit_code_2(
    anomed: Anomed, arguments: list[str], said: str
) -> None:
    done = anomed(*arguments)
    assert done.code == 2
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[servr]", "servr: unknown key; did you mean 'server'?"),
        ("[server]\nprot = 1", "server.prot: unknown key; did you mean 'port'?"),
        ("[server]\nport = '1'", "server.port: expected a whole number, got '1'"),
        ("[challenges.iris]", "challenges.iris.type: is required"),
        (
            "[challenges.iris]\ntype = 'supervised-mia'\ndata = { sorce = 'sklearn:iris' }",
            "challenges.iris.data.sorce: unknown key; did you mean 'source'?",
        ),
        (
            (
                "[challenges.iris]\ntype = 'supervised-mia'\ndata = { source = 'sklearn:iris' }\n"
                "mia_evaluation_dataset_length = 50"
            ),
            "challenges.iris.mia_evaluation_dataset_length: 50 is too large",
        ),
    ],
    ids=["table", "key", "type", "missing", "nested key", "impossible size"],
)
def test_a_mistake_in_the_file_names_its_key(
    anomed: Anomed, text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "challenge.toml").write_text(text)
    done = anomed("challenge", "check", "challenge.toml")
    assert done.code == 2
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_plugins_are_listed_for_programs(anomed: Anomed) -> None:
    listed = anomed("plugins", "list", "--json").json
    assert {"name", "distribution", "version", "api", "state", "error"} <= set(listed[0])
    assert "supervised-mia" in [plugin["name"] for plugin in listed]


def test_dummy_data_have_the_form_of_the_products(anomed: Anomed, tmp_path: Path) -> None:
    done = anomed("dummy", "--plugin", "supervised-mia", "--seed", "3")
    assert done.code == 0
    with np.load(tmp_path / "dummy" / "iris" / "data-anonymizer-training.npz") as file:
        assert file["X"].shape == (105, 4)
        assert file["y"].dtype == np.int64


# --- tables for people ----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["\x1b]0;title\x07", "a\rb", "\x9b2J", "a\tb", "\x00"])
def test_a_table_tells_the_terminal_to_do_nothing(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(["who", "what"], [[text, {"metric": 1.0}]])

    printed = capsys.readouterr().out
    assert "\N{REPLACEMENT CHARACTER}" in printed
    assert all(character.isprintable() or character == "\n" for character in printed)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.5, "0.5000"), (0.0, "0.0000"), (3e-5, "3e-05"), (1e308, "1e+308")]
)
def test_a_table_shows_small_and_large_numbers(
    value: float, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(["value"], [[value]])

    assert capsys.readouterr().out.split() == ["value", shown]
