"""The ten lines of the client's README get scores here and on the published server."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .environments import REPOSITORY
from .processes import RunningServer

pytestmark = pytest.mark.e2e

README = (REPOSITORY / "client" / "README.md").read_text(encoding="utf-8")
(TEN_LINES, *_) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)

TABLES = """
from anomed_client import UsageError, connect

register = connect("http://127.0.0.1:8000", name="noisy")
leaky = register.table("leaky")
print(register.submit({"anon_data": leaky, "anon_scheme": "same"}, split="tuning")["is_same"])
attack = register.attack("noisy", name="eve")
known = attack.table("background-knowledge")
print(attack.submit(leaky, split="tuning")["matching_rows"])
try:
    register.submit({"anon_data": leaky, "anon_scheme": "sane"}, split="tuning")
except UsageError as error:
    print(error)
"""

MISTAKES = """
import numpy as np
from anomed_client import NotSupported, UsageError, connect

iris = connect("http://127.0.0.1:8000", name="forest")
for wrong in (np.zeros(3), np.full(22, np.nan), np.zeros((22, 2))):
    try:
        iris.submit(wrong, split="tuning")
    except UsageError as error:
        print("refused here:", error)
try:
    iris.attempts()
except NotSupported as error:
    print(error)
"""


def run(code: str, server: RunningServer, folder: Path) -> str:
    """Run lines of Python as a participant would, against a server."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code.replace("http://127.0.0.1:8000", server.url)],
        env={"PATH": "/usr/bin", "HOME": str(folder), "NO_PROXY": "127.0.0.1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ten_lines_get_scores_from_our_server(ours: RunningServer, tmp_path: Path) -> None:
    utility, attack = run(TEN_LINES, ours, tmp_path).splitlines()

    assert float(utility.split()[1]) > 0.8
    assert 0 <= float(attack) <= 1


def test_ten_lines_get_scores_from_the_published_server(
    published: RunningServer, tmp_path: Path
) -> None:
    utility, attack = run(TEN_LINES, published, tmp_path).splitlines()

    assert float(utility.split()[1]) > 0.8
    assert 0 <= float(attack) <= 1


def test_the_published_server_is_spared_what_it_cannot_refuse(
    published: RunningServer, tmp_path: Path
) -> None:
    told = run(MISTAKES, published, tmp_path).splitlines()

    assert [line.startswith("refused here:") for line in told] == [True, True, True, False]
    assert "expected (22,)" in told[0]
    assert "cannot tell attempts" in told[-1]


def test_tables_are_scored_by_the_published_server(
    published_tables: RunningServer, tmp_path: Path
) -> None:
    scheme, rows, refusal = run(TABLES, published_tables, tmp_path).splitlines()

    assert (scheme, rows) == ("1.0", "1.0")
    assert "allowed are same, generalization" in refusal
