"""What ``anomed plugins new`` writes."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from anomed_core.errors import UsageError
from anomed_core.plugins import build_registry
from anomed_core.scaffold import write_package


def test_everything_is_filled_in(tmp_path: Path) -> None:
    folder = write_package("Private_Histograms", tmp_path)

    assert folder == tmp_path / "anomed-private-histograms"
    written = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        ".github/workflows/tests.yml",
        "anomed_private_histograms/plugin.py",
        "anomed_private_histograms/py.typed",
        "tests/test_plugin.py",
    } <= written
    for path in written:
        text = (folder / path).read_text().replace("${{ matrix.python }}", "")
        assert "$" not in text, path


@pytest.mark.parametrize("name", ["", "9lives", "a b", "a--b", "../up"])
def test_a_name_that_cannot_be_a_slug_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a plugin"):
        write_package(name, tmp_path)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_package("twice", tmp_path)

    with pytest.raises(UsageError, match="exists already"):
        write_package("twice", tmp_path)


@pytest.mark.parametrize("tool", [["ruff", "check"], ["ruff", "format", "--check"]])
@pytest.mark.parametrize("sort", ["", "extension", "interactive"])
def test_it_keeps_the_rules_of_the_house(tool: list[str], sort: str, tmp_path: Path) -> None:
    folder = write_package("tidy", tmp_path, **({sort: True} if sort else {}))

    subprocess.run(
        [sys.executable, "-m", *tool, "--line-length", "100", "."], cwd=folder, check=True
    )


def test_an_extension_is_no_type_that_answers_questions(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leave out --interactive"):
        write_package("both", tmp_path, extension=True, interactive=True)


@pytest.mark.slow
@pytest.mark.parametrize("interactive", [False, True])
def test_its_tests_pass_where_it_is_written(tmp_path: Path, interactive: bool) -> None:
    folder = write_package("at-once", tmp_path, interactive=interactive)
    test = (folder / "tests" / "test_plugin.py").read_text()
    (folder / "tests" / "test_plugin.py").write_text(
        test.replace('"at-once"', '"anomed_at_once.plugin"')  # it is not installed here
    )

    assert_tests_pass(folder)


def test_what_it_asks_is_answered_and_paid_for(tmp_path: Path) -> None:
    folder = write_package("asked", tmp_path, interactive=True)
    test = (folder / "tests" / "test_plugin.py").read_text()
    (folder / "tests" / "test_plugin.py").write_text(
        test.replace('"asked"', '"anomed_asked.plugin"')
    )

    assert_tests_pass(folder, "-k", "not test_conformance")


def test_an_extension_is_installed_tested_and_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_package("no-addresses", tmp_path, extension=True)
    assert_tests_pass(folder)
    metadata = folder / "anomed_no_addresses-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 0.1.0\n")
    points = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["entry-points"]
    (metadata / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n{name} = {target}\n"
            for group, named in points.items()
            for name, target in named.items()
        )
    )
    monkeypatch.syspath_prepend(folder)

    registry = build_registry()
    broken = registry.load_extensions()

    assert not [info for info in broken if info.slug == "no-addresses"]
    asked = registry.implementations("anomed_validate_submission")
    assert "no-addresses" in [one.plugin_name for one in asked]


def assert_tests_pass(folder: Path, *options: str) -> None:
    quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *quiet, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:]
