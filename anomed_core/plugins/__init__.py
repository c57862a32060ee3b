"""The gate: scan without importing, load by name, ask the owner, judge what comes back."""

from anomed_core.plugins.collecting import declared, offered
from anomed_core.plugins.loading import (
    DECLARER_HOOKS,
    HOOKS,
    OWNER_HOOKS,
    implemented_hooks,
    one_line,
)
from anomed_core.plugins.offers import ExtensionPoint, extension_points
from anomed_core.plugins.registry import LoadedType, PluginRegistry, build_registry
from anomed_core.plugins.results import (
    attack_metrics,
    checked_metrics,
    checked_value,
    collected,
)
from anomed_core.plugins.scan import PluginInfo, scan
from anomed_core.plugins.sources import load_arrays

__all__ = [
    "DECLARER_HOOKS",
    "HOOKS",
    "OWNER_HOOKS",
    "ExtensionPoint",
    "LoadedType",
    "PluginInfo",
    "PluginRegistry",
    "attack_metrics",
    "build_registry",
    "checked_metrics",
    "checked_value",
    "collected",
    "declared",
    "extension_points",
    "implemented_hooks",
    "load_arrays",
    "offered",
    "one_line",
    "scan",
]
