"""Whether products tell the ground truth in another order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from anomed_core.testing.checks.failure import fail_if_any
from anomed_core.testing.checks.truth import same_values
from anomed_core.testing.checks.truths import Document, Truth, by_place, documents, n_arrays, truths
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.plugin_under_test import OTHER_SECRET, PluginUnderTest
from anomed_core.testing.trials import payload_of

MANY = 20
"""So many values are not equal by chance, whatever their order."""
_MOST_ROWS = 0.9


def truth_not_reordered(plugin_under_test: PluginUnderTest) -> str:
    """Keep the truth out of products in any other order, too: as values, and as rows."""
    client = plugin_under_test.open()
    other = plugin_under_test.open(secret=OTHER_SECRET)
    secret = truths(client)
    elsewhere = by_place(truths(other))
    telling = [truth for truth in secret if _is_secret_as_a_set(truth, elsewhere.get(truth.place))]
    said = documents(client)
    problems = [
        f"{document.where} holds the ground truth of {truth.trial} ({truth.name}) in another "
        f"order, in {label or 'it'}; leave it out, or take somebody else's values"
        for document in said
        for label, column in document.columns()
        for truth in telling
        if truth.is_kept_from(document.audience)
        and same_values(column, truth.values)
        and not np.array_equal(column, truth.values)
    ]
    fail_if_any([*problems, *_rows_told(client, other, said)])
    return f"{n_arrays(telling)} secret arrays looked for in {len(said)} documents"


def _is_secret_as_a_set(truth: Truth, counterpart: Truth | None) -> bool:
    """Whether the values alone are secret: the numbers from 0 up, in some order, are not."""
    if len(np.unique(truth.values)) < MANY or are_successive(truth.values):
        return False
    return (
        counterpart is None
        or counterpart.trial.body == truth.trial.body
        or not same_values(counterpart.values, truth.values)
    )


def are_successive(values: np.ndarray) -> bool:
    """Whether values are all the numbers from one to another, as those of rows and people are."""
    distinct = np.unique(values)
    return distinct.dtype.kind in "iuf" and bool((np.diff(distinct) == 1).all())


def _rows_told(
    client: ChallengeClient, other: ChallengeClient, said: list[Document]
) -> Iterator[str]:
    """Yield where most rows of a secret matrix or table turn up, whatever their order."""
    elsewhere = by_place(truths(other))
    seen = set()
    for truth in truths(client):
        counterpart = elsewhere.get(truth.place)
        identity = (truth.key[:2], truth.trial.split, truth.array)
        if identity in seen or counterpart is None:
            continue
        seen.add(identity)
        own = _rows(payload_of(truth.trial, client))
        theirs = _rows(payload_of(counterpart.trial, other))
        for document in said:
            if truth.is_kept_from(document.audience):
                told = [
                    label
                    for label, rows in _rows(document.content).items()
                    for name in own
                    if _holds_rows(rows, own[name], theirs.get(name, set()))
                ]
                for label in told:
                    yield (
                        f"{document.where} holds most rows of the ground truth of {truth.trial} "
                        f"in {label or 'it'}; leave them out"
                    )


def _holds_rows(rows: set[Any], truth: set[Any], counterpart: set[Any]) -> bool:
    """Whether a product has the rows of this truth, and not those of any truth."""
    if len(truth) < MANY:
        return False
    share = len(rows & truth) / len(truth)
    by_chance = len(rows & counterpart) / max(len(counterpart), 1)
    return share >= _MOST_ROWS and by_chance < share / 2


def _rows(content: Any, label: str = "") -> dict[str, set[Any]]:
    """Return the rows of every matrix and table in a content, by label."""
    if isinstance(content, np.ndarray):
        is_matrix = content.ndim == 2 and content.shape[1] > 1
        return {label: set(map(tuple, content.tolist()))} if is_matrix else {}
    if hasattr(content, "column_names"):
        values = [content.column(name).to_pylist() for name in content.column_names]
        return {label: set(zip(*values, strict=True))} if len(values) > 1 else {}
    if isinstance(content, dict):
        found: dict[str, set[Any]] = {}
        for name, value in content.items():
            found |= _rows(value, f"{label}[{name!r}]")
        return found
    return {}
