"""The baselines of a challenge: of its submission kinds, and of its owner's hook."""

from __future__ import annotations

from anomed_core.model import Baseline, Quality
from anomed_core.plugins import collected
from anomed_core.service.hosting import HostedChallenge


def offered_baselines(hosted: HostedChallenge) -> list[Baseline]:
    """Return the baselines that a challenge's owner offers, those of its kinds first.

    Raises
    ------
    ContractError
        If the hook returns anything else than baselines.
    """
    declared = [
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
    answers = hosted.hook("anomed_baselines")(challenge=hosted.challenge)
    return [*declared, *collected(answers, Baseline, "anomed_baselines")]
