"""What a challenge hands out and takes: data products and submission kinds."""

from collections.abc import Iterable, Sequence
from typing import Any

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    ArraySchema,
    ArraysSchema,
    ColumnSchema,
    DataProduct,
    FormPart,
    FormSchema,
    JSONSchema,
    Parameter,
    Purpose,
    Role,
    Split,
    SubmissionKind,
    TableSchema,
)
from anomed_dataset_synthesis.challenge.arena import CLAIM_PART, TABLE_PART, Arena
from anomed_dataset_synthesis.challenge.config import ROUNDS
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Column, NumericColumn

SYNTHESIZER = "anonymizer"
MEMBERSHIP, ATTRIBUTES, LINKS, SINGLING_OUT = "membership", "attributes", "links", "singling-out"
TASKS = (MEMBERSHIP, ATTRIBUTES, LINKS, SINGLING_OUT)
"""What attackers may hand in, by the value of the query's ``task``."""

_TASK = Parameter(
    name="task", required=False, choices=TASKS, description="What is handed in; membership if none."
)
_ATTACK_PATH = "/utility/deanonymizer"


def data_products(arena: Arena) -> list[DataProduct]:
    """Declare what is handed out."""
    public, players = {Role.PUBLIC}, {Role.ANONYMIZER, Role.DEANONYMIZER}
    background = arena.population.background
    revealed = [
        DataProduct(
            path=f"/data/{name}/{side}",
            audience=players if name == ROUNDS[0] else public,
            schema=_table_schema(arena, len(getattr(arena.population, side)[name])),
            description=f"The {who} of the {name} round, for everybody to see.",
        )
        for name in ROUNDS
        if arena.is_revealed(name)
        for side, who in (("training", "members"), ("control", "non-members"))
    ]
    return [
        DataProduct(
            path="/data/codebook",
            audience=public,
            schema=JSONSchema(),
            description="Columns with types, bounds, grids and categories, and the rules.",
        ),
        DataProduct(
            path="/data/commitment",
            audience=public,
            schema=JSONSchema(),
            description="SHA-256 commitments to the members of each round.",
        ),
        DataProduct(
            path="/data/background",
            audience=public,
            schema=_table_schema(arena, len(background)),
            description="Public records of the same population.",
        ),
        *revealed,
        _of_round(
            "/data/anonymizer/training",
            {Role.ANONYMIZER},
            _table_schema(arena, None),
            "Members of the round: the records to synthesise from.",
        ),
        DataProduct(
            path="/data/synthetic",
            audience=players,
            schema=_table_schema(arena, None),
            static=False,
            parameters=(ANONYMIZER, DATA_SPLIT),
            with_target=True,
            same_split=True,
            description="What an anonymizer has published for the round, in canonical form.",
        ),
        *_target_products(arena),
    ]


def _of_round(
    path: str, audience: Iterable[Role], schema: TableSchema, description: str
) -> DataProduct:
    return DataProduct(
        path=path,
        audience=frozenset(audience),
        schema=schema,
        static=False,
        parameters=(DATA_SPLIT,),
        description=description,
    )


def _target_products(arena: Arena) -> list[DataProduct]:
    n_targets, attacker = 2 * arena.config.targets, {Role.DEANONYMIZER}
    halves = arena.rounds[Split.TUNING].halves
    known = [name for name in arena.codebook.names if name not in arena.config.secrets]
    return [
        _of_round(
            "/data/deanonymizer/targets",
            attacker,
            _table_schema(arena, n_targets),
            "Members and non-members in equal numbers and random order, to tell apart.",
        ),
        _of_round(
            "/data/deanonymizer/attribute-targets",
            attacker,
            _table_schema(arena, n_targets, known),
            f"Other members and non-members without {', '.join(arena.config.secrets)}, to guess.",
        ),
        _of_round(
            "/data/deanonymizer/left-halves",
            attacker,
            _table_schema(arena, n_targets, halves.left_columns),
            "One half of the columns of yet other members and non-members.",
        ),
        _of_round(
            "/data/deanonymizer/right-halves",
            attacker,
            _table_schema(arena, n_targets, halves.right_columns),
            "The other half of their columns, in another order, to be linked.",
        ),
    ]


def _table_schema(
    arena: Arena, n_rows: int | None, names: Sequence[str] | None = None
) -> TableSchema:
    columns = [arena.codebook.column(name) for name in names or arena.codebook.names]
    return TableSchema(columns=_columns(columns), min_rows=n_rows or 0, max_rows=n_rows)


def _columns(columns: Sequence[Column]) -> tuple[ColumnSchema, ...]:
    """Declare columns; none at all if one holds dates, which table schemas have no word for."""
    if any(isinstance(column, NumericColumn) and column.kind == "date" for column in columns):
        return ()
    return tuple(_column(column) for column in columns)


def _column(column: Column) -> ColumnSchema:
    if isinstance(column, CategoryColumn):
        return ColumnSchema(
            name=column.name,
            kinds=("str",),
            nullable=column.nullable,
            categories=column.categories,
        )
    return ColumnSchema(
        name=column.name,
        kinds=("int", "float") if column.kind == "integer" else ("float", "int"),
        nullable=column.nullable,
        low=column.minimum,
        high=column.maximum,
        description=f"Multiples of {column.step:g}; other values go to the nearest.",
    )


def submission_kinds(arena: Arena) -> list[SubmissionKind]:
    """Declare what participants hand in."""
    return [
        SubmissionKind(
            name=SYNTHESIZER,
            path="/utility/anonymizer",
            submitter=Role.ANONYMIZER,
            purpose=Purpose.UTILITY,
            schema={split: _form(arena, split) for split in arena.rounds},
            parameters=(ANONYMIZER, DATA_SPLIT),
            keeps=frozenset(Split),
            description="A synthetic table, and what there is to say about how it was made.",
        ),
        _attack(
            MEMBERSHIP,
            ArraysSchema(
                arrays=[
                    ArraySchema(
                        name="prediction",
                        kinds=("float", "int", "bool"),
                        shape=(2 * arena.config.targets,),
                        low=0,
                        high=1,
                        description="For each target, 0 to 1; higher means more likely a member.",
                    )
                ]
            ),
            "Membership scores of the targets.",
        ),
        _attack(
            ATTRIBUTES,
            _guesses_schema(arena),
            "Guesses of the secret columns of the attribute targets.",
        ),
        _attack(
            LINKS,
            ArraysSchema(
                arrays=[
                    ArraySchema(
                        name="prediction",
                        kinds=("int",),
                        shape=(2 * arena.config.targets,),
                        low=-1,
                        high=2 * arena.config.targets - 1,
                        description="For each left half, the row of its right half, or -1.",
                    )
                ]
            ),
            "Links between left and right halves.",
        ),
        _attack(
            SINGLING_OUT,
            JSONSchema(schema=_PREDICATES),
            f"{arena.config.predicates} predicates, each true of one training record only.",
        ),
    ]


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


def _form(arena: Arena, split: Split) -> FormSchema:
    n_training = len(arena.rounds[split].real.training)
    table = TableSchema(
        columns=_columns(arena.codebook.columns),
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


def _guesses_schema(arena: Arena) -> TableSchema:
    n_targets = 2 * arena.config.targets
    return TableSchema(min_rows=n_targets, max_rows=n_targets)


def _attack(name: str, schema: Any, description: str) -> SubmissionKind:
    return SubmissionKind(
        name=name,
        path=_ATTACK_PATH,
        submitter=Role.DEANONYMIZER,
        purpose=Purpose.THREAT,
        schema=schema,
        parameters=(ANONYMIZER, DEANONYMIZER, DATA_SPLIT, _TASK),
        selector=("task", name),
        with_target=True,
        same_split=True,
        cheap=name in {MEMBERSHIP, LINKS},
        description=description,
    )
