"""Each exit code from a cause; results on stdout, the rest on stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from anomed_client.cli.group import commands
from click.testing import CliRunner, Result

from client.tests.fault_server import FaultServer, drop, error_reply, flip, gateway, instead

Run = Callable[..., Result]


@pytest.fixture
def run(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("time.sleep", lambda _: None)

    def invoke(*arguments: str | Path, **options: str) -> Result:
        url = options.pop("url", server.url)
        words = [str(word) for word in arguments]
        where = ["--url", url, "--name", "alice", "--quiet"] if words[0] != "cache" else []
        return CliRunner().invoke(commands, [*words, *where], **options)  # type: ignore[arg-type]

    return invoke


@pytest.fixture
def prediction(tmp_path: Path) -> Path:
    path = tmp_path / "prediction.npy"
    np.save(path, np.array([0.1, 0.2, 0.3]))
    return path


def test_submitting_prints_the_score(run: Run, prediction: Path) -> None:
    result = run("submit", prediction, "--split", "tuning")

    assert result.exit_code == 0, result.output
    assert result.stdout.split() == ["metric", "value", "accuracy", "0.5"]


def test_json_is_json(run: Run, prediction: Path) -> None:
    result = run("submit", prediction, "--split", "tuning", "--json")

    assert json.loads(result.stdout)["metrics"] == {"accuracy": 0.5}
    assert json.loads(run("data", "--json").stdout)[0]["path"] == "/data/anonymizer/thing"
    assert json.loads(run("describe", "--json").stdout)["id"] == "fake"


def test_a_final_is_asked_for(run: Run, prediction: Path, server: FaultServer) -> None:
    asked = run("submit", prediction, "--split", "validation")
    assert asked.exit_code == 2
    assert "--yes" in asked.stderr
    assert server.n_evaluations == 0

    assert run("submit", prediction, "--split", "validation", "--yes").exit_code == 0
    assert server.n_evaluations == 1


def test_check_sends_nothing(run: Run, prediction: Path, server: FaultServer) -> None:
    assert run("submit", prediction, "--split", "tuning", "--check").exit_code == 0
    assert server.n_evaluations == 0


def test_data_is_written_where_it_is_wanted(run: Run, tmp_path: Path, server: FaultServer) -> None:
    result = run("data", "thing", "--to", tmp_path / "here.bin", "--json")

    assert json.loads(result.stdout)["verified"]
    assert (tmp_path / "here.bin").read_bytes() == server.content
    assert json.loads(run("cache", "--json").stdout)["files"] == 1
    assert json.loads(run("cache", "--json", "--clear").stdout)["cleared"]
    assert json.loads(run("cache", "--json").stdout)["files"] == 0


CAUSES = [
    (error_reply(422, "Submission rejected", "No."), 1),
    (error_reply(401, "Token required", "No."), 3),
    (error_reply(403, "Not allowed", "No."), 3),
    (error_reply(409, "Already scored", "No."), 4),
    (error_reply(429, "Quota exhausted", "No.", X_Attempts_Remaining="0"), 4),
    (error_reply(500, "Internal error", "No."), 6),
    (gateway(502), 8),
]


@pytest.mark.parametrize(("reply", "code"), CAUSES)
def test_exit_codes_of_answers(
    run: Run, server: FaultServer, prediction: Path, reply: object, code: int
) -> None:
    server.script = [instead(reply)] * 9  # type: ignore[arg-type]
    result = run("submit", prediction, "--split", "tuning")

    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("anomed-client: ")
    assert "Traceback" not in result.output


def test_exit_codes_of_all_else(run: Run, server: FaultServer, prediction: Path) -> None:
    submit = ("submit", prediction, "--split", "tuning")
    assert run(*submit, url="http://127.0.0.1:9").exit_code == 5
    server.script = [drop] * 9
    assert run(*submit).exit_code == 5
    server.script = [flip(1), flip(2)]
    assert run("data", "thing").exit_code == 7
    server.script = []
    assert run("rank").exit_code == 8
    assert run("data", "nothing").exit_code == 2
    assert run("submit", prediction, "--split", "final").exit_code == 2


def test_login_reads_the_token_from_a_pipe_and_keeps_it(run: Run, server: FaultServer) -> None:
    result = run("login", "--token-stdin", "--json", input="sesame\n")

    assert json.loads(result.stdout)["signed_in_as"] == "anonymizer alice"
    assert "sesame" not in result.output
    assert server.requests[-1].headers["authorization"] == "Bearer sesame"
    assert "1 token(s)" in run("logout").stderr


def test_without_the_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['click'] = None; from anomed_client.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "pip install 'anomed-client[cli]'" in done.stderr


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = {"click", "httpx", "pandas", "pyarrow", "rich", "anomed_core"}
    code = f"import sys, anomed_client; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
