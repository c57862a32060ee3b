"""Whether what is secret comes from the server's secret."""

from __future__ import annotations

from anomed_core.testing.answers import served_products
from anomed_core.testing.checks.failure import ConformanceError
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.plugin_under_test import OTHER_SECRET, PluginUnderTest
from anomed_core.testing.trials import trials


def drawn_by_the_secret(plugin_under_test: PluginUnderTest) -> None:
    """Draw data or truth otherwise on another server, unless the type says that it draws nothing.

    A generator with a seed in the code draws the same on every machine, so participants could draw
    the truth themselves.
    """
    with (
        plugin_under_test.served() as client,
        plugin_under_test.served(secret=OTHER_SECRET) as other,
    ):
        hosted = client.hosted
        is_seeded = (
            hosted.challenge.lottery.fingerprint == other.hosted.challenge.lottery.fingerprint
        )
        if is_seeded or not hosted.type.type.is_drawn:
            return
        if _drawn(client) == _drawn(other):
            raise ConformanceError(
                "data and truth are the same under another secret, so whoever has the plugin can "
                "look them up: draw from context.lottery or challenge.lottery instead of a "
                "generator with a seed, or say is_drawn=False in the ChallengeType if everything "
                "that is scored is given by the configuration"
            )


def _drawn(client: ChallengeClient) -> tuple[list[bytes], list[object]]:
    bodies = [answer.body for _, _, answer in served_products(client)]
    return bodies, [trial.body for trial in trials(client)]
