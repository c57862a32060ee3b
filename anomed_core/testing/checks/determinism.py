"""Whether an evaluation depends on anything but its arguments, or changes anything."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
import numpy as np

from anomed_core.config import ServerSettings
from anomed_core.plugins import build_registry
from anomed_core.service.ranking.declared_metrics import EVALUATES
from anomed_core.service.server import open_server
from anomed_core.testing.answers import answers, first_difference
from anomed_core.testing.checks.failure import ConformanceError, fail_if_any
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.loading import load_plugin, reference
from anomed_core.testing.neighbours import NEIGHBOURS
from anomed_core.testing.payloads import digest, writable
from anomed_core.testing.payloads import first_difference as first_changed
from anomed_core.testing.plugin_under_test import SECRET, PluginUnderTest, challenge_spec, closing
from anomed_core.testing.probe import Question, ask
from anomed_core.testing.trials import Trial, evaluate, payload_of, trials


def hook_of(trial: Trial) -> str:
    """Return the name of the hook that scores a trial."""
    return EVALUATES[trial.kind.purpose]


def inputs_unchanged(plugin_under_test: PluginUnderTest) -> None:
    """Leave the submission, the challenge and the global random state as they are."""
    client = plugin_under_test.open()
    fail_if_any([problem for trial in trials(client) for problem in _changes(client, trial)])


def _changes(client: ChallengeClient, trial: Trial) -> Iterator[str]:
    payload = writable(payload_of(trial, client))
    before = writable(payload)
    definition = digest(client.hosted.challenge.definition)
    with _random_state_kept() as changed:
        evaluate(client, trial, payload)
        state = changed()
    difference = first_changed(before, payload)
    if difference:
        yield f"{trial}: {hook_of(trial)} changes its input submission.{difference} in place"
    if digest(client.hosted.challenge.definition) != definition:
        yield f"{trial}: {hook_of(trial)} changes challenge.definition"
    if state:
        yield (
            f"{trial}: {hook_of(trial)} uses the global random state of {state}; take a generator "
            "of challenge.lottery.generator(...)"
        )


@contextmanager
def _random_state_kept() -> Iterator[Callable[[], str]]:
    """Yield a function that names the global random state that has changed; restore both."""
    own, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.random()  # noqa: S311 - no seed gives the state after it, so seeding changes it
    np.random.random()  # noqa: NPY002
    expected = random.getstate(), digest(np.random.get_state())  # noqa: NPY002

    def changed() -> str:
        names = []
        if random.getstate() != expected[0]:
            names.append("random")
        if digest(np.random.get_state()) != expected[1]:  # noqa: NPY002
            names.append("numpy.random")
        return " and ".join(names)

    try:
        yield changed
    finally:
        random.setstate(own)
        np.random.set_state(numpys)  # noqa: NPY002


def evaluation_is_deterministic(plugin_under_test: PluginUnderTest) -> None:
    """Score twice with the same result, whatever the global random state is."""
    client = plugin_under_test.open()
    scored = plugin_under_test.scores()
    fail_if_any([p for trial, first in scored.items() if (p := _instability(client, trial, first))])


def _instability(client: ChallengeClient, trial: Trial, unseeded: dict[str, float]) -> str:
    first = _seeded(client, trial, 1)
    if first == unseeded:
        return ""
    again = _seeded(client, trial, 1)
    if first != again:
        return f"{trial}: {hook_of(trial)} is not deterministic: {_differing(first, again)}"
    return (
        f"{trial}: {hook_of(trial)} depends on global random state (random.seed or "
        f"numpy.random.seed): {_differing(first, unseeded)}"
    )


def _seeded(client: ChallengeClient, trial: Trial, seed: int) -> dict[str, float]:
    with _random_state_kept():
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        return evaluate(client, trial)


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
    others = tuple(NEIGHBOURS)
    if difference := _moved_by(plugin_under_test, after=others[::-1]):
        raise ConformanceError(f"loaded before other plugins, {difference}")
    if difference := _moved_by(plugin_under_test, before=others, n_twins=1):
        by_twin = _moved_by(plugin_under_test, n_twins=1)
        company = (
            "beside another challenge of its type" if by_twin else "loaded after other plugins"
        )
        raise ConformanceError(f"{company}, {by_twin or difference}")


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
    """Let a challenge answer something, so that what it keeps globally would be seen."""
    answers(client, tuple(trials(client)))
