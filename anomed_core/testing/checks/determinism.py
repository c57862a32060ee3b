"""Whether an evaluation depends on anything but its arguments, or changes anything."""

from __future__ import annotations

from anomed_core.testing.answers import answers, first_difference
from anomed_core.testing.checks.failure import ConformanceError, fail_if_any
from anomed_core.testing.checks.needing import needs_submissions
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.company import EVERYBODY, Company, served_in_company
from anomed_core.testing.elsewhere import agrees_elsewhere, difference_elsewhere
from anomed_core.testing.neighbours import NEIGHBOURS
from anomed_core.testing.observing import hook_of
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.repeated import repeated, seeded
from anomed_core.testing.trials import Trial


@needs_submissions
def inputs_unchanged(plugin_under_test: PluginUnderTest) -> None:
    """Leave the submission, the challenge and the global random state as they are."""
    fail_if_any(
        change
        for trial in plugin_under_test.trials()
        for change in plugin_under_test.observed(trial).changes
    )


@needs_submissions
def evaluation_is_deterministic(plugin_under_test: PluginUnderTest) -> None:
    """Score twice with the same result, whatever the global random state is."""
    client = plugin_under_test.open()
    once_more = repeated(plugin_under_test)
    fail_if_any(
        problem
        for trial, first in plugin_under_test.scores().items()
        if (problem := _instability(client, trial, first, once_more[trial].scores))
    )


def _instability(
    client: ChallengeClient, trial: Trial, first: dict[str, float], once_more: dict[str, float]
) -> str:
    if first == once_more:
        return ""
    again, and_again = seeded(client, trial), seeded(client, trial)
    if again != and_again:
        return f"{trial}: {hook_of(trial)} is not deterministic: {_differing(again, and_again)}"
    if again == first:
        return ""  # it was the clock, of which independent_of_the_clock tells
    return (
        f"{trial}: {hook_of(trial)} depends on global random state (random.seed or "
        f"numpy.random.seed): {_differing(again, first)}"
    )


def _differing(first: dict[str, float], second: dict[str, float]) -> str:
    name = next(name for name in first if first[name] != second[name])
    return f"{name} is {first[name]!r} and then {second[name]!r}"


def several_workers_agree(plugin_under_test: PluginUnderTest) -> None:
    """Serve the same bytes and give the same scores in another process, from a fresh state."""
    if agrees_elsewhere(plugin_under_test):
        return
    difference = difference_elsewhere(plugin_under_test)
    if difference:
        raise ConformanceError(
            f"in another process, {difference}; workers must agree, so draw from context.lottery "
            "and do not rely on the order of sets, on hash() or on time"
        )


def independent_of_other_plugins(plugin_under_test: PluginUnderTest) -> None:
    """Depend neither on other plugins, nor on their order, nor on a twin challenge."""
    if agrees_elsewhere(plugin_under_test):
        return
    difference = _moved_by(plugin_under_test, EVERYBODY)
    if not difference:
        return
    by_twin = _moved_by(plugin_under_test, Company(n_twins=1))
    if by_twin:
        raise ConformanceError(f"beside another challenge of its type, {by_twin}")
    is_later = _moved_by(plugin_under_test, Company(before=NEIGHBOURS))
    order = "loaded after other plugins" if is_later else "loaded before other plugins"
    raise ConformanceError(f"{order}, {is_later or difference}")


def _moved_by(plugin_under_test: PluginUnderTest, company: Company) -> str:
    """Return what is answered otherwise in company than alone; empty if nothing is."""
    tried = tuple(plugin_under_test.scores())
    with served_in_company(
        plugin_under_test.plugin,
        company,
        config=plugin_under_test.config,
        extensions=plugin_under_test.extensions,
        state=plugin_under_test.new_state(),
    ) as client:
        return first_difference(plugin_under_test.answers(), answers(client, tried))
