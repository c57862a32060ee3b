"""What is secret, and the documents in which it is looked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import attrs
import numpy as np

from anomed_core.errors import UsageError
from anomed_core.model import DataProduct, Quality, Role, Split
from anomed_core.testing.answers import served_products
from anomed_core.testing.calls import call_as, calls
from anomed_core.testing.checks.truth import columns, is_sorted, parsed, same_values, telling
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.trials import Trial, made_trials, payload_of

_DOCUMENTS = ("/challenge.json", "/openapi.json", "/attempts")


Key = tuple[str, str, str]
Place = tuple[Key, Split]


@attrs.frozen(kw_only=True)
class Truth:
    """A secret column: what a perfect submission holds.

    Attributes
    ----------
    trial
        The submission.
    name
        Where in its payload the column is.
    values
        What must not be told.
    names_rows
        Whether it tells the rows of a table from each other, as identifiers do.
    """

    trial: Trial
    name: str
    values: np.ndarray = attrs.field(repr=False)
    names_rows: bool = False

    @property
    def array(self) -> str:
        """Name of the whole array that the column is of."""
        return self.name.partition("[:, ")[0]

    @property
    def key(self) -> Key:
        """Which truth it is, of whichever split: kind, baseline and column."""
        return self.trial.kind.name, self.trial.name, self.name

    @property
    def place(self) -> Place:
        """Which truth it is, whoever is attacked and whatever the secret is."""
        return self.key, self.trial.split

    def is_kept_from(self, audience: frozenset[Role]) -> bool:
        """Whether an audience has somebody who must not know: anonymizers hold what is attacked."""
        if self.trial.kind.submitter is Role.DEANONYMIZER:
            audience = audience - {Role.ANONYMIZER}
        return any(map(self.trial.is_secret_from, audience))


@attrs.frozen(kw_only=True)
class Document:
    """Something that participants may read.

    Attributes
    ----------
    where
        How messages call it.
    audience
        Who may read it.
    content
        Arrays, a table, a JSON value, or the numbers of a text.
    path
        Of the data product; empty for anything else.
    split
        Which evaluation was asked about; ``None`` if none.
    submitted
        The columns of what the attacked anonymizer published, where the product depends on it:
        they are not the type's to hide.
    """

    where: str
    audience: frozenset[Role]
    content: Any = attrs.field(repr=False)
    path: str = ""
    split: Split | None = None
    submitted: tuple[np.ndarray, ...] = attrs.field(default=(), repr=False)

    def columns(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield its columns, without those that an anonymizer has published."""
        for label, column in columns(self.content):
            if not any(same_values(column, published) for published in self.submitted):
                yield label, column


_found: WeakKeyDictionary[ChallengeClient, list[Truth]] = WeakKeyDictionary()
_said: WeakKeyDictionary[ChallengeClient, list[Document]] = WeakKeyDictionary()


def truths(client: ChallengeClient, split: Split | None = None) -> list[Truth]:
    """Return what the perfect baselines hold that is secret from anybody who plays.

    What trivial ones hold, too, such as the identifiers of those who are asked about, is known.
    """
    if client not in _found:
        _found[client] = list(_secret_columns(client))
    return [truth for truth in _found[client] if split in {None, truth.trial.split}]


def _secret_columns(client: ChallengeClient) -> Iterator[Truth]:
    known: dict[tuple[str, Split, str], list[np.ndarray]] = {}
    found = []
    for trial in made_trials(client):
        payload = payload_of(trial, client)
        names_of_rows = set(_names_of_rows(payload))
        for name, values in columns(payload):
            if trial.quality is Quality.TRIVIAL:
                known.setdefault((trial.kind.name, trial.split, name), []).append(values)
            elif trial.is_secret and telling(values):
                names_rows = name in names_of_rows
                found.append(Truth(trial=trial, name=name, values=values, names_rows=names_rows))
    for truth in found:
        same_place = known.get((truth.trial.kind.name, truth.trial.split, truth.name), ())
        if not any(np.array_equal(truth.values, values) for values in same_place):
            yield attrs.evolve(truth, name=truth.name or "payload")


def _names_of_rows(content: Any, label: str = "") -> Iterator[str]:
    """Yield the columns of tables that ascend from row to row, as identifiers of rows do."""
    if isinstance(content, Mapping):
        for name, part in content.items():
            yield from _names_of_rows(part, f"{label}[{name!r}]")
    elif hasattr(content, "column_names") and len(content.column_names) > 1:
        for name, column in columns(content, label):
            if len(np.unique(column)) == column.size and is_sorted(column):
                yield name


def by_place(secret: Iterable[Truth]) -> dict[Place, Truth]:
    """Return truths by what they are, to find the same ones on another server."""
    return {truth.place: truth for truth in secret}


def n_arrays(secret: Iterable[Truth]) -> int:
    """Return how many arrays are secret, those of both splits as one."""
    return len({(truth.trial.kind.name, truth.array) for truth in secret})


def documents(client: ChallengeClient) -> list[Document]:
    """Return every product, as each split's request gets it, and whatever else costs nothing."""
    if client not in _said:
        _said[client] = [*_products(client), *_answers(client), *_further(client)]
    return _said[client]


def _products(client: ChallengeClient) -> Iterator[Document]:
    for product, query, answer in served_products(client):
        split = Split(query["data_split"]) if "data_split" in query else None
        target = split if product.same_split else None
        yield Document(
            where=f"the data product {product.path} {dict(query) or ''}".rstrip(),
            audience=product.audience,
            content=parsed(answer.body),
            path=product.path,
            split=split,
            submitted=_submitted(client, product, target) if product.with_target else (),
        )


def _answers(client: ChallengeClient) -> Iterator[Document]:
    """Yield what operations answer to their examples, where that costs nothing.

    What is paid for is meant to be told: how much of it, accounts say.
    """
    try:
        free = [call for call in calls(client) if call.operation.price is None]
    except UsageError:  # without examples, which another check says
        return
    for call in free:
        answer = call_as(client, call, f"{call.role}-who-asks")
        if answer.status == 200:
            split = call.query.get("data_split")
            yield Document(
                where=f"the answer to {call}",
                audience=frozenset({call.role}),
                content=parsed(answer.body),
                split=Split(split) if split else call.operation.default_split,
            )


def _further(client: ChallengeClient) -> Iterator[Document]:
    everybody = frozenset({Role.PUBLIC})
    for path in (*_DOCUMENTS, *map(filled, client.hosted.extra_routes)):
        body = client.get(path, anonymizer="a").body
        yield Document(where=f"GET {path}", audience=everybody, content=parsed(body))


def _submitted(
    client: ChallengeClient, product: DataProduct, split: Split | None
) -> tuple[np.ndarray, ...]:
    target = client.server.submissions.kept.target(
        client.hosted,
        client.anonymizer,
        whole=True,
        split=split,
        kinds=client.hosted.attacked_by(product),
    )
    payload = target.submission.payload if target.submission else {}
    return tuple(column for _, column in columns(payload))


def filled(path: str) -> str:
    """Return an extra route's path with something in the place of its fields."""
    return "/".join("1" if "{" in part else part for part in path.split("/"))
