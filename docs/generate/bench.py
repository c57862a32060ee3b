"""The test bench for plugin authors: checks, fixtures, the participant's client."""

from __future__ import annotations

import inspect
import re

from anomed_core import testing
from anomed_core.testing import ChallengeClient, FakePlatform, conformance_checks, pytest_plugin
from docs.generate.markdown import code, first_sentence, prose, table
from docs.generate.objects import members


def checks_block() -> str:
    """Return every check of the kit."""
    rows = [
        [code(check.id), prose(check.description)] for check in conformance_checks("any-plugin")
    ]
    return table(["check", "a plugin must"], rows)


def fixtures_block() -> str:
    """Return the fixtures that the pytest plugin brings."""
    source = inspect.getsource(pytest_plugin)
    names = re.findall(r"^@pytest.fixture\ndef (\w+)\(", source, flags=re.MULTILINE)
    documented = re.findall(
        r"^@pytest.fixture\ndef \w+\(.*?\).*?:\n    \"\"\"(.*?)\"\"\"",
        source,
        flags=re.MULTILINE | re.DOTALL,
    )
    rows = [[code(n), prose(inspect.cleandoc(d))] for n, d in zip(names, documented, strict=True)]
    return table(["fixture", "what it gives"], rows)


def client_block() -> str:
    """Return what the client and the platform's double offer."""
    return "\n\n".join(
        f"### {cls.__name__}\n\n{members(cls)}" for cls in (ChallengeClient, FakePlatform)
    )


def exports_block() -> str:
    """Return everything that `anomed_core.testing` exports."""
    rows = [[code(name), first_sentence(getattr(testing, name))] for name in testing.__all__]
    return table(["name", "what it is"], rows)
