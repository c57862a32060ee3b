"""What plugins and scripts need is importable from the top, and imported when it is used."""

import subprocess
import sys

import pytest

import anomed_core


@pytest.mark.parametrize("name", [n for n in anomed_core.__all__ if not n.startswith("__")])
def test_every_exported_name_is_what_its_home_defines(name: str) -> None:
    exported = getattr(anomed_core, name)

    assert getattr(exported, "__name__", name) in {name, "_HookimplMarker"} or not callable(
        exported
    )


def test_names_are_listed() -> None:
    assert dir(anomed_core) == sorted(anomed_core.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="anomed_core attribute nothing"):
        anomed_core.nothing  # noqa: B018 - the access is what is tested


def loaded_after(statement: str) -> set[str]:
    script = f"{statement}\nimport sys\nprint(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )
    return set(answer.stdout.split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    loaded = loaded_after("import anomed_core")

    heavy = {"numpy", "attrs", "falcon", "sqlalchemy", "scipy", "sklearn", "pandas", "pyarrow"}
    assert not loaded & heavy


def test_a_plugin_begins_with_the_marker_alone() -> None:
    loaded = loaded_after("from anomed_core import hookimpl")

    heavy = {"falcon", "sqlalchemy", "scipy", "sklearn", "pandas", "pyarrow", "gunicorn"}
    assert not loaded & heavy


def test_statistics_need_no_other_room() -> None:
    loaded = loaded_after("import anomed_core.statistics")

    assert "scipy.special" in loaded
    assert not loaded & {"scipy.stats", "falcon", "sqlalchemy", "sklearn", "pandas", "pyarrow"}
    assert not any(name.startswith("anomed_core.model") for name in loaded)


def test_a_renamed_export_warns_and_works() -> None:
    with pytest.warns(DeprecationWarning, match=r"Competition is DemoConfig now"):
        assert anomed_core.Competition is anomed_core.DemoConfig
