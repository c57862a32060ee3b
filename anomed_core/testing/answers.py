"""What a server answers to a fixed list of questions, in a form that can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from anomed_core.model import DataProduct, Split
from anomed_core.service.parameters import checked_parameters
from anomed_core.testing.client import Answer, ChallengeClient
from anomed_core.testing.sealing import seal_for
from anomed_core.testing.trials import Trial, evaluate, is_published, prepare_target, query_for
from anomed_core.wire import digest_bytes


def requests(client: ChallengeClient, product: DataProduct) -> Iterator[dict[str, str]]:
    """Yield the parameters with which a product is asked for: one of each split."""
    asked = []
    for split in Split:
        query = query_for(client, product.parameters, split)
        checked_parameters(product.parameters, query)
        if query not in asked:
            asked.append(query)
            yield query


def served_products(
    client: ChallengeClient,
) -> Iterator[tuple[DataProduct, Mapping[str, str], Answer]]:
    """Ask for every product, and yield it with its parameters and the answer.

    Products of what an anonymizer has submitted are left out if no baseline can be submitted.
    """
    prepare_target(client)
    for product in client.hosted.products.values():
        for query in requests(client, product):
            split = Split(query["data_split"]) if product.same_split else None
            seal_for(client, product.requires_sealed, query)
            kinds = client.hosted.attacked_by(product)
            if not product.with_target or is_published(client, split, kinds):
                yield product, query, client.get(product.path, **query)


def answers(
    client: ChallengeClient,
    trials: Iterable[Trial],
    *,
    scores: Mapping[Trial, Mapping[str, float]] | None = None,
) -> dict[str, Any]:
    """Return digests of all products, the metrics of all trials, and the fingerprint.

    Parameters
    ----------
    client
        The served challenge.
    trials
        What is scored.
    scores
        What the trials are known to score there; ``None`` evaluates them.

    Returns
    -------
    dict of str to object
        By a label that says what it is the answer to.
    """
    found: dict[str, Any] = {"the fingerprint of data and metrics": client.hosted.fingerprint}
    for product, query, answer in served_products(client):
        found[f"GET {product.path} {dict(query)}"] = (answer.status, digest_bytes(answer.body))
    for trial in trials:
        found[f"the metrics of {trial}"] = scores[trial] if scores else evaluate(client, trial)
    return found


def first_difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    """Return one sentence about the first answer that differs; empty if none does."""
    for label, one in first.items():
        other = second.get(label)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            name = next(name for name in one if one[name] != other.get(name))
            return f"{label} differ: {name} is {one[name]!r} and then {other.get(name)!r}"
        return f"{label} differs"
    return ""
