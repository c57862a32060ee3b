"""Tables and attacks with known outcomes: the truth, nothing at all, and what must be refused.

Of each form of attack, one knows what is handed out only, and wins against the table as it is.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from anomed_core import Baseline, DataRequest, Quality, Role, Split
from anomed_dataset_anonymization.anonymizers import (
    Anonymizer,
    Identity,
    Mondrian,
    Noise,
    Suppression,
)
from anomed_dataset_anonymization.challenge.kinds import (
    INFERENCE,
    LINKAGE,
    PUBLISHED_TABLE,
    RECONSTRUCTION,
)
from anomed_dataset_anonymization.challenge.products import (
    BACKGROUND,
    PUBLISHED,
    REFERENCE,
    SCHEMA,
    SCHEME,
    TARGETS,
    draw_of,
)
from anomed_dataset_anonymization.challenge.yardsticks import counts_for
from anomed_dataset_anonymization.schema import TableSchema
from anomed_dataset_anonymization.schema.frames import people_frame
from anomed_dataset_anonymization.schemes import canonicalise
from anomed_dataset_anonymization.threat import (
    NO_ROW,
    AttackerView,
    Guesses,
    NearestBox,
    claims_of,
    inferences_of,
    read_view,
)

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena

_SEED = 0


@singledispatch
def baselines(arena: Arena) -> list[Baseline]:
    """Return the baselines of a challenge; attacks come after the table that they attack."""
    return [*_tables(arena), *_reconstructions(arena), *_inferences(arena), *_linkages(arena)]


def _tables(arena: Arena) -> list[Baseline]:
    def published(name: str, quality: Quality, anonymizer: Anonymizer) -> Baseline:
        return Baseline(
            name=name,
            kind=PUBLISHED_TABLE,
            quality=quality,
            payload=lambda _: form(anonymized(arena, anonymizer), anonymizer.scheme),
            known_to={Role.ANONYMIZER},  # they hold the table that the perfect one publishes
        )

    return [
        published("Mondrian, k = 10", Quality.TRIVIAL, Mondrian(k=10)),
        published("noise", Quality.TRIVIAL, Noise()),
        published("nothing but the number of people", Quality.TRIVIAL, Suppression()),
        Baseline(
            name="a column that nobody knows",
            kind=PUBLISHED_TABLE,
            quality=Quality.INVALID,
            payload=lambda _: form(pd.DataFrame({"nobody knows": [1]}), "same"),
        ),
        published("the leaky table as it is", Quality.PERFECT, Identity()),
        *_public(arena),
    ]


def _public(arena: Arena) -> list[Baseline]:
    """Return what needs nobody's secret: the reference, as it is and generalised."""

    def handed_in(name: str, make: Callable[[], dict[str, bytes]]) -> Baseline:
        return Baseline(
            name=name, kind=PUBLISHED_TABLE, quality=Quality.PUBLIC, payload=lambda _: make()
        )

    return [
        handed_in("the reference", lambda: form(_counted(arena, arena.reference_table()), "same")),
        handed_in("the reference, Mondrian, k = 10", lambda: _generalised_reference(arena)),
    ]


def _generalised_reference(arena: Arena) -> dict[str, bytes]:
    mondrian = Mondrian(k=10)
    rng = np.random.default_rng(_SEED)
    table = mondrian.anonymize(arena.reference_table(), arena.schema, rng=rng)
    return form(_counted(arena, table.reset_index(drop=True)), mondrian.scheme)


def _counted(arena: Arena, table: pd.DataFrame) -> pd.DataFrame:
    """Let rows stand for as many people as the leaky table has, all for nearly as many."""
    some = table.iloc[: arena.n_leaky]
    return some.assign(count=counts_for(len(some), arena.n_leaky))


def _reconstructions(arena: Arena) -> list[Baseline]:
    def make(name: str, quality: Quality, table: Callable[[DataRequest], pd.DataFrame]) -> Baseline:
        return Baseline(name=name, kind=RECONSTRUCTION, quality=quality, payload=table)

    def surest_members(request: DataRequest) -> pd.DataFrame:
        members, _ = arena.people.sides(request.split or Split.TUNING)
        return people_frame(members, arena.schema)

    return [
        make("the leaky people", Quality.PERFECT, surest_members),
        make(
            "the reference people",
            Quality.TRIVIAL,
            lambda _: arena.reference_table().iloc[: arena.n_leaky],
        ),
        make("a single column", Quality.INVALID, lambda _: arena.reference_table().iloc[:, :1]),
        Baseline(
            name="the published table for people",
            kind=RECONSTRUCTION,
            quality=Quality.ATTACK,
            payload=lambda products: products[PUBLISHED].drop(columns="anon_row"),
        ),
    ]


def _inferences(arena: Arena) -> list[Baseline]:
    def about_members(request: DataRequest) -> pd.DataFrame:
        targets = draw_of(arena, request).targets
        people = people_frame(arena.people.coordinates[targets.positions], arena.schema)
        answers = people[list(arena.unknown_names)].assign(target_id=targets.ids)
        return answers[targets.is_member]

    def nobody(request: DataRequest) -> pd.DataFrame:
        return pd.DataFrame({"target_id": draw_of(arena, request).targets.ids})

    return [
        Baseline(
            name="the truth about members",
            kind=INFERENCE,
            quality=Quality.PERFECT,
            payload=about_members,
        ),
        Baseline(
            name="no guess about anybody", kind=INFERENCE, quality=Quality.TRIVIAL, payload=nobody
        ),
        Baseline(
            name="a guess about a stranger",
            kind=INFERENCE,
            quality=Quality.INVALID,
            payload=lambda _: pd.DataFrame({"target_id": [-1]}),
        ),
        _nearest_box(INFERENCE, inferences_of),
    ]


def _linkages(arena: Arena) -> list[Baseline]:
    def own_rows(request: DataRequest) -> pd.DataFrame:
        """Name everybody's own row in the leaky table as it is."""
        targets = draw_of(arena, request).targets
        published = canonicalise(
            anonymized(arena, Identity()),
            Identity.scheme,
            schema=arena.schema,
            leaky=arena.leaky_table(),
        )
        row_of_person = np.full(arena.n_leaky, NO_ROW)
        row_of_person[published.lineage] = np.arange(published.n_rows)
        rows = row_of_person[arena.truth(targets).leaky_positions]
        return _claims(targets.ids, np.where(targets.is_member, rows, NO_ROW))

    def first_row(request: DataRequest) -> pd.DataFrame:
        ids = draw_of(arena, request).targets.ids
        return _claims(ids, np.zeros(len(ids), dtype=np.int64))

    def no_row(request: DataRequest) -> pd.DataFrame:
        ids = draw_of(arena, request).targets.ids
        return _claims(ids, np.full(len(ids), arena.n_leaky))

    return [
        Baseline(
            name="everybody's own row", kind=LINKAGE, quality=Quality.PERFECT, payload=own_rows
        ),
        Baseline(
            name="the first row for everybody",
            kind=LINKAGE,
            quality=Quality.TRIVIAL,
            payload=first_row,
        ),
        Baseline(
            name="a row beyond the table", kind=LINKAGE, quality=Quality.INVALID, payload=no_row
        ),
        _nearest_box(LINKAGE, claims_of),
    ]


def _nearest_box(kind: str, write: Callable[[Guesses, AttackerView], pd.DataFrame]) -> Baseline:
    def attack(products: Mapping[str, Any]) -> pd.DataFrame:
        view = read_view(
            schema=TableSchema.from_document(products[SCHEMA]),
            targets=products[TARGETS],
            background=products[BACKGROUND],
            reference=products[REFERENCE],
            published=products[PUBLISHED],
            scheme=products[SCHEME]["scheme"],
        )
        return write(NearestBox().guess(view, rng=np.random.default_rng(_SEED)), view)

    return Baseline(
        name=f"the nearest box ({kind})", kind=kind, quality=Quality.ATTACK, payload=attack
    )


def _claims(ids: np.ndarray, rows: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"target_id": ids, "anon_row": rows})


def anonymized(arena: Arena, anonymizer: Anonymizer) -> pd.DataFrame:
    """Return the leaky table as an anonymizer publishes it, always the same."""
    return anonymizer.anonymize(arena.leaky_table(), arena.schema, rng=np.random.default_rng(_SEED))


def form(table: pd.DataFrame, scheme: str) -> dict[str, bytes]:
    """Return an anonymized table as the parts of the form that anonymizers send."""
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return {"anon_data": buffer.getvalue(), "anon_scheme": scheme.encode()}
