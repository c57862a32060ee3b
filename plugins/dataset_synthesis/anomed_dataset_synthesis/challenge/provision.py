"""The content of data products, real and dummy."""

from typing import Any

import numpy as np
import pyarrow as pa

from anomed_core import DataProduct, DataRequest, Split, SubmissionRejected, TableSchema
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.config import ROUNDS
from anomed_dataset_synthesis.table.canonical import CanonicalTable, to_arrow
from anomed_dataset_synthesis.table.codebook import Codebook

_DUMMY_ROWS = 1_000


def provide(arena: Arena, product: DataProduct, request: DataRequest) -> Any:
    """Return the content of a product.

    Raises
    ------
    SubmissionRejected
        If the anonymizer has published nothing for the round.
    """
    fixed = {"/data/codebook": _codebook, "/data/commitment": _commitment}
    if product.path in fixed:
        return fixed[product.path](arena)
    if product.path == "/data/background":
        return to_arrow(arena.population.background)
    if product.path == "/data/synthetic":
        return _synthetic(arena, request)
    if request.split is not None:
        return _of_round(arena, product.path, request.split)
    _, _, name, side = product.path.split("/")
    return to_arrow(getattr(arena.population, side)[name])


def _codebook(arena: Arena) -> dict[str, Any]:
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
            split.value: len(this.real.training) for split, this in arena.rounds.items()
        },
    }


def _commitment(arena: Arena) -> dict[str, Any]:
    rounds = {}
    for name in ROUNDS:
        rounds[name] = {"sha256": arena.commitment(name)}
        if arena.is_revealed(name):
            rounds[name]["nonce"] = arena.nonce(name).hex()
    return {"rounds": rounds}


def _synthetic(arena: Arena, request: DataRequest) -> bytes:
    submission = request.target.submission if request.target else None
    if submission is None:
        raise SubmissionRejected(
            f"The anonymizer {request.anonymizer!r} has published no table for "
            f"{request.parameters['data_split']}; choose another one or wait for it."
        )
    return arena.published(submission)


def _of_round(arena: Arena, path: str, split: Split) -> bytes:
    return arena.encoded(path, split, lambda: _table_of_round(arena, path, split))


def _table_of_round(arena: Arena, path: str, split: Split) -> pa.Table:
    this = arena.rounds[split]
    what = path.rsplit("/", 1)[1]
    if what == "training":
        return to_arrow(this.real.training)
    known = [name for name in arena.codebook.names if name not in arena.config.secrets]
    tables = {
        "targets": (this.membership.table, list(arena.codebook.names)),
        "attribute-targets": (this.attributes.table, known),
        "left-halves": (this.halves.left, list(this.halves.left_columns)),
        "right-halves": (this.halves.right, list(this.halves.right_columns)),
    }
    table, names = tables[what]
    return to_arrow(table).select(names)


def dummy(arena: Arena, product: DataProduct, seed: int) -> Any:
    """Draw a table of the product's form value by value from the codebook, which is public.

    The rules speak of as many training records as dummy tables have, the commitment of nobody.
    """
    rng = np.random.default_rng(seed)
    if product.path == "/data/codebook":
        return _codebook(arena) | {
            "n_training": {split.value: _DUMMY_ROWS for split in arena.rounds}
        }
    if product.path == "/data/commitment":
        return {"rounds": {name: {"sha256": rng.bytes(32).hex()} for name in ROUNDS}}
    names = _columns_of(arena, product.path)
    codebook = Codebook([arena.codebook.column(name) for name in names])
    n_rows = _DUMMY_ROWS
    if isinstance(product.schema, TableSchema) and product.schema.min_rows:
        n_rows = product.schema.min_rows
    levels = [rng.integers(0, n_levels, n_rows) for n_levels in codebook.n_levels]
    return to_arrow(CanonicalTable(codebook=codebook, levels=np.column_stack(levels)))


def _columns_of(arena: Arena, path: str) -> list[str]:
    halves = arena.rounds[Split.TUNING].halves
    known = [name for name in arena.codebook.names if name not in arena.config.secrets]
    return {
        "attribute-targets": known,
        "left-halves": list(halves.left_columns),
        "right-halves": list(halves.right_columns),
    }.get(path.rsplit("/", 1)[1], list(arena.codebook.names))
