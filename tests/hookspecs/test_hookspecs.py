"""The contract with plugins: its signatures are pinned, its documentation is complete."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

from anomed_core import hookspecs
from anomed_core.plugins import DECLARER_HOOKS, HOOKS, OWNER_HOOKS

SNAPSHOT = Path(__file__).with_name("hook_signatures.json")


def signatures() -> dict[str, Any]:
    """Return what plugins rely on: names, arguments in order, and who is asked."""
    found = {}
    for name in HOOKS:
        hook = getattr(hookspecs, name)
        found[name] = {
            "arguments": list(inspect.signature(hook).parameters),
            "firstresult": hook.anomed_spec["firstresult"],
            "owner": name in OWNER_HOOKS,
            "declarer": name in DECLARER_HOOKS,
        }
    return {"API": hookspecs.API, "hooks": found}


def test_signatures_are_those_that_plugins_were_written_for() -> None:
    """A minor version adds hooks, or arguments with defaults; anything else is a new API.

    After such an addition: python -m tests.hookspecs.test_hookspecs
    """
    assert signatures() == json.loads(SNAPSHOT.read_text())


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented(name: str) -> None:
    """When it is called, who is asked, what happens when it raises, and an example."""
    text = inspect.getdoc(getattr(hookspecs, name)) or ""

    assert re.search(r"(?m)^Called ", text)
    assert re.search(r"; (owner|declarer|everybody|extensions)", text)
    assert ">>> @hookimpl" in text
    assert f"def {name}(" in text


@pytest.mark.parametrize("name", HOOKS)
def test_every_argument_that_is_no_challenge_is_documented(name: str) -> None:
    hook = getattr(hookspecs, name)
    text = inspect.getdoc(hook) or ""

    if "Parameters\n" in text:
        for argument in inspect.signature(hook).parameters:
            assert re.search(rf"(?m)^{argument}$", text), argument


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(signatures(), indent=2) + "\n")
