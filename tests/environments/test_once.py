"""One maker of environments serves plugins, benchmarks and tests."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAKER = {"anomed_core/environments/making.py", "tests/environments/test_once.py"}
MAKES_ONE = re.compile(r"""["']venv["']|-m venv|uv venv|EnvBuilder|import venv""")


def test_no_second_maker_of_environments_is_written() -> None:
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."]
    found = {
        str(path.relative_to(ROOT))
        for folder in folders
        for path in folder.rglob("*.py")
        if ".venv" not in path.parts and MAKES_ONE.search(path.read_text(encoding="utf-8"))
    }

    assert found - MAKER == set()
    assert found >= MAKER  # so that the search cannot find nothing because it is wrong
