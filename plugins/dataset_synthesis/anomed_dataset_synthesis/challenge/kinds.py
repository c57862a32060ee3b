"""What participants hand in: a synthetic table, and four kinds of attacks on one."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    ArraySchema,
    ArraysSchema,
    FormPart,
    FormSchema,
    JSONSchema,
    Parameter,
    Purpose,
    Role,
    Split,
    Submission,
    SubmissionKind,
    SubmissionRejected,
    TableSchema,
)
from anomed_dataset_synthesis.challenge.arena import CLAIM_PART, TABLE_PART, Arena
from anomed_dataset_synthesis.challenge.products import column_schemas
from anomed_dataset_synthesis.threat.guesses_table import Guesses, read_guesses
from anomed_dataset_synthesis.threat.predicates import Predicate, parse_predicates

SYNTHESIZER = "anonymizer"
MEMBERSHIP, ATTRIBUTES, LINKS, SINGLING_OUT = "membership", "attributes", "links", "singling-out"
TASKS = (MEMBERSHIP, ATTRIBUTES, LINKS, SINGLING_OUT)
"""What attackers may hand in, by the value of the query's ``task``."""

_TASK = Parameter(
    name="task", required=False, choices=TASKS, description="What is handed in; membership if none."
)

_PREDICATES = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "array",
            "prefixItems": [
                {"type": "string"},
                {"enum": ["==", "!=", "<", "<=", ">", ">="]},
                {"type": ["string", "number", "null"]},
            ],
            "minItems": 3,
            "maxItems": 3,
        },
    },
}

_CLAIM = {
    "type": "object",
    "properties": {
        "generator": {"type": "string"},
        "training_time_s": {"type": "number", "minimum": 0},
        "epsilon": {"type": "number", "minimum": 0},
        "delta": {"type": "number", "minimum": 0},
        "neighbours": {"type": "string"},
        "unit": {"type": "string"},
        "accountant": {"type": "string"},
        "public_inputs": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}


def submission_kinds(arena: Arena) -> list[SubmissionKind]:
    """Declare what participants hand in."""
    n_targets = 2 * arena.config.targets
    return [
        SubmissionKind(
            name=SYNTHESIZER,
            path="/utility/anonymizer",
            schema={split: _form(arena, split) for split in arena.rounds},
            parameters=(ANONYMIZER, DATA_SPLIT),
            known_to={Role.ANONYMIZER},  # a copy of the table that they are given
            description="A synthetic table, and what there is to say about how it was made.",
        ),
        _attack(
            MEMBERSHIP,
            ArraySchema(
                name="prediction",
                kinds=("float", "int", "bool"),
                shape=(n_targets,),
                low=0,
                high=1,
                description="For each target, 0 to 1; higher means more likely a member.",
            ),
            "Membership scores of the targets.",
        ),
        _attack(
            ATTRIBUTES,
            TableSchema(min_rows=n_targets, max_rows=n_targets),
            "Guesses of the secret columns of the attribute targets.",
        ),
        _attack(
            LINKS,
            ArraySchema(
                name="prediction",
                kinds=("int",),
                shape=(n_targets,),
                low=-1,
                high=n_targets - 1,
                description="For each left half, the row of its right half, or -1.",
            ),
            "Links between left and right halves.",
        ),
        _attack(
            SINGLING_OUT,
            JSONSchema(schema=_PREDICATES),
            f"{arena.config.predicates} predicates, each true of one training record only.",
        ),
    ]


def _form(arena: Arena, split: Split) -> FormSchema:
    n_training = len(arena.rounds[split].real.training)
    table = TableSchema(
        columns=column_schemas(arena.codebook.columns),
        min_rows=-(-n_training // 2),
        max_rows=2 * n_training,
    )
    return FormSchema(
        parts=[
            FormPart(name=TABLE_PART, schema=table, description="The table, as parquet."),
            FormPart(
                name=CLAIM_PART,
                schema=JSONSchema(schema=_CLAIM),
                required=False,
                description="Generator, training time, and a claim of differential privacy.",
            ),
        ]
    )


def _attack(
    name: str, schema: ArraySchema | TableSchema | JSONSchema, description: str
) -> SubmissionKind:
    return SubmissionKind(
        name=name,
        path="/utility/deanonymizer",
        submitter=Role.DEANONYMIZER,
        purpose=Purpose.THREAT,
        schema=ArraysSchema(arrays=[schema]) if isinstance(schema, ArraySchema) else schema,
        parameters=(ANONYMIZER, DEANONYMIZER, DATA_SPLIT, _TASK),
        selector=("task", name),
        with_rivals=True,  # all are given the same records
        description=description,
    )


def guesses_of(arena: Arena, table: pa.Table) -> dict[str, Guesses]:
    """Read guesses by secret column.

    Raises
    ------
    ValueError
        See `read_guesses`.
    """
    return read_guesses(table, arena.codebook, secrets=arena.config.secrets)


def predicates_of(arena: Arena, stated: Any) -> tuple[Predicate, ...]:
    """Read predicates.

    Raises
    ------
    ValueError
        See `parse_predicates`.
    """
    return parse_predicates(stated, arena.codebook, max_predicates=arena.config.predicates)


_CHECKS: dict[str, Callable[[Arena, Submission], object]] = {
    SYNTHESIZER: Arena.check,
    ATTRIBUTES: lambda arena, submission: guesses_of(arena, submission.payload),
    SINGLING_OUT: lambda arena, submission: predicates_of(arena, submission.payload),
}


def validate(arena: Arena, submission: Submission) -> None:
    """Refuse what the codebook cannot say; of other kinds, the schema says all.

    Raises
    ------
    SubmissionRejected
        If what was handed in cannot be scored.
    """
    if submission.kind not in _CHECKS:
        return
    try:
        _CHECKS[submission.kind](arena, submission)
    except ValueError as error:
        text = str(error)
        raise SubmissionRejected(f"{text[:1].upper()}{text[1:]}.") from error
