"""What the challenge hands out, and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    ColumnSchema,
    DataProduct,
    FormPart,
    FormSchema,
    JSONSchema,
    Metric,
    Purpose,
    Role,
    Split,
    SubmissionKind,
    TextSchema,
)
from anomed_core import TableSchema as WireSchema
from anomed_dataset_anonymization.challenge import attack_metrics
from anomed_dataset_anonymization.challenge import metrics as table_metrics
from anomed_dataset_anonymization.challenge.attack_metrics import INFERENCE, LINKAGE, RECONSTRUCTION
from anomed_dataset_anonymization.schemes import SCHEMES

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena
    from anomed_dataset_anonymization.schema import Column, TableSchema

LEAKY = "/data/anonymizer/leaky"
BACKGROUND = "/data/deanonymizer/background-knowledge"
TARGETS = "/data/deanonymizer/targets"
PUBLISHED = "/data/deanonymizer/anonymized"
SCHEME = "/data/deanonymizer/scheme"
REFERENCE = "/data/reference"
SCHEMA = "/data/schema"

_KINDS = {"int64": "int", "float64": "float", "string": "str", "bool": "bool"}
_EVERYBODY = {Role.PUBLIC, Role.ANONYMIZER, Role.DEANONYMIZER}
_OPTIONAL_SPLIT = attrs.evolve(DATA_SPLIT, required=False)
_OPTIONAL_PAIR = tuple(attrs.evolve(party, required=False) for party in (ANONYMIZER, DEANONYMIZER))


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
            audience=_EVERYBODY,
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
            parameters=(*_OPTIONAL_PAIR, _OPTIONAL_SPLIT),
            description="What is known of the targets of this pair: target_id and the "
            "quasi-identifiers; tuning targets unless data_split says otherwise.",
        ),
        DataProduct(
            path=TARGETS,
            audience=attackers,
            schema=JSONSchema(),
            static=False,
            parameters=(*_OPTIONAL_PAIR, _OPTIONAL_SPLIT),
            description="The ids of the targets of this pair, and which columns are known, unknown "
            "and noisy.",
        ),
        DataProduct(
            path=PUBLISHED,
            audience=attackers,
            schema=WireSchema(),
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


def submission_kinds(arena: Arena) -> list[SubmissionKind]:
    """Declare published tables, and the three forms of attacks on them."""
    return [
        SubmissionKind(
            name=table_metrics.ANONYMIZER,
            path="/utility/anonymizer",
            submitter=Role.ANONYMIZER,
            purpose=Purpose.UTILITY,
            schema=published_form(arena.n_leaky),
            parameters=(ANONYMIZER, _OPTIONAL_SPLIT),
            default_split=Split.TUNING,
            keeps=frozenset(Split),
            description="An anonymized table and its scheme; for tuning unless data_split says "
            "validation.",
        ),
        _attack_kind(
            RECONSTRUCTION,
            WireSchema(min_rows=1, max_rows=arena.n_leaky),
            "The leaky table as an attacker reconstructs it, optionally with confidence.",
        ),
        _attack_kind(
            INFERENCE,
            WireSchema(columns=(_TARGET_ID, _CONFIDENCE), min_rows=1, max_rows=2 * arena.n_targets),
            "target_id and the unknown columns as an attacker infers them.",
        ),
        _attack_kind(
            LINKAGE,
            WireSchema(
                columns=(_TARGET_ID, _ANON_ROW, _RANK, _CONFIDENCE),
                min_rows=1,
                max_rows=6 * arena.n_targets,
            ),
            "target_id and anon_row, the published row that is the target, -1 for none; up to "
            "three of different rank.",
        ),
    ]


def metrics(arena: Arena) -> list[Metric]:
    """Declare the metrics of all submission kinds."""
    return [
        *table_metrics.table_metrics(arena),
        *attack_metrics.reconstruction_metrics(arena),
        *attack_metrics.inference_metrics(arena),
        *attack_metrics.linkage_metrics(),
    ]


def published_form(max_rows: int | None) -> FormSchema:
    """Return the form that anonymizers send."""
    return FormSchema(
        parts=(
            FormPart(
                name="anon_data",
                schema=WireSchema(min_rows=1, max_rows=max_rows),
                description="The anonymized table as a parquet file.",
            ),
            FormPart(
                name="anon_scheme",
                schema=TextSchema(choices=tuple(SCHEMES)),
                description="How its cells are to be read.",
            ),
        )
    )


_TARGET_ID = ColumnSchema(
    name="target_id", kinds=("int",), description="A target, as background knowledge names it."
)
_ANON_ROW = ColumnSchema(
    name="anon_row", kinds=("int",), low=-1, description="A published row, -1 for none."
)
_RANK = ColumnSchema(
    name="rank", kinds=("int",), low=1, high=3, required=False, description="1 is the likeliest."
)
_CONFIDENCE = ColumnSchema(
    name="confidence",
    kinds=("float", "int"),
    required=False,
    description="How sure the attacker is; higher is surer.",
)


def _attack_kind(task: str, schema: WireSchema, description: str) -> SubmissionKind:
    is_reconstruction = task == RECONSTRUCTION
    pair = _OPTIONAL_PAIR if is_reconstruction else (ANONYMIZER, DEANONYMIZER)
    return SubmissionKind(
        name=task,
        path="/utility/deanonymizer",
        submitter=Role.DEANONYMIZER,
        purpose=Purpose.THREAT,
        schema=schema,
        parameters=(*pair, _OPTIONAL_SPLIT),
        default_split=Split.TUNING,
        selector=("task", task),
        with_target=not is_reconstruction,
        same_split=False,  # attackers meet the final, as those who read the published table
        description=description,
    )


def _knowledge_schema(arena: Arena) -> WireSchema:
    known = [_wire_column(column) for column in arena.known]
    n_targets = 2 * arena.n_targets
    return WireSchema(columns=(_TARGET_ID, *known), min_rows=n_targets, max_rows=n_targets)


def _wire_schema(schema: TableSchema, *, n_rows: int | None) -> WireSchema:
    return WireSchema(
        columns=tuple(_wire_column(column) for column in schema),
        min_rows=n_rows or 0,
        max_rows=n_rows,
    )


def _wire_column(column: Column) -> ColumnSchema:
    bounds = None if column.is_listed else column.bounds
    texts = tuple(map(str, column.values)) if column.dtype == "string" else ()
    return ColumnSchema(
        name=column.name,
        kinds=(_KINDS[column.dtype],),
        nullable=True,
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
        step=bounds.step if bounds else None,
        categories=texts,
        description=f"{column.kind.capitalize()}, role {column.role}.",
    )
