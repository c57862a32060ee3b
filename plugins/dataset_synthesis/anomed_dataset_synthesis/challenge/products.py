"""What is handed out: static products with their data, and tables of each round."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
import numpy as np

from anomed_core import (
    DATA_SPLIT,
    ColumnSchema,
    DataProduct,
    DataRequest,
    JSONSchema,
    Role,
    Split,
    TableSchema,
)
from anomed_core.tables import TIME_UNITS_S, write_time
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.config import ROUNDS
from anomed_dataset_synthesis.rounds import Round
from anomed_dataset_synthesis.table.canonical import CanonicalTable, to_arrow
from anomed_dataset_synthesis.table.codebook import (
    CategoryColumn,
    Codebook,
    Column,
)

CODEBOOK, COMMITMENT, SYNTHETIC = "/data/codebook", "/data/commitment", "/data/synthetic"

_DUMMY_ROWS = 1_000
_KINDS = {"integer": ("int", "float"), "real": ("float", "int")}
_GRIDS = {"date": "Multiples of {} days since 1970-01-01"}
_GRIDS |= {"date-time": "Multiples of {} seconds since 1970-01-01"}


@attrs.frozen(kw_only=True)
class RoundTable:
    """A table that differs from round to round.

    Attributes
    ----------
    table
        Picks it from a round.
    columns
        Names those of its columns that are handed out.
    of_targets
        Whether it has a row for each target.
    description
        For participants.
    """

    table: Callable[[Round], CanonicalTable]
    columns: Callable[[Arena], Sequence[str]] = lambda arena: arena.codebook.names
    of_targets: bool = True
    description: str


def _known(arena: Arena) -> list[str]:
    return [name for name in arena.codebook.names if name not in arena.config.secrets]


ROUND_TABLES = {
    "/data/anonymizer/training": RoundTable(
        table=lambda round_: round_.real.training,
        of_targets=False,
        description="Members of the round: the records to synthesise from.",
    ),
    "/data/deanonymizer/targets": RoundTable(
        table=lambda round_: round_.membership.table,
        description="Members and non-members in equal numbers and random order, to tell apart.",
    ),
    "/data/deanonymizer/attribute-targets": RoundTable(
        table=lambda round_: round_.attributes.table,
        columns=_known,
        description="Other members and non-members without the secret columns, to guess.",
    ),
    "/data/deanonymizer/left-halves": RoundTable(
        table=lambda round_: round_.halves.left,
        columns=lambda arena: arena.rounds[Split.TUNING].halves.left_columns,
        description="One half of the columns of yet other members and non-members.",
    ),
    "/data/deanonymizer/right-halves": RoundTable(
        table=lambda round_: round_.halves.right,
        columns=lambda arena: arena.rounds[Split.TUNING].halves.right_columns,
        description="The other half of their columns, in another order, to be linked.",
    ),
}
"""Products of a round by their paths; the role in a path is the audience."""


def data_products(arena: Arena) -> list[DataProduct]:
    """Declare what is handed out; static products bring their data."""
    public, players = {Role.PUBLIC}, {Role.ANONYMIZER, Role.DEANONYMIZER}
    readers = public if arena.config.data.public else players
    return [
        DataProduct(
            path=CODEBOOK,
            audience=public,
            schema=JSONSchema(),
            data=lambda _: _rules(arena),
            description="Columns with types, bounds, grids and categories, and the rules.",
        ),
        DataProduct(
            path=COMMITMENT,
            audience=public,
            schema=JSONSchema(),
            data=lambda _: _commitments(arena),
            description="SHA-256 commitments to the members of each round.",
        ),
        _static(
            "/data/background",
            readers,
            arena.population.background,
            "Other records of the same population, which nobody is attacked for.",
        ),
        *(
            _static(
                f"/data/{name}/{side}",
                players if name == ROUNDS[0] else readers,
                records[name],
                f"The {who} of the {name} round, which are revealed.",
            )
            for name in ROUNDS
            if arena.is_revealed(name)
            for side, who, records in (
                ("training", "members", arena.population.training),
                ("control", "non-members", arena.population.non_members),
            )
        ),
        *(
            DataProduct(
                path=path,
                schema=_table_schema(
                    arena, 2 * arena.config.targets if row.of_targets else None, row.columns(arena)
                ),
                parameters=(DATA_SPLIT,),
                description=row.description,
            )
            for path, row in ROUND_TABLES.items()
        ),
        DataProduct(
            path=SYNTHETIC,
            audience=players,
            schema=_table_schema(arena, None, arena.codebook.names),
            with_target=True,
            description="What an anonymizer has published for the round, in canonical form.",
        ),
    ]


def _static(
    path: str, audience: Iterable[Role], table: CanonicalTable, description: str
) -> DataProduct:
    return DataProduct(
        path=path,
        audience=audience,
        schema=TableSchema(
            columns=column_schemas(table.codebook.columns), min_rows=len(table), max_rows=len(table)
        ),
        data=lambda _: to_arrow(table),
        description=description,
    )


def _table_schema(arena: Arena, n_rows: int | None, names: Sequence[str]) -> TableSchema:
    columns = [arena.codebook.column(name) for name in names]
    return TableSchema(columns=column_schemas(columns), min_rows=n_rows or 0, max_rows=n_rows)


def column_schemas(columns: Sequence[Column]) -> tuple[ColumnSchema, ...]:
    """Declare columns."""
    return tuple(_column_schema(column) for column in columns)


def _column_schema(column: Column) -> ColumnSchema:
    if isinstance(column, CategoryColumn):
        return ColumnSchema(
            name=column.name,
            kinds=("str",),
            nullable=column.nullable,
            categories=column.categories,
        )
    ends: tuple[Any, Any] = (column.minimum, column.maximum)
    if column.kind in TIME_UNITS_S:
        ends = (write_time(ends[0], column.kind), write_time(ends[1], column.kind))
    return ColumnSchema(
        name=column.name,
        kinds=_KINDS.get(column.kind, column.kind),
        nullable=column.nullable,
        low=ends[0],
        high=ends[1],
        step=column.step,
        description=f"{_GRIDS.get(column.kind, 'Multiples of {}').format(f'{column.step:g}')}; "
        "other values go to the nearest.",
    )


def _rules(arena: Arena) -> dict[str, Any]:
    config, halves = arena.config, arena.rounds[Split.TUNING].halves
    return {
        **arena.codebook.to_mapping(),
        "secrets": list(config.secrets),
        "left_half": list(halves.left_columns),
        "right_half": list(halves.right_columns),
        "n_targets": 2 * config.targets,
        "n_predicates": config.predicates,
        "gate": config.gate,
        "n_training": {
            split.value: len(round_.real.training) for split, round_ in arena.rounds.items()
        },
    }


def _commitments(arena: Arena) -> dict[str, Any]:
    rounds = {}
    for name in ROUNDS:
        rounds[name] = {"sha256": arena.commitment(name)}
        if arena.is_revealed(name):
            rounds[name]["nonce"] = arena.nonce(name).hex()
    return {"rounds": rounds}


def provide(arena: Arena, product: DataProduct, request: DataRequest) -> bytes:
    """Return, as a parquet file, what depends on the request.

    Raises
    ------
    ValueError
        If the request lacks the target or the split that the product declares.
    """
    if product.path == SYNTHETIC:
        if request.target is None or request.target.submission is None:
            raise ValueError(f"{SYNTHETIC} needs an anonymizer who has published a table")
        return arena.published(request.target.submission)
    if request.split is None:
        raise ValueError(f"{product.path} needs data_split")
    row, round_ = ROUND_TABLES[product.path], arena.rounds[request.split]
    return arena.encoded(
        product.path,
        request.split,
        lambda: to_arrow(row.table(round_)).select(list(row.columns(arena))),
    )


def dummy(arena: Arena, product: DataProduct, seed: int) -> Any:
    """Draw a table of the product's form value by value from the codebook, which is public.

    The rules speak of as many training records as dummy tables have, the commitment of nobody.
    """
    rng = np.random.default_rng(seed)
    if product.path == CODEBOOK:
        return _rules(arena) | {"n_training": {split.value: _DUMMY_ROWS for split in arena.rounds}}
    if product.path == COMMITMENT:
        return {"rounds": {name: {"sha256": rng.bytes(32).hex()} for name in ROUNDS}}
    row = ROUND_TABLES.get(product.path)
    names = row.columns(arena) if row else arena.codebook.names
    codebook = Codebook([arena.codebook.column(name) for name in names])
    n_rows = _DUMMY_ROWS
    if isinstance(product.schema, TableSchema) and product.schema.min_rows:
        n_rows = product.schema.min_rows
    levels = [rng.integers(0, n_levels, n_rows) for n_levels in codebook.n_levels]
    return to_arrow(CanonicalTable(codebook=codebook, levels=np.column_stack(levels)))
