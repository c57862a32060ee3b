"""What every kind of legal input scores, tried once for all checks that ask."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from weakref import WeakKeyDictionary

import attrs

from anomed_core.errors import RequestError
from anomed_core.service.encoding import encode_body
from anomed_core.testing.client import ChallengeClient, described
from anomed_core.testing.legal import Variant, legal_variants
from anomed_core.testing.payloads import digest
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.trials import Trial, evaluate, payload_of

BUDGET_S = 120.0
"""How long inputs are tried; a slow plugin is not tried with the rest."""


@attrs.frozen(kw_only=True, eq=False)
class Tried:
    """A legal input, and what came of it.

    Attributes
    ----------
    trial
        The baseline that it was made from.
    variant
        The input.
    scores
        The metrics; empty if it was refused, or failed.
    problem
        Why it failed; empty if it did not.
    """

    trial: Trial
    variant: Variant
    scores: dict[str, float] = attrs.field(factory=dict)
    problem: str = ""

    def __str__(self) -> str:
        trial = self.trial
        return f"{trial.kind.name} ({trial.split}), {self.variant.label}"


@attrs.frozen(kw_only=True, eq=False)
class LegalInput:
    """All that was tried, and how many inputs there was no time for."""

    tried: list[Tried]
    n_left: int


_known: WeakKeyDictionary[PluginUnderTest, LegalInput] = WeakKeyDictionary()


def legal_input(plugin_under_test: PluginUnderTest) -> LegalInput:
    """Score every legal input once, as long as there is time."""
    if plugin_under_test not in _known:
        client = plugin_under_test.open()
        begin = time.monotonic()
        tried: list[Tried] = []
        n_left = 0
        for trial, variant in _inputs(client, plugin_under_test.trials()):
            if time.monotonic() - begin > BUDGET_S:
                n_left += 1
            else:
                tried.append(_try(client, trial, variant))
        _known[plugin_under_test] = LegalInput(tried=tried, n_left=n_left)
    return _known[plugin_under_test]


def _inputs(client: ChallengeClient, valid: Iterable[Trial]) -> Iterator[tuple[Trial, Variant]]:
    seen = set()
    for trial in valid:
        payload = payload_of(trial, client)
        for variant in legal_variants(payload, trial.kind.schema_for(trial.split)):
            identity = (trial.kind.name, trial.split, digest(variant.payload))
            if identity not in seen:
                seen.add(identity)
                yield trial, variant


def _try(client: ChallengeClient, trial: Trial, variant: Variant) -> Tried:
    body = encode_body(variant.payload, trial.kind.schema_for(trial.split))
    try:
        scores = evaluate(client, attrs.evolve(trial, body=body))
    except RequestError:
        return Tried(trial=trial, variant=variant)  # before an attempt is spent, as is its right
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; that is a finding
        return Tried(trial=trial, variant=variant, problem=described(error))
    return Tried(trial=trial, variant=variant, scores=scores)
