"""What the challenge hands out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import attrs

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    ColumnSchema,
    DataProduct,
    DataRequest,
    JSONSchema,
    Role,
    Split,
    Submission,
    SubmissionRejected,
    TableSchema,
)
from anomed_dataset_anonymization.schemes import publish

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena, Draw
    from anomed_dataset_anonymization.schema import Column

LEAKY = "/data/anonymizer/leaky"
BACKGROUND = "/data/deanonymizer/background-knowledge"
TARGETS = "/data/deanonymizer/targets"
PUBLISHED = "/data/deanonymizer/anonymized"
SCHEME = "/data/deanonymizer/scheme"
REFERENCE = "/data/reference"
SCHEMA = "/data/schema"

_KINDS = {"int64": "int", "float64": "float", "string": "str", "bool": "bool"}
_GUESSED = {"int": ("int", "float"), "float": ("float", "int")}
_PARTICIPANTS = {Role.ANONYMIZER, Role.DEANONYMIZER}
_EVERYBODY = {Role.PUBLIC, *_PARTICIPANTS}
OPTIONAL_SPLIT = attrs.evolve(DATA_SPLIT, required=False)
OPTIONAL_PAIR = tuple(attrs.evolve(party, required=False) for party in (ANONYMIZER, DEANONYMIZER))


TARGET_ID = ColumnSchema(
    name="target_id", kinds=("int",), description="A target, as background knowledge names it."
)


@singledispatch
def data_products(arena: Arena) -> list[DataProduct]:
    """Declare the data of both sides."""
    attackers = {Role.DEANONYMIZER}
    return [
        DataProduct(
            path=LEAKY,
            audience={Role.ANONYMIZER},
            schema=_wire_schema(arena.schema, n_rows=arena.n_leaky),
            description="The leaky table, to be anonymized; its index holds the record ids.",
        ),
        DataProduct(
            path=REFERENCE,
            audience=_EVERYBODY if arena.is_public else _PARTICIPANTS,
            schema=_wire_schema(arena.schema, n_rows=len(arena.people.reference)),
            description="People like those of the leaky table, in full: what the world knows.",
        ),
        DataProduct(
            path=SCHEMA,
            audience=_EVERYBODY,
            schema=JSONSchema(),
            description="What the columns mean: kind, domain, role, tolerance, hierarchy.",
        ),
        DataProduct(
            path=BACKGROUND,
            audience=attackers,
            schema=_knowledge_schema(arena),
            static=False,
            parameters=(*OPTIONAL_PAIR, OPTIONAL_SPLIT),
            description="What is known of the targets of this pair: target_id and the "
            "quasi-identifiers; tuning targets unless data_split says otherwise.",
        ),
        DataProduct(
            path=TARGETS,
            audience=attackers,
            schema=JSONSchema(),
            static=False,
            parameters=(*OPTIONAL_PAIR, OPTIONAL_SPLIT),
            description="The ids of the targets of this pair, and which columns are known, unknown "
            "and noisy.",
        ),
        DataProduct(
            path=PUBLISHED,
            audience=attackers,
            schema=TableSchema(),
            static=False,
            parameters=(ANONYMIZER,),
            with_target=True,
            description="The very table that was scored: the anonymizer's final, or its newest "
            "submission for tuning, in canonical form.",
        ),
        DataProduct(
            path=SCHEME,
            audience=attackers,
            schema=JSONSchema(),
            static=False,
            parameters=(ANONYMIZER,),
            with_target=True,
            description="How that table is to be read, and the SHA-256 of its bytes.",
        ),
    ]


def provide(arena: Arena, product: DataProduct, request: DataRequest) -> Any:
    """Return the content of a product; draws depend on the server's secret only."""
    return _MAKERS[product.path](arena, request)


def draw_of(arena: Arena, asked: DataRequest | Submission) -> Draw:
    """Return the people that the author of a request or of a submission is asked about."""
    return arena.draw(
        asked.split or Split.TUNING,
        anonymizer=asked.anonymizer or "",
        deanonymizer=asked.deanonymizer or "",
    )


def _targets(arena: Arena, request: DataRequest) -> dict[str, Any]:
    return {
        "data_split": (request.split or Split.TUNING).value,
        "target_ids": draw_of(arena, request).targets.ids.tolist(),
        "known": list(arena.known_names),
        "unknown": list(arena.unknown_names),
        "noise": dict(arena.noise),
    }


def _submission(request: DataRequest) -> Submission:
    submission = request.target.submission if request.target else None
    if submission is None:
        raise SubmissionRejected(
            f"The anonymizer {request.anonymizer!r} has published nothing yet; choose another one "
            "or wait for it."
        )
    return submission


def _scheme(arena: Arena, request: DataRequest) -> dict[str, Any]:
    submission = _submission(request)
    return {
        "scheme": submission.payload["anon_scheme"],
        "data_split": submission.split.value,
        "rows": arena.published(submission).n_rows,
        "payload_digest": submission.digest,
    }


_MAKERS: dict[str, Callable[[Arena, DataRequest], Any]] = {
    LEAKY: lambda arena, _: arena.leaky_table(),
    REFERENCE: lambda arena, _: arena.reference_table(),
    SCHEMA: lambda arena, _: arena.schema.to_document(),
    BACKGROUND: lambda arena, request: draw_of(arena, request).knowledge,
    TARGETS: _targets,
    PUBLISHED: lambda arena, request: publish(
        arena.published(_submission(request)).without_lineage()
    ),
    SCHEME: _scheme,
}


def _knowledge_schema(arena: Arena) -> TableSchema:
    n_targets = 2 * arena.n_targets
    known = _wire_columns(arena.known)
    return TableSchema(columns=(TARGET_ID, *known), min_rows=n_targets, max_rows=n_targets)


def _wire_schema(columns: Iterable[Column], *, n_rows: int) -> TableSchema:
    return TableSchema(
        columns=_wire_columns(columns),
        min_rows=n_rows,
        max_rows=n_rows,
    )


def _wire_columns(columns: Iterable[Column]) -> tuple[ColumnSchema, ...]:
    return tuple(_wire_column(column) for column in columns)


def _wire_column(column: Column) -> ColumnSchema:
    low, high, step = _bounds(column)
    texts = tuple(map(str, column.values)) if column.dtype == "string" else ()
    return ColumnSchema(
        name=column.name,
        kinds=_KINDS.get(column.dtype, column.dtype),
        nullable=True,
        low=low,
        high=high,
        step=step,
        categories=texts,
        description=f"{column.kind.capitalize()}, role {column.role}.",
    )


def _bounds(column: Column) -> tuple[Any, Any, float | None]:
    if column.is_listed:
        return None, None, None
    ends: Any = (column.bounds.low, column.bounds.high)
    low, high = map(column.in_words, ends) if column.is_time else ends
    return low, high, column.bounds.step


def guessed_columns(columns: Iterable[Column], *, required: bool) -> tuple[ColumnSchema, ...]:
    """Declare columns of people as attackers may send them, whole numbers as floats, too."""
    return tuple(
        attrs.evolve(
            declared, kinds=_GUESSED.get(declared.kinds[0], declared.kinds), required=required
        )
        for declared in _wire_columns(columns)
    )
