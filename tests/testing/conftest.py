"""Packages that the scaffold writes, importable for one test."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from anomed_core.scaffold import facts_of, write_package
from anomed_core.testing import Finding, conformance_checks

from .planted import Planted

Scaffolded = Callable[[str], Path]

NOT_OFFERED = {
    "house-attacks-run: no house attack is declared",
    "calls-answered: no operation is declared",
    "calls-archived: no operation is declared",
    "jobs-own: no operation is answered by a job",
    "prices-public: no operation is declared",
    "sealed-accounts-closed: no operation is declared",
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
def planting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Planted, str], Finding]:
    """Return a function that plants a fault in a module and runs the check that is to find it."""
    monkeypatch.chdir(tmp_path)

    def plant(fault: Planted, module: str) -> Finding:
        source = (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")
        for replaced, by in fault.changes:
            assert source.count(replaced) == 1, replaced
            source = source.replace(replaced, by)
        (tmp_path / f"{module}_planted.py").write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, f"{module}_planted", raising=False)
        checks = conformance_checks(f"{module}_planted")
        (check,) = (one for one in checks if one.id == fault.check)
        return check.find()

    return plant


@pytest.fixture
def findings_of() -> Callable[[str, tuple[str, ...]], list[Finding]]:
    """Return a function that runs some checks of a scaffolded type."""

    def find(name: str, ids: tuple[str, ...]) -> list[Finding]:
        checks = conformance_checks(f"{facts_of(name)['module']}.plugin")
        return [check.find() for check in checks if check.id in ids]

    return find
