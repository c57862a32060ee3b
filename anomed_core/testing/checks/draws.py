"""Whether what is secret comes from the server's secret."""

from __future__ import annotations

import numpy as np

from anomed_core.testing.answers import served_products
from anomed_core.testing.checks.failure import ConformanceError, NotApplicableError, fail_if_any
from anomed_core.testing.checks.truth import is_sorted, is_telling_order
from anomed_core.testing.checks.truths import Place, Truth, by_place, n_arrays, truths
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.plugin_under_test import OTHER_SECRET, PluginUnderTest
from anomed_core.testing.trials import made_trials


def drawn_by_the_secret(plugin_under_test: PluginUnderTest) -> None:
    """Draw data or truth otherwise on another server, unless the type says that it draws nothing.

    A generator with a seed in the code draws the same on every machine, so participants could draw
    the truth themselves.
    """
    client, other = _drawn_twice(plugin_under_test)
    if _drawn(client) == _drawn(other):
        raise ConformanceError(
            "data and truth are the same under another secret, so whoever has the plugin can "
            "look them up: draw from context.lottery or challenge.lottery instead of a "
            "generator with a seed, or say is_drawn=False in the ChallengeType if everything "
            "that is scored is given by the configuration"
        )


def truth_drawn(plugin_under_test: PluginUnderTest) -> str:
    """Draw every secret array anew under another secret, and for the final, in no telling order.

    Otherwise participants know it from the plugin itself, or from what tuning told them.
    """
    client = plugin_under_test.open()
    secret = truths(client)
    other = plugin_under_test.open(secret=OTHER_SECRET)
    is_drawn = _is_drawn(client, other)
    elsewhere = by_place(truths(other)) if is_drawn else {}
    of_split = by_place(secret)
    problems: dict[tuple[str, str], str] = {}
    for truth in secret:
        known = "; and ".join(_known_from(truth, elsewhere, of_split))
        if known:
            told = f"the ground truth of {truth.trial} ({truth.name}) is {known}"
            problems.setdefault((truth.trial.kind.name, truth.array), told)
    fail_if_any(problems.values())
    return f"{n_arrays(secret)} secret arrays"


def _known_from(
    truth: Truth,
    elsewhere: dict[Place, Truth],
    of_split: dict[Place, Truth],
) -> list[str]:
    """Return from what a truth is known to who must not know it."""
    if not is_telling_order(truth.values):
        return []
    found = []
    twin = elsewhere.get(truth.place)
    if twin is not None and _are_equal(twin, truth):
        found.append(
            "the same under another secret, so whoever has the plugin knows it: draw it from "
            "context.lottery or challenge.lottery"
        )
    if truth.trial.is_secret_from(truth.trial.kind.submitter):
        if is_sorted(truth.values) and not truth.names_rows:
            found.append("sorted, so nobody needs to guess: draw its order")
        found += [
            f"the same for {split}, so what tuning tells is known in the final: name the split in "
            "the draw"
            for (key, split), twin in of_split.items()
            if key == truth.key and split is not truth.trial.split and _are_equal(twin, truth)
        ]
    return found


def _are_equal(first: Truth, second: Truth) -> bool:
    return np.array_equal(first.values, second.values)


def _drawn_twice(plugin_under_test: PluginUnderTest) -> tuple[ChallengeClient, ChallengeClient]:
    client = plugin_under_test.open()
    other = plugin_under_test.open(secret=OTHER_SECRET)
    if not _is_drawn(client, other):
        raise NotApplicableError(
            "nothing is drawn by the secret: the type says is_drawn=False, or the configuration "
            "has a seed"
        )
    return client, other


def _is_drawn(client: ChallengeClient, other: ChallengeClient) -> bool:
    lotteries = [one.hosted.challenge.lottery.fingerprint for one in (client, other)]
    return client.hosted.type.type.is_drawn and lotteries[0] != lotteries[1]


def _drawn(client: ChallengeClient) -> tuple[list[bytes], list[object]]:
    bodies = [answer.body for _, _, answer in served_products(client)]
    return bodies, [trial.body for trial in made_trials(client)]
