"""The files that a page of the documentation has its reader write."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"

_NAMED = re.compile(
    r"^```(?:python|toml)\n# ([\w./-]+\.\w+)(, continued)?\n+(.*?)^```$",
    flags=re.DOTALL | re.MULTILINE,
)


def files_of(page: str) -> dict[str, str]:
    """Return the named blocks of a page by file, continued ones put together."""
    files: dict[str, str] = {}
    for name, continued, text in _NAMED.findall((DOCS / page).read_text(encoding="utf-8")):
        files[name] = f"{files[name]}\n\n{text}" if continued else text
    return files
