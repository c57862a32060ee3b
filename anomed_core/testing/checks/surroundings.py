"""Whether an evaluation touches anything around it, reads the clock, or remembers what it did."""

from __future__ import annotations

from anomed_core.testing.answers import answers, first_difference
from anomed_core.testing.checks.failure import ConformanceError, fail_if_any
from anomed_core.testing.checks.needing import needs_submissions
from anomed_core.testing.clock import AHEAD, clock_put_forward
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.repeated import repeated


@needs_submissions
def no_side_effects(plugin_under_test: PluginUnderTest) -> None:
    """Score without connections, without programs, and without changing files."""
    fail_if_any(
        f"{trial}: the evaluation does {act}"
        for trial, found in repeated(plugin_under_test).items()
        for act in found.acts
    )


@needs_submissions
def independent_of_the_clock(plugin_under_test: PluginUnderTest) -> None:
    """Score, and make data for a request, in the same way at another hour of another day."""
    scored = plugin_under_test.scores()
    here = plugin_under_test.answers()
    then = {trial: found.scores for trial, found in repeated(plugin_under_test).items()}
    with clock_put_forward(plugin_under_test.modules()):
        difference = first_difference(here, answers(plugin_under_test.open(), scored, scores=then))
        if difference:  # perhaps by other random numbers, so let only the clock differ
            difference = first_difference(here, answers(plugin_under_test.open(), scored))
    if difference:
        raise ConformanceError(
            f"{AHEAD.days} days and {AHEAD.seconds // 3600} hours later, {difference}; evaluations "
            "are repeated, so let nothing depend on the clock"
        )


@needs_submissions
def nothing_remembered(plugin_under_test: PluginUnderTest) -> None:
    """Keep no list, dict or set of a module that grows with evaluations in the web worker.

    Workers do not share it, so they would answer differently. Where evaluations are not ``cheap``,
    each one has a process of its own, and whatever it remembers ends with that.
    """
    fail_if_any(
        f"{trial}: the evaluation changes {name}, which each worker has for itself"
        for trial, found in repeated(plugin_under_test).items()
        for name in found.remembered
        if trial.kind.cheap
    )
