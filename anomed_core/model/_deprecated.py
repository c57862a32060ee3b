"""Spellings of older plugins: accepted with a warning, for two minor versions."""

from __future__ import annotations

import warnings

from anomed_core.model.roles import Role


def deprecated(old: str, new: str) -> None:
    """Warn about a spelling that still works, and say what to write instead.

    The warning shows the line that made the declaration, past the initialiser that attrs wrote.
    """
    warnings.warn(f"{old} is deprecated; write {new} instead", DeprecationWarning, stacklevel=4)


def roles_knowing(is_secret: bool | None) -> frozenset[Role]:
    """Return who knew what was declared secret or not before roles could be named."""
    return frozenset(Role) if is_secret is False else frozenset()
