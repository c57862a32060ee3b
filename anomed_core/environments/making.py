"""Make, find, list and remove environments in the user's cache.

An environment's folder is named by its recipe and digest. Its console scripts name that folder, so
it is filled in place, under a lock between processes, and its stamp is written last: without the
stamp it counts as unfinished, is never used, and is made anew.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from anomed_core.environments.processes import run_limited
from anomed_core.environments.recipes import Environment, KeptEnvironment, Recipe, lock_of
from anomed_core.errors import (
    EnvironmentInUseError,
    EnvironmentMissingError,
    ForeignLibraryError,
)

_KEPT_BACK = (
    "ANOMED_",  # secrets, tokens, the ledger's URL
    "PG",  # the database's password, and where it is
    "POSTGRES",
    "PYTHONPATH",  # would lead into this environment's packages
)
_STAMP = "anomed-environment"


def environments_folder() -> Path:
    """Return the folder of all environments: below ``ANOMED_CACHE``, or the user's cache."""
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "anomed"
    return Path(os.environ.get("ANOMED_CACHE") or users) / "environments"


def find_environment(recipe: Recipe, *, root: Path | None = None) -> Environment:
    """Return the environment of a recipe.

    Parameters
    ----------
    recipe
        What should be installed.
    root
        Where environments are kept; by default `environments_folder`.

    Raises
    ------
    EnvironmentMissingError
        If there is none, or it was not finished.
    """
    folder = _folder_of(recipe, root)
    python = folder / "bin" / "python"
    if not _is_finished(folder):
        raise EnvironmentMissingError(
            f"there is no environment for {recipe.name} in {folder.parent}; make it with "
            f"anomed environments install {recipe.name} (minutes, and up to 3 GB)"
        )
    return Environment(recipe=recipe, python=python)


def install_environment(
    recipe: Recipe,
    *,
    root: Path | None = None,
    timeout_s: float = 1_800.0,
    progress: Callable[[str], None] | None = None,
) -> Environment:
    """Return the environment of a recipe, made if need be; two processes make it once.

    Uses uv where it is at hand and pip otherwise, with their own settings.

    Parameters
    ----------
    recipe
        What to install.
    root
        Where environments are kept; by default `environments_folder`.
    timeout_s
        Time limit of each step.
    progress
        Called with each step before it begins.

    Raises
    ------
    EnvironmentMissingError
        If a step fails or takes too long, as it does offline, or no fitting Python is installed.
    """
    folder = _folder_of(recipe, root)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        if not _is_finished(folder):
            shutil.rmtree(folder, ignore_errors=True)
            try:
                for step, command in _steps(recipe, folder):
                    if progress is not None:
                        progress(step)
                    run_limited(command, timeout_s=timeout_s, what=step, settings=_settings())
            except ForeignLibraryError as error:
                raise EnvironmentMissingError(
                    f"the environment for {recipe.name} could not be made: {error}; check the "
                    f"network and pip's settings, then repeat"
                ) from error
            (folder / _STAMP).touch()
    return find_environment(recipe, root=root)


def kept_environments(root: Path | None = None) -> list[KeptEnvironment]:
    """Return all environments in the cache, finished or not, by name."""
    root = root or environments_folder()
    return [
        KeptEnvironment(folder=folder, is_finished=_is_finished(folder))
        for folder in sorted(root.glob("*/"))
        if (folder / "pyvenv.cfg").is_file()
    ]


def remove_environment(kept: KeptEnvironment) -> None:
    """Delete an environment; it stops being found before its files go.

    Raises
    ------
    EnvironmentInUseError
        If it is being made, or a worker runs in it.
    """
    with _locked(kept.folder, waits=False):
        (kept.folder / _STAMP).unlink(missing_ok=True)
        shutil.rmtree(kept.folder, ignore_errors=True)


def _folder_of(recipe: Recipe, root: Path | None) -> Path:
    digest = recipe.digest("{}.{}".format(*_python_version(recipe)))
    return (root or environments_folder()).absolute() / f"{recipe.name}-{digest}"


def _is_finished(folder: Path) -> bool:
    # the interpreter is a link, which leads nowhere once that Python was removed
    return (folder / _STAMP).is_file() and (folder / "bin" / "python").exists()


def _python_version(recipe: Recipe) -> tuple[int, int]:
    """Return the Python that the recipe's pins have wheels for: this one, or an older one."""
    ours, newest = sys.version_info[:2], recipe.newest_python
    if newest is None or ours <= newest:
        return ours
    for minor in range(newest[1], 10, -1):
        if shutil.which(f"python3.{minor}"):
            return 3, minor
    raise EnvironmentMissingError(
        f"{recipe.name} needs Python 3.{newest[1]} or older, and only {ours[0]}.{ours[1]} is "
        f"installed; install python3.{newest[1]}"
    )


def _interpreter(version: tuple[int, int]) -> str:
    if version == sys.version_info[:2]:
        return os.path.realpath(sys.executable)  # the one below a virtual environment
    return str(shutil.which("python{}.{}".format(*version)))


def _steps(recipe: Recipe, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield what each step does, and its command."""
    beside_us = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    uv, python = shutil.which("uv", path=beside_us), str(folder / "bin" / "python")
    interpreter = _interpreter(_python_version(recipe))
    maker = [uv, "venv", "--quiet", "--python", interpreter] if uv else [interpreter, "-m", "venv"]
    pip = [uv, "pip"] if uv else [python, "-m", "pip"]
    target = ["--quiet", "--python", python] if uv else ["--quiet"]
    yield f"making {folder.name}", [*maker, str(folder)]
    for requirements in recipe.install:
        yield f"installing {', '.join(requirements)}", [*pip, "install", *target, *requirements]
    if recipe.uninstall:
        consent = [] if uv else ["--yes"]
        command = [*pip, "uninstall", *target, *consent, *recipe.uninstall]
        yield f"removing {', '.join(recipe.uninstall)}", command


def _settings() -> dict[str, str]:
    """Return ours, for pip's and uv's own; uv does not read where pip finds links.

    What is installed may run code of its own, so it gets no secret of a server.
    """
    kept = {n: value for n, value in os.environ.items() if not n.startswith(_KEPT_BACK)}
    return {"UV_FIND_LINKS": os.environ.get("PIP_FIND_LINKS", ""), **kept}


@contextmanager
def _locked(folder: Path, *, waits: bool = True) -> Iterator[None]:
    with lock_of(folder).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EnvironmentInUseError(
                f"{folder.name} is being made or used; wait, or end what uses it"
            ) from error
        yield
