"""Score every valid baseline once more, and watch what happens beside that, for several checks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from types import ModuleType
from weakref import WeakKeyDictionary

import attrs
import numpy as np

from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.clock import clock_put_forward
from anomed_core.testing.observing import random_state_kept
from anomed_core.testing.payloads import digest
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.trials import Trial, evaluate
from anomed_core.testing.watching import watched

_STATE = (list, dict, set, bytearray)


@attrs.frozen(kw_only=True)
class Repeated:
    """What an evaluation gives when it is repeated, and does besides.

    Attributes
    ----------
    scores
        The metrics.
    acts
        Connections, programs and changed files, each with the line that is to blame.
    remembered
        Lists, dicts and sets of the plugin's modules that have changed.
    """

    scores: dict[str, float]
    acts: Sequence[str]
    remembered: Sequence[str]


_known: WeakKeyDictionary[PluginUnderTest, dict[Trial, Repeated]] = WeakKeyDictionary()


def repeated(plugin_under_test: PluginUnderTest) -> dict[Trial, Repeated]:
    """Return what scoring each valid baseline again gives; what is done only once is done by then.

    The global random state is another one than before, and so are day and hour. Where all of that
    changes nothing, nothing needs to be tried by itself.
    """
    if plugin_under_test not in _known:
        client, scored = plugin_under_test.open(), plugin_under_test.scores()
        homes, modules = plugin_under_test.homes(), plugin_under_test.modules()
        found, before = {}, dict(_state_of(modules))
        for trial in scored:
            with watched(homes) as acts, clock_put_forward(modules):
                scores = seeded(client, trial)
            after = dict(_state_of(modules))
            changed = [name for name, now in after.items() if now != before.get(name)]
            before = after
            found[trial] = Repeated(scores=scores, acts=acts, remembered=changed)
        _known[plugin_under_test] = found
    return _known[plugin_under_test]


def _state_of(modules: Sequence[ModuleType]) -> Iterator[tuple[str, str]]:
    for module in modules:
        for name, value in list(vars(module).items()):
            if isinstance(value, _STATE) and not name.startswith("__"):
                yield f"{module.__name__}.{name}", digest(value)


def seeded(client: ChallengeClient, trial: Trial) -> dict[str, float]:
    """Score a baseline under a global random state that is known."""
    with random_state_kept():
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        return evaluate(client, trial)
