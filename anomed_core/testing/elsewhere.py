"""What the plugin under test answers in another process, alone and among other plugins."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from anomed_core.testing.answers import first_difference
from anomed_core.testing.loading import reference
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.probe import ProbeError, Question, ask

_agreeing: WeakKeyDictionary[PluginUnderTest, bool] = WeakKeyDictionary()


def agrees_elsewhere(plugin_under_test: PluginUnderTest) -> bool:
    """Whether another process, with other plugins and a twin beside it, answers the same.

    If it does, neither the process nor the company matters, and neither is tried by itself.
    """
    if plugin_under_test not in _agreeing:
        try:
            difference = difference_elsewhere(plugin_under_test, in_company=True)
        except ProbeError:
            difference = "no answer"
        _agreeing[plugin_under_test] = not difference
    return _agreeing[plugin_under_test]


def difference_elsewhere(plugin_under_test: PluginUnderTest, *, in_company: bool = False) -> str:
    """Return what another process answers otherwise, from a fresh state; empty if nothing.

    Raises
    ------
    ProbeError
        If the other process fails.
    """
    there = ask(
        Question(
            task="answers",
            plugin=reference(plugin_under_test.plugin),
            extensions=tuple(map(reference, plugin_under_test.extensions)),
            config=plugin_under_test.config,
            state=plugin_under_test.new_state(own_artifacts=True),
            trials=tuple(plugin_under_test.scores()),
            in_company=in_company,
        ),
        hash_seed=1,
    )
    return first_difference(plugin_under_test.answers(), there)
