"""Entry-point groups of plugins that are hosts themselves, such as one that takes generators."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import attrs

from anomed_core.errors import PluginBrokenError, PluginConflictError
from anomed_core.plugins.loading import import_target
from anomed_core.plugins.scan import CHALLENGE_TYPES, EXTENSIONS


@attrs.frozen(kw_only=True)
class ExtensionPoint:
    """Something that a distribution offers to a plugin; nothing of it is imported yet.

    Attributes
    ----------
    name
        The entry point's name.
    group
        The group that it was found in.
    distributions
        Who offers it, with versions; more than one is a conflict.
    target
        Module, or ``module:object``.
    """

    name: str
    group: str
    distributions: tuple[str, ...]
    target: str

    def __str__(self) -> str:
        return f"{self.name!r} of {self.distributions[0]} ({self.group})"

    def load(self, expected: type | None = None) -> Any:
        """Import what is offered.

        Parameters
        ----------
        expected
            Class that it must be an instance of, if given.

        Returns
        -------
        object

        Raises
        ------
        PluginNotFoundError, PluginBrokenError, PluginConflictError
            With one sentence that names the distribution: there is no such module or object, its
            code raises, it is something else than expected, or two distributions offer the name.
        """
        if len(self.distributions) > 1:
            raise PluginConflictError(
                f"{self.name!r} is offered to {self.group} by {' and '.join(self.distributions)}; "
                "uninstall one"
            )
        offered = import_target(self.target, str(self))
        if expected is not None and not isinstance(offered, expected):
            raise PluginBrokenError(
                f"{self} is {type(offered).__name__}; {self.group} takes {expected.__name__}"
            )
        return offered


def extension_points(group: str) -> dict[str, ExtensionPoint]:
    """Return what installed distributions offer to a plugin, without running any of their code.

    For plugins that are hosts themselves. Each one is imported when it is loaded, so a broken one
    harms nobody but who asks for it.

    Parameters
    ----------
    group
        Entry-point group of the plugin's own, such as ``anomed_dataset_synthesis.generators``.

    Returns
    -------
    dict of str to ExtensionPoint
        By name, in alphabetical order.

    Raises
    ------
    ValueError
        If the group is one of the core's, whose plugins the core loads.

    Examples
    --------
    >>> extension_points("my_plugin.generators")
    {}
    """
    if group in {CHALLENGE_TYPES, EXTENSIONS}:
        raise ValueError(f"the core loads what is in {group}; name a group of your own")
    offers: dict[str, dict[str, str]] = {}
    for point in entry_points(group=group):
        label = f"{point.dist.name} {point.dist.version}" if point.dist else "?"
        offers.setdefault(point.name, {})[label] = point.value
    return {
        name: ExtensionPoint(
            name=name,
            group=group,
            distributions=tuple(sorted(offered)),
            target=offered[min(offered)],
        )
        for name, offered in sorted(offers.items())
    }
