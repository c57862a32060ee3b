"""Whether what is secret comes from the server's secret."""

from __future__ import annotations

from anomed_core.testing.answers import served_products
from anomed_core.testing.checks.failure import ConformanceError
from anomed_core.testing.plugin_under_test import OTHER_SECRET, SECRET, PluginUnderTest


def drawn_by_the_secret(plugin_under_test: PluginUnderTest) -> None:
    """Draw data or truth otherwise on another server, unless the type says that it draws nothing.

    A generator with a seed in the code draws the same on every machine, so participants could draw
    the truth themselves.
    """
    here, elsewhere = (
        plugin_under_test.open(secret=secret).hosted for secret in (SECRET, OTHER_SECRET)
    )
    is_seeded = here.challenge.lottery.fingerprint == elsewhere.challenge.lottery.fingerprint
    if is_seeded or not here.type.type.is_drawn:
        return
    if _drawn(plugin_under_test, SECRET) == _drawn(plugin_under_test, OTHER_SECRET):
        raise ConformanceError(
            "data and truth are the same under another secret, so whoever has the plugin can "
            "look them up: draw from context.lottery or challenge.lottery instead of a "
            "generator with a seed, or say is_drawn=False in the ChallengeType if everything "
            "that is scored is given by the configuration"
        )


def _drawn(plugin_under_test: PluginUnderTest, secret: str) -> tuple[list[bytes], list[object]]:
    served = served_products(plugin_under_test.open(secret=secret))
    bodies = [answer.body for _, _, answer in served]
    return bodies, [trial.body for trial in plugin_under_test.trials(secret=secret)]
