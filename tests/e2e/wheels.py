"""Build wheels, and install them into environments that hold nothing else of ours."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from anomed_core.environments import Environment, Recipe, install_environment

from .environments import REPOSITORY

UV = Path(sys.executable).with_name("uv")
_TIMEOUT_S = 900


def build_wheel(project: Path, target: Path) -> Path:
    """Build the wheel of a project in a folder of its own."""
    target.mkdir(parents=True)
    run(UV, "build", "--quiet", "--wheel", "--out-dir", target, project, folder=target)
    (wheel,) = target.glob("*.whl")
    return wheel


def fresh_environment(folder: Path, requirements: Iterable[str | Path]) -> Environment:
    """Install requirements, in the versions that the tests run with, and nothing else."""
    constraints = REPOSITORY / "constraints.txt"
    recipe = Recipe(
        name="wheels", install=(("--constraint", str(constraints), *map(str, requirements)),)
    )
    return install_environment(recipe, root=folder, timeout_s=_TIMEOUT_S)


def run(*command: str | Path, folder: Path) -> str:
    """Run a program that must succeed, in a folder, and return what it printed."""
    ours = {"VIRTUAL_ENV", "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in ours},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
