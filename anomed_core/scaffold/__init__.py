"""Begin a package with a challenge type: plain files in which a few names are filled in."""

from __future__ import annotations

import re
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from anomed_core.errors import UsageError
from anomed_core.model.declarations import SLUG, normalised_slug
from anomed_core.version import __version__

_FILES = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "LICENSE.txt": "LICENSE",
    "gitignore.txt": ".gitignore",
    "ci.yml.txt": ".github/workflows/tests.yml",
    "init.py.txt": "$module/__init__.py",
    "plugin.py.txt": "$module/plugin.py",
    "py.typed.txt": "$module/py.typed",
    "test_plugin.py.txt": "tests/test_plugin.py",
}
"""Template to the path that it becomes."""


def write_package(name: str, directory: Path) -> Path:
    """Write a package with a challenge type that works.

    Parameters
    ----------
    name
        Name of the type: lower-case words joined by hyphens.
    directory
        Where the package's folder is created.

    Returns
    -------
    Path
        The package's folder, called ``anomed-NAME``.

    Raises
    ------
    UsageError
        If the name cannot be a type's, or the folder exists already.
    """
    slug = normalised_slug(name)
    if not SLUG.fullmatch(slug):
        raise UsageError(
            f"{name!r} cannot be the name of a challenge type; write lower-case words joined by "
            "hyphens, such as private-histograms"
        )
    folder = directory / f"anomed-{slug}"
    if folder.exists():
        raise UsageError(f"{folder} exists already; choose another name or --directory")
    facts = facts_of(slug)
    for template, target in _FILES.items():
        path = folder / Template(target).substitute(facts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(filled(_templates() / template, facts), encoding="utf-8")
    return folder


def facts_of(slug: str) -> dict[str, str]:
    """Return what is filled in, by the name of its place."""
    words = slug.split("-")
    return {
        "slug": slug,
        "module": "anomed_" + "_".join(words),
        "Class": "".join(word.capitalize() for word in words),
        "title": " ".join(words).capitalize(),
        "core_version": re.match(r"\d+\.\d+", __version__)[0],  # type: ignore[index]
    }


def filled(template: Traversable, facts: dict[str, str]) -> str:
    """Return a template with its ``$places`` filled in; ``$$`` is a dollar sign."""
    return Template(template.read_text(encoding="utf-8")).substitute(facts)


def _templates() -> Traversable:
    return resources.files(__name__) / "templates"
