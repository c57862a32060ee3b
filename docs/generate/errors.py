"""The error reference, from the classes and their mapping to HTTP."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from anomed_core import errors
from anomed_core.web.errors import CODES, STATUS
from docs.generate.markdown import code, docstring, table


def tree_block() -> str:
    """Return the tree as the module draws it."""
    drawn = inspect.cleandoc(errors.__doc__ or "").partition("::\n\n")[2].partition("\n\n")[0]
    return f"```text\n{inspect.cleandoc(drawn)}\n```"


def block() -> str:
    """Return every error with what it means."""
    rows = [[code(cls.__name__), _status(cls), docstring(cls)["summary"]] for cls in classes()]
    return table(["error", "status", "meaning"], rows)


def status_block() -> str:
    """Return the answers that a participant may get, by status."""
    rows = sorted(
        (status, title, docstring(cls)["summary"], cls) for cls, (status, title) in STATUS.items()
    )
    return table(
        ["status", "`title`", "`code`", "when", "error"],
        [
            [str(status), title, code(CODES[cls]), meaning, f"[`{cls.__name__}`](errors.md)"]
            for status, title, meaning, cls in rows
        ],
    )


def classes(root: type[errors.AnomedError] = errors.AnomedError) -> Iterator[type[Exception]]:
    """Yield an error and all below it, in the order of the source."""
    yield root
    for cls in root.__subclasses__():
        if vars(errors).get(cls.__name__) is cls:
            yield from classes(cls)


def _status(cls: type[Exception]) -> str:
    return str(STATUS[cls][0]) if cls in STATUS else ""
