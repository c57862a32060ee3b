"""Begin a package with a plugin: plain files in which a few names are filled in."""

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
    "LICENSE.txt": "LICENSE",
    "gitignore.txt": ".gitignore",
    "ci.yml.txt": ".github/workflows/tests.yml",
    "init.py.txt": "$module/__init__.py",
    "py.typed.txt": "$module/py.typed",
}
_OF_TYPES = {
    "README.md.txt": "README.md",
    "plugin.py.txt": "$module/plugin.py",
    "test_plugin.py.txt": "tests/test_plugin.py",
}
_OF_INTERACTIVE = {f"interactive/{template}": target for template, target in _OF_TYPES.items()}
_OF_EXTENSIONS = {
    "extension/README.md.txt": "README.md",
    "extension/plugin.py.txt": "$module/plugin.py",
    "extension/test_plugin.py.txt": "tests/test_plugin.py",
    "extension/tiny_type.py.txt": "tests/tiny_type.py",
}
"""Template to the path that it becomes."""


def write_package(
    name: str, directory: Path, *, extension: bool = False, interactive: bool = False
) -> Path:
    """Write a package with a challenge type, or with an extension, that works.

    Parameters
    ----------
    name
        Name of the plugin: lower-case words joined by hyphens.
    directory
        Where the package's folder is created.
    extension
        Whether it owns no type, but takes part in the challenges of others.
    interactive
        Whether it is a type that answers questions.

    Returns
    -------
    Path
        The package's folder, called ``anomed-NAME``.

    Raises
    ------
    UsageError
        If the name cannot be a plugin's, the folder exists already, or an extension shall be
        interactive.
    """
    if extension and interactive:
        raise UsageError(
            "an extension may declare operations in anomed_operations; leave out --interactive, "
            "which begins a type"
        )
    slug = normalised_slug(name)
    if not SLUG.fullmatch(slug):
        raise UsageError(
            f"{name!r} cannot be the name of a plugin; write lower-case words joined by "
            "hyphens, such as private-histograms"
        )
    folder = directory / f"anomed-{slug}"
    if folder.exists():
        raise UsageError(f"{folder} exists already; choose another name or --directory")
    facts = facts_of(slug, extension=extension)
    of_types = _OF_INTERACTIVE if interactive else _OF_TYPES
    for template, target in (_FILES | (_OF_EXTENSIONS if extension else of_types)).items():
        path = folder / Template(target).substitute(facts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(filled(_templates() / template, facts), encoding="utf-8")
    return folder


def facts_of(slug: str, *, extension: bool = False) -> dict[str, str]:
    """Return what is filled in, by the name of its place."""
    words = slug.split("-")
    return {
        "slug": slug,
        "module": "anomed_" + "_".join(words),
        "Class": "".join(word.capitalize() for word in words),
        "title": " ".join(words).capitalize(),
        "core_version": re.match(r"\d+\.\d+", __version__)[0],  # type: ignore[index]
        "what": "an extension" if extension else "a challenge type",
        "group": "anomed.extensions" if extension else "anomed.challenge_types",
        "libraries": "" if extension else ', "attrs>=23.1", "numpy>=2", "scikit-learn>=1.5"',
        "check": "anomed plugins list" if extension else f"anomed plugins check {slug}",
    }


def filled(template: Traversable, facts: dict[str, str]) -> str:
    """Return a template with its ``$places`` filled in; ``$$`` is a dollar sign."""
    return Template(template.read_text(encoding="utf-8")).substitute(facts)


def _templates() -> Traversable:
    return resources.files(__name__) / "templates"
