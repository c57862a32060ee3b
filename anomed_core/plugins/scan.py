"""Find installed plugins by their metadata, without running any of their code."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

import attrs

from anomed_core.errors import PluginConflictError, PluginNotFoundError
from anomed_core.model.declarations import normalised_slug

CHALLENGE_TYPES = "anomed.challenge_types"
EXTENSIONS = "anomed.extensions"


@attrs.frozen(kw_only=True)
class PluginInfo:
    """What is known about an installed plugin before it is imported.

    Attributes
    ----------
    slug
        Its name.
    group
        Entry-point group: challenge types or extensions.
    distribution, version
        Who brings it.
    target
        Module, or ``module:object``, that holds the hooks.
    """

    slug: str
    group: str
    distribution: str
    version: str
    target: str

    @property
    def is_challenge_type(self) -> bool:
        """Whether it owns a challenge type."""
        return self.group == CHALLENGE_TYPES

    def __str__(self) -> str:
        return f"plugin {self.slug!r} of {self.distribution} {self.version}"


def scan() -> tuple[PluginInfo, ...]:
    """List the installed plugins.

    Returns
    -------
    tuple of PluginInfo
        Challenge types before extensions, by name. Two distributions that claim one slug both
        appear; one distribution that is found twice on the path appears once.
    """
    points = entry_points()  # reads the metadata of every distribution, so only once
    installed = {
        info: None
        for group in (CHALLENGE_TYPES, EXTENSIONS)
        for info in sorted(
            (_info(point, group) for point in points.select(group=group)),
            key=lambda info: (info.slug, info.distribution, info.target),
        )
    }
    return tuple(installed)


def _info(point: EntryPoint, group: str) -> PluginInfo:
    distribution = point.dist
    return PluginInfo(
        slug=normalised_slug(point.name),
        group=group,
        distribution=distribution.name if distribution else "?",
        version=distribution.version if distribution else "?",
        target=point.value,
    )


def installed_plugin(name: str, installed: Iterable[PluginInfo]) -> PluginInfo:
    """Return the installed plugin that a user named.

    Raises
    ------
    PluginNotFoundError, PluginConflictError
        If none or more than one is called so.
    """
    slug = normalised_slug(name)
    by_slug: dict[str, list[PluginInfo]] = {}
    for info in installed:
        by_slug.setdefault(info.slug, []).append(info)
    matches = by_slug.get(slug, [])
    if len(matches) > 1:
        raise PluginConflictError(
            f"the plugin {slug!r} is claimed twice: by "
            + " and by ".join(f"{info.distribution} {info.version}" for info in matches)
            + "; uninstall one"
        )
    if matches:
        return matches[0]
    if "/" in name or name.startswith("."):
        raise PluginNotFoundError(
            f"{name!r} is not a .py file; give a plugin's name, module:object or a .py file, "
            "and install a plugin of several files first (pip install -e FOLDER)"
        )
    close = difflib.get_close_matches(slug, by_slug, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise PluginNotFoundError(
        f"there is no plugin {name!r}; {hint}installed: {', '.join(by_slug) or 'none'}. A "
        f"package names its plugin below [project.entry-points.{CHALLENGE_TYPES!r}] in its "
        "pyproject.toml, and must be installed after that (pip install -e FOLDER)"
    )
