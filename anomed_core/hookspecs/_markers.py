"""The name of the project, the version of its contract, and the markers of hooks."""

from __future__ import annotations

import pluggy

API = 1
"""The version of the contract; plugins repeat it as ``ANOMED_API``."""

OLDEST_API = 1
"""The oldest version that is accepted, with a warning if it is not `API`: this one or the last."""

PROJECT = "anomed"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
