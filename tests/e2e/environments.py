"""Build virtual environments for published libraries that cannot live beside ours.

AnoMed's clients pin numpy 1.26, so they get an environment of their own and are talked to over
HTTP. An environment is built once and kept in `.venvs/` of the repository, or in the folder that
`ANOMED_VENVS` names.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

ANOMED_REQUIREMENTS = (
    "anomed-anonymizer==0.0.22",
    "anomed-challenge==0.0.21",
    "anomed-deanonymizer==0.0.11",
    "anomed-utils==0.3.8",
    "gunicorn",
    "packaging",  # adversarial-robustness-toolbox needs it and does not declare it
)
"""Both kinds of published clients, and the challenge server that they were written for."""

NEWEST_PYTHON_WITH_NUMPY_1 = (3, 12)
BUILD_TIMEOUT_S = 900


class EnvironmentUnavailableError(RuntimeError):
    """An environment could not be built here; the message says why."""


def build_environment(name: str, requirements: Sequence[str]) -> Path:
    """Return the folder of an environment that holds `requirements`, building it if need be.

    Raises
    ------
    EnvironmentUnavailableError
        If no fitting interpreter is installed, or the installer fails.
    """
    root = Path(os.environ.get("ANOMED_VENVS", REPOSITORY / ".venvs"))
    folder = root / name
    stamp = folder / ".built"
    interpreter = _interpreter()
    wanted = "\n".join([interpreter, *requirements])
    root.mkdir(parents=True, exist_ok=True)
    with _locked(root / f"{name}.lock"):
        if not stamp.is_file() or stamp.read_text() != wanted:
            for command in _installation(interpreter, folder, requirements):
                _run(command)
            stamp.write_text(wanted)
    return folder


def _interpreter() -> str:
    """Return a Python that numpy 1.26 has wheels for: this one, or an older one on the path."""
    if sys.version_info[:2] <= NEWEST_PYTHON_WITH_NUMPY_1:
        return sys.executable
    for name in ("python3.12", "python3.11"):
        if found := shutil.which(name):
            return found
    raise EnvironmentUnavailableError(
        "the published AnoMed libraries need numpy 1.26, hence Python 3.11 or 3.12, "
        f"and only {sys.version_info.major}.{sys.version_info.minor} is installed; "
        "install python3.12 beside it"
    )


def _installation(interpreter: str, folder: Path, requirements: Sequence[str]) -> list[list[str]]:
    beside_us = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    python = str(folder / "bin" / "python")
    if uv := shutil.which("uv", path=beside_us):
        return [
            [uv, "venv", "--quiet", "--clear", "--python", interpreter, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, *requirements],
        ]
    return [
        [interpreter, "-m", "venv", "--clear", str(folder)],
        [python, "-m", "pip", "install", "--quiet", *requirements],
    ]


def _run(command: Sequence[str]) -> None:
    environment = dict(os.environ)
    if "PIP_FIND_LINKS" in environment:  # uv does not read pip's settings
        environment.setdefault("UV_FIND_LINKS", environment["PIP_FIND_LINKS"])
    try:
        subprocess.run(
            command,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=BUILD_TIMEOUT_S,
        )
    except subprocess.CalledProcessError as error:
        reason = " ".join(error.stderr.split())[-800:]
        raise EnvironmentUnavailableError(f"{' '.join(command)} failed: {reason}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentUnavailableError(f"{' '.join(command)} failed: {error}") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes, so that parallel test workers build one environment."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
