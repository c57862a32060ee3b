"""Scanning reads metadata and runs no plugin code."""

import subprocess
import sys
from pathlib import Path

from anomed_core.plugins import scan
from tests.plugins.conftest import Install


def slugs(distribution: str) -> list[str]:
    return [info.slug for info in scan() if info.distribution == distribution]


def test_scanning_imports_no_plugin(install: Install, packages: Path) -> None:
    install(
        "fake-type",
        types={"fake": "fake_plugin"},
        extensions={"fake-extension": "fake_extension"},
        modules={"fake_plugin": "raise SystemExit(9)", "fake_extension": "raise SystemExit(9)"},
    )
    script = (
        "import sys; from anomed_core.plugins import scan;"
        "print([info.slug for info in scan() if info.distribution == 'fake-type']);"
        "print([name for name in ('fake_plugin', 'fake_extension', 'anomed_supervised_mia',"
        " 'sklearn') if name in sys.modules])"
    )

    answer = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(packages), "PATH": ""},
        timeout=60,
    )

    assert answer.stdout.split("\n")[:2] == ["['fake', 'fake-extension']", "[]"]


def test_a_plugin_is_described_without_being_imported(install: Install) -> None:
    install("fake-type", types={"fake_game": "fake_plugin:thing"}, version="2.3")

    (info,) = (info for info in scan() if info.distribution == "fake-type")

    assert info.slug == "fake-game"
    assert info.target == "fake_plugin:thing"
    assert info.is_challenge_type
    assert str(info) == "plugin 'fake-game' of fake-type 2.3"


def test_types_come_before_extensions_and_both_by_name(install: Install) -> None:
    install("fake", types={"b": "m", "a": "m"}, extensions={"0": "m"})

    assert slugs("fake") == ["a", "b", "0"]


def test_two_distributions_with_one_slug_both_appear(install: Install) -> None:
    install("first", types={"fake": "m"})
    install("second", types={"fake": "m"})

    assert slugs("first") == slugs("second") == ["fake"]


def test_looking_for_plugins_imports_nothing_that_only_some_of_them_need() -> None:
    code = (
        "import sys; from anomed_core.plugins import build_registry; build_registry();"
        "heavy = {'pandas', 'pyarrow', 'sklearn', 'scipy', 'sqlalchemy', 'falcon'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
