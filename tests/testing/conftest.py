"""Packages that the scaffold writes, importable for one test."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from anomed_core.scaffold import facts_of, write_package
from anomed_core.testing import Finding, conformance_checks

Scaffolded = Callable[[str], Path]

NOT_OFFERED = {
    "house-attacks-run: no house attack is declared",
    "reports-made: no section is added to the report",
    "extensions-take-part: no extension is loaded beside the type",
}
"""What a type may do without."""


@pytest.fixture
def scaffolded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scaffolded:
    """Return a function that writes a package and puts its folder on the path."""

    def write(name: str) -> Path:
        folder = write_package(name, tmp_path)
        monkeypatch.syspath_prepend(folder)
        importlib.invalidate_caches()
        return folder / facts_of(name)["module"]

    return write


@pytest.fixture
def findings_of() -> Callable[[str, tuple[str, ...]], list[Finding]]:
    """Return a function that runs some checks of a scaffolded type."""

    def find(name: str, ids: tuple[str, ...]) -> list[Finding]:
        checks = conformance_checks(f"{facts_of(name)['module']}.plugin")
        return [check.find() for check in checks if check.id in ids]

    return find
