"""Each plugin's wheel and the core's, installed alone into a fresh environment, work."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
UV = Path(sys.executable).with_name("uv")

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def run(*command: str | Path, folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the wheels of all distributions by the name of their folder."""
    if not UV.exists():
        pytest.skip("uv is not installed beside this Python; run: make install")
    built = {}
    for project in (ROOT, *PLUGINS):
        target = tmp_path_factory.mktemp("wheels")
        run(UV, "build", "--quiet", "--wheel", "--out-dir", target, project, folder=target)
        (built[project.name],) = target.glob("*.whl")
    return built


@pytest.mark.parametrize("project", PLUGINS, ids=lambda project: project.name)
def test_a_plugin_needs_nothing_but_its_wheel_and_the_cores(
    project: Path, wheels: dict[str, Path], tmp_path: Path
) -> None:
    environment = tmp_path / "environment"
    run(UV, "venv", "--quiet", "--python", sys.executable, environment, folder=tmp_path)
    python = environment / "bin" / "python"
    install = (UV, "pip", "install", "--quiet", "--python", python)
    constraints = ROOT / "constraints.txt"
    both = (wheels[ROOT.name], wheels[project.name])
    run(*install, "--constraint", constraints, *both, folder=tmp_path)

    anomed = environment / "bin" / "anomed"
    (listed,) = json.loads(run(anomed, "plugins", "list", "--json", folder=tmp_path))
    assert listed["name"] == project.name.replace("_", "-")
    assert listed["state"] == "ok"
    checked = run(anomed, "challenge", "check", "--plugin", listed["name"], folder=tmp_path)
    assert "1 challenge(s) checked" in checked
