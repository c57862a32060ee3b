"""The demo waits for its server as long as it says, and no longer."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from anomed_core import demonstration
from anomed_core.errors import UsageError
from tests.ranked_type import open_contest, play_contest


def announced(code: str, folder: Path) -> str:
    """Run Python code as the server; return the URL that it announces."""
    log = folder / "server.log"
    log.write_text("it is busy")
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            return demonstration._announced_url(process, log)
        finally:
            process.kill()


def test_the_url_is_found_however_it_arrives(tmp_path: Path) -> None:
    code = (
        "import sys, time\n"
        "for part in ('Preparing\\nServing x at', ' http://127.0.0.1:', '8000 (see below)\\n'):\n"
        "    sys.stdout.write(part); sys.stdout.flush(); time.sleep(0.05)\n"
        "time.sleep(60)\n"
    )

    assert announced(code, tmp_path) == "http://127.0.0.1:8000"


@pytest.mark.timed
def test_a_silent_server_is_given_up_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demonstration, "_START_TIMEOUT_S", 0.5)
    began = time.monotonic()

    with pytest.raises(UsageError, match=r"did not start within 0\.5 s: it is busy"):
        announced("import time; time.sleep(60)", tmp_path)

    assert time.monotonic() - began < 10


@pytest.mark.timed
def test_a_server_that_ends_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()

    with pytest.raises(UsageError, match="the server did not start"):
        announced("print('no')", tmp_path)

    assert time.monotonic() - began < 30


def test_the_ranking_is_printed_as_the_server_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = open_contest(tmp_path)
    play_contest(server)
    (hosted,) = server.challenges.values()
    tables = server.rankings.tables(hosted)
    server.close()
    lines: list[str] = []
    monkeypatch.setattr(
        demonstration.DemoSession, "ranking", lambda _: [table.as_dict() for table in tables]
    )
    session = demonstration.DemoSession(url="", downloads=tmp_path, tell=lines.append, seed=0)

    demonstration._tell_ranking(session)

    anonymizers, deanonymizers = tables
    assert lines[1] == "Anonymizers:"
    shown = [line.split() for line in lines[2 : 3 + len(anonymizers.entries)]]
    header, rows = anonymizers.cells()
    assert shown == [" ".join(row).split() for row in (header, *rows)]
    assert shown[1][:4] == ["1", "ann", "0.371", "0.820"]
    assert lines[-1].split() == " ".join(deanonymizers.cells()[1][-1]).split()
