"""Load the plugin under test, however it is named or given."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from anomed_core.model import ChallengeType
from anomed_core.plugins import PluginRegistry
from anomed_core.plugins.loading import import_target

Plugin = str | ModuleType
"""What ``--plugin`` takes, or the module itself."""


def load_plugin(registry: PluginRegistry, plugin: Any) -> ChallengeType | None:
    """Load a plugin that is named or given.

    Parameters
    ----------
    registry
        Where to.
    plugin
        What ``--plugin`` takes, or a module or object with hooks.

    Returns
    -------
    ChallengeType or None
        As `PluginRegistry.load`.
    """
    if isinstance(plugin, str):
        is_path = "/" in plugin or plugin.endswith(".py")
        if ":" in plugin or is_path or _is_installed(registry, plugin):
            return registry.load(plugin)
        if "." in plugin or _is_module(plugin):
            return registry.add(import_target(plugin, f"plugin {plugin!r}"), name=plugin)
        return registry.load(plugin)
    name = getattr(plugin, "__name__", type(plugin).__name__)
    loaded = registry.plugins.get(name)
    return None if loaded is plugin else registry.add(plugin, name=name)


def _is_installed(registry: PluginRegistry, name: str) -> bool:
    return any(info.slug == name for info in registry.installed)


def _is_module(name: str) -> bool:
    return name.isidentifier() and importlib.util.find_spec(name) is not None


def reference(plugin: Plugin) -> str:
    """Return how another interpreter finds a plugin: what ``--plugin`` takes, or a module's name.

    Raises
    ------
    TypeError
        If it is neither a name nor a module.
    """
    if isinstance(plugin, str):
        return plugin
    if isinstance(plugin, ModuleType):
        spec = plugin.__spec__
        is_from_path = spec is None or plugin.__name__.startswith("anomed_plugin_")
        return str(plugin.__file__) if is_from_path else plugin.__name__
    raise TypeError(
        f"conformance is checked in other processes, too, so name the plugin as --plugin does or "
        f"give its module, not a {type(plugin).__name__}"
    )


def home_of(plugin: Any) -> str:
    """Return where the code of a loaded plugin is: the folder of its package, or its only file."""
    name = plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__module__
    package = sys.modules.get(name.partition(".")[0])
    module = sys.modules.get(name, plugin)
    if "." in name and package is not None and package.__file__:
        return f"{Path(package.__file__).parent}{os.sep}"
    return str(getattr(module, "__file__", None) or "")
