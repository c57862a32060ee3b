"""What a challenge declares: data products, submission kinds and metrics."""

import re
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
    Direction,
    FormPart,
    FormSchema,
    JSONSchema,
    Metric,
    Parameter,
    Purpose,
    Role,
    Split,
    SubmissionKind,
    TableSchema,
)
from anomed_dataset_synthesis.arena import CLAIM_PART, TABLE_PART, Arena
from anomed_dataset_synthesis.codebook import CategoryColumn, Column, NumericColumn
from anomed_dataset_synthesis.config import ROUNDS
from anomed_dataset_synthesis.threat.membership import FALSE_POSITIVE_RATES

SYNTHESIZER = "anonymizer"
MEMBERSHIP, ATTRIBUTES, LINKS, SINGLING_OUT = "membership", "attributes", "links", "singling-out"
TASKS = (MEMBERSHIP, ATTRIBUTES, LINKS, SINGLING_OUT)
"""What attackers may hand in, by the value of the query's ``task``."""

FPR_NAMES = {rate: f"tpr_at_fpr_{rate:g}" for rate in FALSE_POSITIVE_RATES}

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


def column_slugs(columns: Sequence[str]) -> dict[str, str]:
    """Return a name for each column that metrics may begin with.

    Examples
    --------
    >>> column_slugs(["income", "marital status"])
    {'income': 'income', 'marital status': 'marital_status'}
    """
    slugs: dict[str, str] = {}
    for place, column in enumerate(columns):
        slug = re.sub(r"[^A-Za-z0-9_]", "_", column)
        usable = slug[0].isalpha() and slug not in slugs.values()
        slugs[column] = slug if usable else f"column_{place}_{slug}"
    return slugs


def metrics(arena: Arena) -> list[Metric]:
    """Declare all metrics."""
    return [
        *_utility_metrics(arena),
        *_membership_metrics(),
        *_attribute_metrics(arena),
        *_guess_metrics(LINKS, "", "a left half is linked with its right half", primary=True),
        *_guess_metrics(
            SINGLING_OUT, "", "a predicate is true of exactly one record", primary=True
        ),
    ]


def _utility_metrics(arena: Arena) -> list[Metric]:
    def metric(name: str, definition: str, **options: Any) -> Metric:
        given = {"bounds": (0.0, 1.0)} | options
        return Metric(name=name, kind=SYNTHESIZER, definition=definition, **given)

    unbounded = (float("-inf"), float("inf"))
    accuracies = [
        metric(
            f"accuracy_{order}way",
            f"Mean over choices of {order} columns of 1 - total variation distance to the training "
            "records, on bins learnt from the background.",
        )
        for order in (1, 2, 3)
    ]
    skills = [
        metric(
            f"skill_{order}way",
            f"accuracy_{order}way on a scale from independent columns (0) to another real "
            "sample (1).",
            bounds=unbounded,
            chance=0.0,
        )
        for order in (2, 3)
    ]
    optional = [
        metric("alpha_precision", "Alaa et al. 2022 (arXiv:2102.08921); 1 is best."),
        metric("beta_recall", "The mirror image of alpha_precision."),
        metric("authenticity", "Share of records that are no near-copies (Alaa et al. 2022)."),
    ]
    return [
        metric(
            "utility",
            "Smallest of skill_2way, skill_3way, transfer_ratio and 1 - c2st_excess, cut off at "
            "0 and 1.",
            chance=0.0,
            primary=True,
        ),
        metric("passes_gate", f"1 if utility is at least {arena.config.gate:g}, else 0."),
        *accuracies,
        *skills,
        metric(
            "transfer_auc",
            "AUC on control records of boosted trees trained on the submission, for the hidden "
            "task that suffers most (Esteban et al. 2017).",
            chance=0.5,
        ),
        metric(
            "transfer_ratio",
            "(transfer_auc - 1/2) / (the same of real training records - 1/2), over the tasks "
            "the smallest.",
            bounds=unbounded,
            chance=0.0,
            tie_breaker=1,
        ),
        metric(
            "c2st_auc",
            "Cross-validated AUC of boosted trees telling the submission from control records "
            "(Lopez-Paz and Oquab 2017).",
            direction=Direction.LOWER,
        ),
        metric("c2st_excess", "2 |c2st_auc - 1/2|.", direction=Direction.LOWER),
        *(optional if arena.config.manifold else []),
    ]


_RISK = (
    "Lower bound of the normalised advantage over controls, largest over measures and groups, "
    "corrected (Bonferroni) for all attackers; 0 where nothing is sure."
)


def _membership_metrics() -> list[Metric]:
    def metric(name: str, definition: str, **options: Any) -> Metric:
        given = {"bounds": (0.0, 1.0)} | options
        return Metric(name=name, kind=MEMBERSHIP, definition=definition, **given)

    figures = {"auc": ("Area under the whole ROC curve, ties counting half.", 0.5)} | {
        name: (f"TPR at an FPR of {rate:g}, read off the whole ROC curve, ties at random.", rate)
        for rate, name in FPR_NAMES.items()
    }
    declared = [metric("risk", _RISK, chance=0.0, primary=True)]
    for prefix, whom in (("", ""), ("outliers_", " For the 5% in the thinnest background.")):
        for name, (definition, chance) in figures.items():
            full = f"{prefix}{name}"
            order = 1 if full == "auc" else None
            declared += [
                metric(full, definition + whom, chance=chance, tie_breaker=order),
                metric(f"{full}_low", "Lower end of its 95% interval."),
                metric(f"{full}_high", "Upper end of its 95% interval."),
                metric(f"{full}_null_high", "97.5% of worthless attacks stay below this."),
            ]
    positive = (0.0, float("inf"))
    return [
        *declared,
        metric("background_auc", "AUC of the distance to the background: who has seen no more."),
        metric(
            "epsilon_lower",
            "Largest epsilon that the scores prove at the claimed delta (0 without a claim), by "
            "Clopper-Pearson bounds at a threshold fixed on the other half of the targets.",
            bounds=positive,
            chance=0.0,
        ),
        metric("epsilon_provable", "What a perfect attack could have proved.", bounds=positive),
        metric("refutes_claim", "1 if epsilon_lower exceeds the claimed epsilon, else 0."),
    ]


def _attribute_metrics(arena: Arena) -> list[Metric]:
    declared = [
        Metric(
            name="risk",
            kind=ATTRIBUTES,
            bounds=(0.0, 1.0),
            chance=0.0,
            primary=True,
            definition=_RISK,
        )
    ]
    for secret, slug in column_slugs(arena.config.secrets).items():
        declared += _guess_metrics(ATTRIBUTES, f"{slug}_", f"a guess of {secret} is right")
        declared.append(
            Metric(
                name=f"{slug}_confident_excess",
                kind=ATTRIBUTES,
                bounds=(0.0, 1.0),
                chance=0.0,
                definition="Excess among the tenth of the targets guessed most confidently.",
            )
        )
    return declared


def _guess_metrics(kind: str, prefix: str, event: str, *, primary: bool = False) -> list[Metric]:
    def metric(name: str, definition: str, **options: Any) -> Metric:
        return Metric(
            name=f"{prefix}{name}", kind=kind, bounds=(0.0, 1.0), definition=definition, **options
        )

    risk = [metric("risk", _RISK, chance=0.0, primary=True)] if primary else []
    return [
        *risk,
        metric("success", f"How often {event}, about members (centre of Wilson's interval)."),
        metric("control_success", f"How often {event}, about non-members."),
        metric(
            "excess",
            "(success - control_success) / (1 - control_success), cut off at 0 (Abbott 1925).",
            chance=0.0,
        ),
        metric("excess_low", "Lower end of its 95% interval."),
        metric("excess_high", "Upper end of its 95% interval."),
        metric(
            "over_background",
            "The same excess over a model that has seen the public background only.",
            chance=0.0,
        ),
    ]
