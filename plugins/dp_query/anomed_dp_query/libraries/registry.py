"""Which libraries there are: cheap to list, and loaded by the first question alone."""

from __future__ import annotations

from functools import cache

from anomed_dp_query.libraries.counts import Counts
from anomed_dp_query.libraries.library import Library
from anomed_dp_query.libraries.models import DiffPrivLib
from anomed_dp_query.libraries.opendp.library import OpenDP
from anomed_dp_query.libraries.sql import SmartNoiseSQL
from anomed_dp_query.libraries.synthesis import SmartNoiseSynth

BUILT_IN = ("counts", "opendp")
"""What answers where the configuration names no libraries: all that need no environment."""


@cache
def libraries() -> dict[str, Library]:
    """Return all libraries by name, whether they are installed or not."""
    known: tuple[Library, ...] = (
        Counts(),
        OpenDP(),
        SmartNoiseSQL(),
        DiffPrivLib(),
        SmartNoiseSynth(),
    )
    return {library.name: library for library in known}
