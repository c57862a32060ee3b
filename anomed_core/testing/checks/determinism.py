"""Whether an evaluation depends on anything but its arguments, or changes anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs

from anomed_core.config import ServerSettings
from anomed_core.plugins import build_registry
from anomed_core.service.server import open_server
from anomed_core.testing.answers import answers, first_difference
from anomed_core.testing.checks.failure import ConformanceError, fail_if_any
from anomed_core.testing.checks.needing import needs_submissions
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.loading import load_plugin, reference
from anomed_core.testing.neighbours import NEIGHBOURS
from anomed_core.testing.observing import hook_of
from anomed_core.testing.plugin_under_test import SECRET, PluginUnderTest, challenge_spec, closing
from anomed_core.testing.probe import Question, ask
from anomed_core.testing.repeated import repeated, seeded
from anomed_core.testing.trials import Trial, trials


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
    client: ChallengeClient, trial: Trial, unseeded: dict[str, float], first: dict[str, float]
) -> str:
    if first == unseeded:
        return ""
    again = seeded(client, trial)
    if first != again:
        return f"{trial}: {hook_of(trial)} is not deterministic: {_differing(first, again)}"
    return (
        f"{trial}: {hook_of(trial)} depends on global random state (random.seed or "
        f"numpy.random.seed): {_differing(first, unseeded)}"
    )


def _differing(first: dict[str, float], second: dict[str, float]) -> str:
    name = next(name for name in first if first[name] != second[name])
    return f"{name} is {first[name]!r} and then {second[name]!r}"


def several_workers_agree(plugin_under_test: PluginUnderTest) -> None:
    """Serve the same bytes and give the same scores in another process, from a fresh state."""
    here = plugin_under_test.answers()
    there = ask(
        Question(
            task="answers",
            plugin=reference(plugin_under_test.plugin),
            extensions=tuple(map(reference, plugin_under_test.extensions)),
            config=plugin_under_test.config,
            state=plugin_under_test.new_state(own_artifacts=True),
            trials=tuple(plugin_under_test.scores()),
        ),
        hash_seed=1,
    )
    difference = first_difference(here, there)
    if difference:
        raise ConformanceError(
            f"in another process, {difference}; workers must agree, so draw from context.lottery "
            "and do not rely on the order of sets, on hash() or on time"
        )


def independent_of_other_plugins(plugin_under_test: PluginUnderTest) -> None:
    """Depend neither on other plugins, nor on their order, nor on a twin challenge."""
    difference = _moved_by(
        plugin_under_test, before=NEIGHBOURS[:1], after=NEIGHBOURS[1:], n_twins=1
    )
    if not difference:
        return
    by_twin = _moved_by(plugin_under_test, n_twins=1)
    if by_twin:
        raise ConformanceError(f"beside another challenge of its type, {by_twin}")
    is_later = _moved_by(plugin_under_test, before=NEIGHBOURS)
    order = "loaded after other plugins" if is_later else "loaded before other plugins"
    raise ConformanceError(f"{order}, {is_later or difference}")


def _moved_by(
    plugin_under_test: PluginUnderTest,
    *,
    before: Sequence[Any] = (),
    after: Sequence[Any] = (),
    n_twins: int = 0,
) -> str:
    """Return what is answered otherwise in company than alone; empty if nothing is."""
    tried = tuple(plugin_under_test.scores())
    with _in_company(plugin_under_test, before, after, n_twins) as client:
        return first_difference(plugin_under_test.answers(), answers(client, tried))


@contextmanager
def _in_company(
    plugin_under_test: PluginUnderTest, before: Sequence[Any], after: Sequence[Any], n_twins: int
) -> Iterator[ChallengeClient]:
    """Serve the challenge together with others; twins are opened after it."""
    registry = build_registry()
    for neighbour in before:
        load_plugin(registry, neighbour)
    challenge_type = load_plugin(registry, plugin_under_test.plugin)
    for extension in (*plugin_under_test.extensions, *after):
        load_plugin(registry, extension)
    spec = challenge_spec(registry, challenge_type, plugin_under_test.config)
    neighbours = [
        challenge_spec(registry, loaded.type, None)
        for loaded in registry.types
        if loaded.type is not challenge_type
    ]
    twins = [attrs.evolve(spec, id=f"{spec.id}-twin-{number}") for number in range(n_twins)]
    server = open_server(
        [*neighbours, spec, *twins],
        registry=registry,
        settings=ServerSettings(state=plugin_under_test.new_state()),
        environment={"ANOMED_SECRET": SECRET},
    )
    with closing(server):
        for twin in twins:
            _play(ChallengeClient(server, twin.id))
        yield ChallengeClient(server, spec.id)


def _play(client: ChallengeClient) -> None:
    """Let a challenge answer one of everything: what it keeps globally would be seen then."""
    one_of_each = {(trial.kind.name, trial.split): trial for trial in trials(client)}
    answers(client, one_of_each.values())
