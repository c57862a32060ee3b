"""Evaluate a baseline, and watch what the evaluation does besides."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import numpy as np

from anomed_core.service.ranking.declared_metrics import EVALUATES
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.payloads import digest, first_difference, writable
from anomed_core.testing.trials import Trial, evaluate, payload_of


@attrs.frozen(kw_only=True)
class Observation:
    """What one evaluation gave.

    Attributes
    ----------
    metrics
        The declared metrics.
    changes
        What it changed and must not, one sentence each.
    """

    metrics: dict[str, float]
    changes: tuple[str, ...]


def hook_of(trial: Trial) -> str:
    """Return the name of the hook that scores a trial."""
    return EVALUATES[trial.kind.purpose]


def observe(client: ChallengeClient, trial: Trial) -> Observation:
    """Evaluate a trial on a payload that may be written to, and see what has changed then.

    Raises
    ------
    Exception
        As `evaluate`.
    """
    payload = writable(payload_of(trial, client))
    before = writable(payload)
    definition = digest(client.hosted.challenge.definition)
    with random_state_kept() as changed:
        metrics = evaluate(client, trial, payload)
        state = changed()
    changes = []
    difference = first_difference(before, payload)
    if difference:
        changes.append(f"changes its input submission.{difference} in place")
    if digest(client.hosted.challenge.definition) != definition:
        changes.append("changes challenge.definition")
    if state:
        changes.append(
            f"uses the global random state of {state}; take a generator of "
            "challenge.lottery.generator(...)"
        )
    return Observation(
        metrics=metrics, changes=tuple(f"{trial}: {hook_of(trial)} {change}" for change in changes)
    )


@contextmanager
def random_state_kept() -> Iterator[Callable[[], str]]:
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
