"""What a foreign library needs, and where it was installed."""

from __future__ import annotations

import hashlib
import json
import re
import sysconfig
from pathlib import Path

import attrs


@attrs.frozen(kw_only=True)
class Recipe:
    """Describe how a library gets an environment of its own.

    Attributes
    ----------
    name
        Lower-case letters, digits and hyphens; unique among all plugins.
    install
        Requirements with their pins, installed one tuple after another.
    uninstall
        Distributions to remove afterwards.
    driver
        The module that speaks to the library: the environment's Python imports it.
    newest_python
        The newest Python that the pins have wheels for; ``None`` takes this one.
    """

    name: str = attrs.field(validator=attrs.validators.matches_re(r"[a-z0-9]+(-[a-z0-9]+)*"))
    install: tuple[tuple[str, ...], ...] = ()
    uninstall: tuple[str, ...] = ()
    driver: Path | None = None
    newest_python: tuple[int, int] | None = None

    def digest(self, python: str) -> str:
        """Return what tells it from others for a Python such as "3.12": 16 hexadecimal digits."""
        facts = [python, sysconfig.get_platform(), self.install, self.uninstall]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


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

    @property
    def folder(self) -> Path:
        """Return the folder of all of its files."""
        return self.python.parents[1]

    def program(self, name: str) -> Path:
        """Return the path of a console script."""
        return self.python.with_name(name)


@attrs.frozen(kw_only=True)
class KeptEnvironment:
    """An environment in the cache: its folder, its recipe's name, and whether it was finished."""

    folder: Path
    is_finished: bool

    @property
    def name(self) -> str:
        """Return the name of the recipe that it was made by."""
        return re.sub(r"-[0-9a-f]{16}$", "", self.folder.name)

    @property
    def size_bytes(self) -> int:
        """Return what its files take."""
        return sum(path.lstat().st_size for path in self.folder.rglob("*"))


def lock_of(folder: Path) -> Path:
    """Return the file by which an environment is made, used and removed one after the other."""
    return folder.with_name(f"{folder.name}.lock")
