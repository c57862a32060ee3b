"""Find installed plugins by their metadata, without running any of their code."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import attrs

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
    found = {
        info: None
        for group in (CHALLENGE_TYPES, EXTENSIONS)
        for info in sorted(
            (_info(point, group) for point in points.select(group=group)),
            key=lambda info: (info.slug, info.distribution, info.target),
        )
    }
    return tuple(found)


def _info(point: EntryPoint, group: str) -> PluginInfo:
    distribution = point.dist
    return PluginInfo(
        slug=normalised_slug(point.name),
        group=group,
        distribution=distribution.name if distribution else "?",
        version=distribution.version if distribution else "?",
        target=point.value,
    )
