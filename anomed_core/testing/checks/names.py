"""Whether products call the ground truth by other names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
import numpy as np

from anomed_core.model import Role, Split
from anomed_core.testing.checks.disguises import MANY, are_successive
from anomed_core.testing.checks.failure import fail_if_any
from anomed_core.testing.checks.truths import Place, Truth, by_place, documents, truths
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.plugin_under_test import OTHER_SECRET, SECRET, PluginUnderTest

_OTHER_ANONYMIZER = "other-test-anonymizer"


@attrs.frozen
class _Column:
    """A column of a product that depends on the request."""

    path: str
    audience: frozenset[Role]
    split: Split | None
    label: str


@attrs.frozen(kw_only=True)
class _View:
    """What attackers of one anonymizer are given, and what they must not be told."""

    truths: Mapping[Place, Truth]
    columns: Mapping[_Column, np.ndarray]


def truth_not_renamed(plugin_under_test: PluginUnderTest) -> None:
    """Give no names that tell the truth to whoever can read them, such as numbers and hashes.

    Two anonymizers are attacked under each of two secrets. Where values recur, and each one always
    goes with the same truth although that is drawn anew, they are its names.
    """
    views = [
        _view(client)
        for secret in (SECRET, OTHER_SECRET)
        for client in _attackers(plugin_under_test, secret)
    ]
    problems = []
    for place, truth in views[0].truths.items():
        if not _is_drawn_for_each(place, views):
            continue
        for column in views[0].columns:
            if truth.is_kept_from(column.audience) and column.split in {None, truth.trial.split}:
                problems += [
                    f"the data product {column.path} names the ground truth of {truth.trial} "
                    f"({truth.array}) in {column.label or 'it'}: each of its values always goes "
                    f"with the same truth, {company}; draw names anew for each request, from "
                    "challenge.lottery"
                    for company in _named(place, column, views)
                ]
    fail_if_any(problems)


def _attackers(plugin_under_test: PluginUnderTest, secret: str) -> list[ChallengeClient]:
    client = plugin_under_test.open(secret=secret)
    return [
        client,
        ChallengeClient(client.server, client.hosted.id, anonymizer=_OTHER_ANONYMIZER),
    ]


def _view(client: ChallengeClient) -> _View:
    secret = by_place(truths(client))
    longest = {truth.values.size for truth in secret.values()}
    found = {}
    for document in documents(client):
        if document.path and not client.hosted.products[document.path].static:
            for label, column in document.columns():
                if column.size in longest:
                    where = _Column(document.path, document.audience, document.split, label)
                    found[where] = column
    return _View(truths=secret, columns=found)


def _is_drawn_for_each(place: Place, views: list[_View]) -> bool:
    """Whether a truth of many values differs between the two anonymizers of one secret."""
    found = [view.truths[place].values for view in views if place in view.truths]
    if len(found) < len(views) or len(np.unique(found[0])) < MANY:
        return False
    return not np.array_equal(found[0], found[1])


def _named(place: Place, column: _Column, views: list[_View]) -> Iterable[str]:
    """Return how a column names a truth: under every secret, or under one; at most one of them."""
    pairs = [
        (view.columns[column], view.truths[place].values)
        for view in views
        if column in view.columns
    ]
    if len(pairs) == len(views):
        if always_together(pairs):
            return ["whatever the secret is"]
        if are_successive(pairs[0][1]) and always_together(pairs[:2]):
            return ["whoever is attacked"]
    return []


def always_together(pairs: list[tuple[np.ndarray, np.ndarray]]) -> bool:
    """Whether many values recur in columns, each one beside the same truth whenever it does."""
    meaning: dict[object, object] = {}
    n_again = 0
    for column, truth in pairs:
        if column.size != truth.size:
            return False
        for name, value in zip(column.tolist(), truth.tolist(), strict=True):
            n_again += name in meaning
            if meaning.setdefault(name, value) != value:
                return False
    return n_again >= MANY and len(meaning) >= MANY
