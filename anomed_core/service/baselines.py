"""The baselines of a challenge: of its submission kinds, and of the hooks of plugins."""

from __future__ import annotations

from anomed_core.model import Baseline, Quality
from anomed_core.plugins import declared
from anomed_core.service.hosting import HostedChallenge


def offered_baselines(hosted: HostedChallenge) -> list[Baseline]:
    """Return the baselines that a challenge's plugins offer, those of its kinds first.

    Raises
    ------
    PluginBrokenError
        If a hook raises, or returns anything else than baselines.
    """
    of_kinds = [
        Baseline(
            name=f"{quality} {kind.name}",
            kind=kind.name,
            quality=quality,
            payload=payload,
            known_to=kind.known_to,
        )
        for kind in hosted.kinds
        for quality, payload in ((Quality.PERFECT, kind.perfect), (Quality.TRIVIAL, kind.trivial))
        if payload is not None
    ]
    more = declared(hosted.registry, hosted.challenge, "anomed_baselines", Baseline)
    return [*of_kinds, *(baseline for _, baseline in more)]
