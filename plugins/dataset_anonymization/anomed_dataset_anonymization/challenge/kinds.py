"""What the challenge takes: published tables, and attacks on them."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from anomed_core import (
    ANONYMIZER,
    DEANONYMIZER,
    ColumnSchema,
    FormPart,
    FormSchema,
    Purpose,
    Role,
    Split,
    Submission,
    SubmissionKind,
    SubmissionRejected,
    TableSchema,
    TextSchema,
)
from anomed_dataset_anonymization.challenge.products import (
    OPTIONAL_PAIR,
    OPTIONAL_SPLIT,
    TARGET_ID,
    draw_of,
    guessed_columns,
)
from anomed_dataset_anonymization.schema.frames import read_frame
from anomed_dataset_anonymization.schemes import SCHEMES
from anomed_dataset_anonymization.threat import (
    read_claims,
    read_inferences,
    read_reconstruction,
)

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena

PUBLISHED_TABLE = "anonymizer"
INFERENCE, LINKAGE, RECONSTRUCTION = "inference", "linkage", "reconstruction"
"""The kinds of submissions."""

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


@singledispatch
def submission_kinds(arena: Arena) -> list[SubmissionKind]:
    """Declare published tables, and the three forms of attacks on them."""
    return [
        SubmissionKind(
            name=PUBLISHED_TABLE,
            path="/utility/anonymizer",
            submitter=Role.ANONYMIZER,
            purpose=Purpose.UTILITY,
            schema=published_form(arena.n_leaky),
            parameters=(ANONYMIZER, OPTIONAL_SPLIT),
            default_split=Split.TUNING,
            keeps=frozenset(Split),
            description="An anonymized table and its scheme; for tuning unless data_split says "
            "validation.",
        ),
        _attack_kind(
            RECONSTRUCTION,
            TableSchema(
                columns=(*guessed_columns(arena.schema, required=True), _CONFIDENCE),
                min_rows=1,
                max_rows=arena.n_leaky,
            ),
            "The leaky table as an attacker reconstructs it, optionally with confidence.",
        ),
        _attack_kind(
            INFERENCE,
            TableSchema(
                columns=(TARGET_ID, *guessed_columns(arena.unknown, required=False), _CONFIDENCE),
                min_rows=1,
                max_rows=2 * arena.n_targets,
            ),
            "target_id and the unknown columns as an attacker infers them.",
        ),
        _attack_kind(
            LINKAGE,
            TableSchema(
                columns=(TARGET_ID, _ANON_ROW, _RANK, _CONFIDENCE),
                min_rows=1,
                max_rows=6 * arena.n_targets,
            ),
            "target_id and anon_row, the published row that is the target, -1 for none; up to "
            "three of different rank.",
        ),
    ]


def published_form(max_rows: int | None) -> FormSchema:
    """Return the form that anonymizers send."""
    return FormSchema(
        parts=(
            FormPart(
                name="anon_data",
                schema=TableSchema(min_rows=1, max_rows=max_rows),
                description="The anonymized table as a parquet file.",
            ),
            FormPart(
                name="anon_scheme",
                schema=TextSchema(choices=tuple(SCHEMES)),
                description="How its cells are to be read.",
            ),
        )
    )


def _attack_kind(task: str, schema: TableSchema, description: str) -> SubmissionKind:
    is_reconstruction = task == RECONSTRUCTION
    pair = OPTIONAL_PAIR if is_reconstruction else (ANONYMIZER, DEANONYMIZER)
    return SubmissionKind(
        name=task,
        path="/utility/deanonymizer",
        submitter=Role.DEANONYMIZER,
        purpose=Purpose.THREAT,
        schema=schema,
        parameters=(*pair, OPTIONAL_SPLIT),
        default_split=Split.TUNING,
        selector=("task", task),
        with_target=not is_reconstruction,
        same_split=False,  # attackers meet the final, as those who read the published table
        after_final=True,
        with_rivals=True,  # all publish the same people
        description=description,
    )


@singledispatch
def validate(arena: Arena, submission: Submission) -> None:
    """Refuse what does not fit, in one sentence.

    Raises
    ------
    SubmissionRejected
        If what was handed in cannot be scored.
    """
    try:
        if submission.kind == PUBLISHED_TABLE:
            arena.published(submission)
        else:
            _check_attacker(submission)
            _check_attack(arena, submission)
    except SubmissionRejected:
        raise
    except ValueError as error:
        sentence = str(error)
        raise SubmissionRejected(sentence[:1].upper() + sentence[1:]) from error


def _check_attacker(submission: Submission) -> None:
    anonymizer, deanonymizer = submission.anonymizer, submission.deanonymizer
    if anonymizer and anonymizer == deanonymizer:
        raise SubmissionRejected(
            f"{deanonymizer!r} can't attack its own table: the scores would tell its author "
            "what to hide; choose another anonymizer."
        )
    if submission.split is Split.VALIDATION and not (anonymizer and deanonymizer):
        raise SubmissionRejected(
            "A final must say who attacks whom; give anonymizer and deanonymizer in the query."
        )


def _check_attack(arena: Arena, submission: Submission) -> None:
    frame = read_frame(submission.payload)
    if submission.kind == RECONSTRUCTION:
        read_reconstruction(frame, schema=arena.schema, n_people=arena.n_leaky)
        return
    ids = draw_of(arena, submission).targets.ids
    if submission.kind == LINKAGE:
        read_claims(frame, target_ids=ids, n_rows=arena.n_leaky)
    else:
        read_inferences(frame, schema=arena.schema, target_ids=ids, unknown=arena.unknown_names)
