"""Behind every claim of the threat model stands a test that exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")
OPEN = "What stays open"

SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))
CLAIMS = [
    (section, *(cell.strip() for cell in row.strip("|").split(" | ")))
    for section, text in SECTIONS.items()
    for row in re.findall(r"^\|.*\|$", text, flags=re.MULTILINE)[2:]
]
NAMED = sorted({node for _, _, tests in CLAIMS for node in re.findall(r"`([^`]+)`", tests)})


@cache
def nodes_of(path: str) -> set[str]:
    """Return the names of a file's tests, as pytest writes them after the file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{f.name}" for f in node.body if isinstance(f, ast.FunctionDef)}
    return found


@pytest.mark.parametrize("node", NAMED)
def test_the_test_that_is_named_exists(node: str) -> None:
    path, _, name = node.partition("::")

    assert name.rpartition("::")[2].startswith("test_")
    assert name in nodes_of(path)


def test_everybody_has_claims() -> None:
    assert set(SECTIONS) == {
        "An outsider",
        "An anonymizer",
        "A deanonymizer",
        "Both together",
        "A curious or careless plugin",
        OPEN,
    }
    assert {section for section, _, _ in CLAIMS} == set(SECTIONS) - {OPEN}


@pytest.mark.parametrize(("section", "claim", "tests"), CLAIMS)
def test_no_claim_is_without_a_test(section: str, claim: str, tests: str) -> None:
    assert re.fullmatch(r"`[^`]+`(, `[^`]+`)*", tests), claim


@pytest.mark.parametrize("section", sorted(set(SECTIONS) - {OPEN}))
def test_sections_claim_nothing_outside_of_their_table(section: str) -> None:
    prose = [line for line in SECTIONS[section].splitlines() if line and not line.startswith("|")]

    assert len(prose) == 1, "one line says who this is; everything else is a claim"


def test_what_stays_open_is_said() -> None:
    items = re.findall(r"^\* \*\*(.+?)\*\* ", SECTIONS[OPEN], flags=re.MULTILINE)

    assert {"Many names for one person.", "Another model for attackers.", "Curious plugins."} <= {
        *items
    }


def test_every_type_of_challenge_is_covered() -> None:
    for plugin in (ROOT / "plugins").iterdir():
        assert any(node.startswith(f"plugins/{plugin.name}/tests/") for node in NAMED), plugin
