"""A plugin-based framework for privacy challenges.

Everything a plugin or an organiser's script needs is importable from here; modules below are the
core's own. Names are imported when they are used, so that the command line stays fast.
"""

import warnings

import lazy_loader

_RENAMED = {"Competition": "DemoConfig"}
"""Names of older plugins, which keep working until the second minor version after the change."""

_exported, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    if name in _RENAMED:
        new = _RENAMED[name]
        warnings.warn(f"{__name__}.{name} is {new} now", DeprecationWarning, stacklevel=2)
        return _exported(new)
    return _exported(name)
