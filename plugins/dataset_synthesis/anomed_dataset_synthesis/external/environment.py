"""Make and find the environments that heavy or conflicting libraries need.

These libraries pin versions that exclude each other and this project's own, so none of them is
ever imported here. An environment is a folder that `create_environment` fills by package name and
that stays until it is deleted.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import attrs

_READY = "anomed-environment.txt"
_LAST_LINES = 3


class EnvironmentMissingError(RuntimeError):
    """Say that a library has no environment yet, and how to make one."""


class ExternalGeneratorError(RuntimeError):
    """Say that a library's process failed or ran out of time; its own words are in the message."""


@attrs.frozen(kw_only=True)
class Recipe:
    """Describe how a library gets installed.

    Attributes
    ----------
    library
        Name of its distribution.
    driver
        The script that speaks to it: a module with `fit` and `sample`, see ``drivers/run.py``.
    install
        Requirements, installed one tuple after another.
    uninstall
        Distributions to remove afterwards.
    """

    library: str
    driver: Path
    install: tuple[tuple[str, ...], ...]
    uninstall: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Return the text that tells this recipe from any other."""
        return repr((self.library, self.install, self.uninstall))


_DRIVERS = Path(__file__).parent / "drivers"
_TORCH = "torch==2.13.0"

MOSTLYAI_ENGINE = Recipe(
    library="mostlyai-engine",
    driver=_DRIVERS / "mostlyai_engine.py",
    # torch comes first, or the resolver prefers its CUDA builds; the torchvision and torchaudio
    # that come along are built for another torch, and their presence breaks the import
    install=((_TORCH,), (_TORCH, "mostlyai-engine==2.7.3")),
    uninstall=("torchvision", "torchaudio"),
)
SMARTNOISE_SYNTH = Recipe(
    library="smartnoise-synth",
    driver=_DRIVERS / "smartnoise_synth.py",
    install=((_TORCH,), (_TORCH, "smartnoise-synth==1.0.8", "cloudpickle", "pyarrow")),
)
DPMM = Recipe(
    library="dpmm",
    driver=_DRIVERS / "dpmm_priv_bayes.py",
    install=(("dpmm==0.1.9", "pyarrow==17.0.0"),),  # newer ones need numpy 2, dpmm pins 1.26
)


@attrs.frozen(kw_only=True)
class Environment:
    """Point to a finished environment.

    Attributes
    ----------
    recipe
        What is installed.
    python
        Its interpreter.
    """

    recipe: Recipe
    python: Path


def find_environment(recipe: Recipe, folder: Path) -> Environment:
    """Return the environment that was made in a folder.

    Parameters
    ----------
    recipe
        What should be installed there.
    folder
        Where `create_environment` made it.

    Returns
    -------
    Environment
        Ready for use.

    Raises
    ------
    EnvironmentMissingError
        If there is none, or it was not finished, or it was made by another recipe.
    """
    ready = folder / _READY
    if not ready.is_file() or ready.read_text(encoding="utf-8") != recipe.fingerprint:
        raise EnvironmentMissingError(
            f"there is no environment for {recipe.library} in {folder}; make one with "
            f"create_environment (it takes minutes and up to 3 GB)"
        )
    return Environment(recipe=recipe, python=_python_of(folder))


def create_environment(recipe: Recipe, folder: Path, *, timeout_s: float = 1_800.0) -> Environment:
    """Install a library into a folder, unless that was done before.

    Uses uv where it is at hand and pip otherwise, with their own settings; uv is also given the
    find-links that pip is configured with through its environment variable.

    Parameters
    ----------
    recipe
        What to install.
    folder
        Where: a new or empty folder, or one that an earlier call made, which is made anew if
        that was by another recipe or did not finish.
    timeout_s
        Time limit of each step.

    Returns
    -------
    Environment
        Ready for use.

    Raises
    ------
    ExternalGeneratorError
        If a step fails or takes too long, or the folder holds something else.
    """
    try:
        return find_environment(recipe, folder)
    except EnvironmentMissingError:
        _clear(folder)
    what = f"installing {recipe.library}"
    folder.mkdir(parents=True)
    (folder / _READY).write_text("unfinished", encoding="utf-8")
    run_limited([sys.executable, "-m", "venv", str(folder)], timeout_s=timeout_s, what=what)
    python = _python_of(folder)
    for requirements in recipe.install:
        command = _installer(python, "install", requirements)
        run_limited(command, timeout_s=timeout_s, what=what)
    if recipe.uninstall:
        command = _installer(python, "uninstall", recipe.uninstall)
        run_limited(command, timeout_s=timeout_s, what=what)
    (folder / _READY).write_text(recipe.fingerprint, encoding="utf-8")
    return Environment(recipe=recipe, python=python)


def _clear(folder: Path) -> None:
    """Remove an environment of ours, and nothing else."""
    if (folder / _READY).is_file():
        shutil.rmtree(folder)
    elif folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    elif folder.exists():
        raise ExternalGeneratorError(
            f"{folder} holds something that is no environment of ours; name a new or empty folder"
        )


def run_limited(command: list[str], *, timeout_s: float, what: str) -> None:
    """Run a command to its end or its time limit, and end all of its processes with it.

    Parameters
    ----------
    command
        Program and arguments.
    timeout_s
        Time limit in seconds.
    what
        What it does, for the message.

    Raises
    ------
    ExternalGeneratorError
        If it can't be started, exits with a code other than 0, or runs out of time.
    """
    settings = {"UV_FIND_LINKS": os.environ.get("PIP_FIND_LINKS", ""), **os.environ}
    settings.pop("PYTHONPATH", None)  # would lead into this environment's packages
    settings |= {"HF_HUB_OFFLINE": "1", "PYTHONNOUSERSITE": "1"}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            env=settings,
        )
    except OSError as error:
        raise ExternalGeneratorError(f"{what} could not start: {error}") from error
    with process:
        try:
            _, complaints = process.communicate(timeout=timeout_s)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)  # its own group, see start_new_session
            if isinstance(error, subprocess.TimeoutExpired):
                raise ExternalGeneratorError(
                    f"{what} took longer than its limit of {timeout_s:g} s; "
                    "allow more or give it less"
                ) from error
            raise
    if process.returncode != 0:
        words = " | ".join(complaints.strip().splitlines()[-_LAST_LINES:])
        raise ExternalGeneratorError(f"{what} failed with code {process.returncode}: {words}")


def _installer(python: Path, action: str, packages: tuple[str, ...]) -> list[str]:
    """Put together the command that changes another environment: uv's where there is uv."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv:
        return [uv, "pip", action, "--quiet", "--python", str(python), *packages]
    consent = ["--yes"] if action == "uninstall" else []
    return [str(python), "-m", "pip", action, "--quiet", *consent, *packages]


def _python_of(folder: Path) -> Path:
    return folder / "bin" / "python"
