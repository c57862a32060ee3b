"""Renew the derived parts of all pages, or say which of them are stale."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import structlog

from docs.generate import (
    bench,
    commands,
    errors,
    exports,
    hooks,
    metrics,
    objects,
    routes,
    settings,
)

DOCS = Path(__file__).parents[1]

BLOCKS: dict[str, Callable[[], str]] = {
    "hooks": hooks.block,
    "commands": commands.block,
    "server settings": settings.server_block,
    "challenge settings": settings.challenge_block,
    "error tree": errors.tree_block,
    "errors": errors.block,
    "statuses": errors.status_block,
    "routes": routes.block,
    "metrics": metrics.block,
    "utility metrics": metrics.utility_block,
    "objects": objects.block,
    "checks": bench.checks_block,
    "fixtures": bench.fixtures_block,
    "test client": bench.client_block,
    "bench exports": bench.exports_block,
    "core exports": exports.core_block,
    "report exports": exports.report_block,
    "statistics exports": exports.statistics_block,
    "plugin exports": exports.plugin_block,
}
"""What writes each block."""

_BLOCK = re.compile(r"(<!-- generated: (.+?) -->\n)(.*?)(<!-- end -->)", flags=re.DOTALL)


def renewed(page: str) -> str:
    """Return a page with its derived parts as the code has them now."""
    return _BLOCK.sub(lambda block: f"{block[1]}\n{BLOCKS[block[2]]().strip()}\n\n{block[4]}", page)


def main() -> int:
    """Write or compare; 1 if something is stale."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if stale")
    check = parser.parse_args().check
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    stale = [path for path, new in current().items() if _text(path) != new]
    for path in stale:
        print(f"{'stale' if check else 'renewed'}: {path.relative_to(DOCS.parent)}")
    if not check:
        for path, new in current().items():
            _write(path, new)
    return int(check and bool(stale))


@cache
def current() -> dict[Path, str | None]:
    """Return what every page must be; ``None`` for one that must not be there any more."""
    whole: dict[Path, str | None] = {
        DOCS / path: f"{text.strip()}\n" for path, text in hooks.pages().items()
    }
    for path in sorted(DOCS.rglob("*.md")):
        if path.parent == DOCS / "reference" / "hooks":
            whole.setdefault(path, None)
        else:
            whole[path] = renewed(path.read_text(encoding="utf-8"))
    return whole


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _write(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
    else:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
