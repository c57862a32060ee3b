"""The people of a challenge, kept as plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np
import pandas as pd

from anomed_core import ConfigError, CreationContext, Lottery, Split
from anomed_dataset_anonymization.challenge.config import DatasetAnonymizationConfig
from anomed_dataset_anonymization.people.splits import (
    Parts,
    Pool,
    draw_ids,
    split_people,
    split_pools,
)
from anomed_dataset_anonymization.schema import TableSchema, encode

if TYPE_CHECKING:
    from anomed_dataset_anonymization.schema import Coordinates

Arrays = Mapping[str, np.ndarray]
Freeze = Callable[[str, str, Callable[[], Arrays]], Arrays]
"""Takes a name, a key and a function that computes arrays; returns them read-only."""

_TUNING_SHARE = 0.5
_SPLITS = ("tuning", "validation")
_SIDES = ("members", "non_members")


@attrs.frozen(kw_only=True, eq=False)
class People:
    """All people of a challenge.

    Attributes
    ----------
    schema : TableSchema
        Describes the columns.
    coordinates : ndarray of float64, shape (n_records, n_columns)
        All records, in the order of the source.
    parts : Parts
        Which of them are leaky, non-members and reference.
    pools : mapping of str to Pool
        By split, whom attacks are asked about.
    record_ids : ndarray of int64, shape (n_leaky,)
        Index of the leaky table.
    """

    schema: TableSchema
    coordinates: Coordinates = attrs.field(repr=False)
    parts: Parts
    pools: Mapping[str, Pool]
    record_ids: np.ndarray = attrs.field(repr=False)

    @property
    def leaky(self) -> Coordinates:
        """Coordinates of the leaky people, in the order in which they are handed out."""
        return self.coordinates[self.parts.leaky]

    def sides(self, split: Split) -> tuple[Coordinates, Coordinates]:
        """Return members and equally many non-members: of the pool for tuning, all otherwise."""
        members, non_members = self.parts.leaky, self.parts.non_members
        if split is Split.TUNING:
            pool = self.pools[split.value]
            members, non_members = pool.members, pool.non_members
        n_each = min(len(members), len(non_members))
        return self.coordinates[members[:n_each]], self.coordinates[non_members[:n_each]]

    @property
    def reference(self) -> Coordinates:
        """Coordinates of the reference people."""
        return self.coordinates[self.parts.reference]


def open_people(config: DatasetAnonymizationConfig, context: CreationContext) -> People:
    """Load the people, once for all processes, and deal them.

    Parameters
    ----------
    config
        What the organiser decided.
    context
        Holds sources and secrets, and keeps what is computed.

    Returns
    -------
    People

    Raises
    ------
    ConfigError
        If the source, the schema or the split does not suit the data.
    """
    schema_text = _schema_text(config)
    roles = f"{sorted(config.quasi_identifiers)} {sorted(config.sensitive)}"
    data = config.data
    lottery = context.lottery if data.seed is None else Lottery.seeded(data.seed, "split")
    fingerprint = context.source_fingerprint(data.source)

    def build() -> dict[str, np.ndarray]:
        schema = _written_schema(schema_text, config=config, context=context)
        kinds = schema.kinds if schema else None
        table = context.load(data.source, "table", kinds=kinds)
        schema = schema or _inferred(table, config)
        try:
            schema.require_clear_names()
        except ValueError as error:
            raise ConfigError("schema", str(error)) from error
        return _dealt(table, schema, config=config, lottery=lottery)

    # The number changes with the names of the arrays, so that no older ones are taken up.
    key = (
        f"2 {fingerprint} {data.split} {data.person!r} {lottery.fingerprint} {schema_text} {roles}"
    )
    arrays = context.freeze("people", key, build)
    pools = {
        split: Pool(**{side: arrays[f"{split} {side}"] for side in _SIDES}) for split in _SPLITS
    }
    _check_pools(pools, config.n_targets)
    return People(
        schema=TableSchema.from_json(arrays["schema"].tobytes().decode()),
        coordinates=arrays["coordinates"],
        parts=Parts(
            leaky=arrays["leaky"], non_members=arrays["control"], reference=arrays["reference"]
        ),
        pools=pools,
        record_ids=arrays["record_ids"],
    )


def _check_pools(pools: Mapping[str, Pool], n_targets: int) -> None:
    smallest = min(len(getattr(pool, side)) for pool in pools.values() for side in _SIDES)
    if n_targets > smallest:
        raise ConfigError(
            "n_targets",
            f"{n_targets} is too large: the smallest pool of targets has {smallest} people; "
            f"lower it to at most {smallest} or give more people",
        )


def _dealt(
    table: pd.DataFrame,
    schema: TableSchema,
    *,
    config: DatasetAnonymizationConfig,
    lottery: Lottery,
) -> dict[str, np.ndarray]:
    data = config.data
    if data.person and data.person not in table.columns:
        raise ConfigError("data.person", f"the table has no column {data.person!r}")
    person = table[data.person] if data.person else None
    try:
        coordinates = encode(table, schema)
        parts = split_people(
            len(table),
            leaky=data.split[0],
            non_members=data.split[1],
            rng=lottery.generator("parts"),
            person=person,
        )
        pools = split_pools(
            parts, tuning=_TUNING_SHARE, rng=lottery.generator("pools"), person=person
        )
    except ValueError as error:
        raise ConfigError("data", str(error)) from error
    return {
        "schema": np.frombuffer(schema.to_json().encode(), dtype=np.uint8),
        "coordinates": coordinates,
        "leaky": parts.leaky,
        "control": parts.non_members,
        "reference": parts.reference,
        **{f"{split} {side}": getattr(pools[split], side) for split in _SPLITS for side in _SIDES},
        "record_ids": draw_ids(len(parts.leaky), rng=lottery.generator("record ids")),
    }


def _schema_text(config: DatasetAnonymizationConfig) -> str:
    if not config.schema:
        return ""
    path = Path(config.schema).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("schema", f"{path} cannot be read: {error}") from error


def _written_schema(
    text: str, *, config: DatasetAnonymizationConfig, context: CreationContext
) -> TableSchema | None:
    """Return the schema that was written, or the source's own, or None."""
    try:
        if text:
            return TableSchema.from_json(text)
        source, reference = context.source(config.data.source)
        if source.codebook is None or config.quasi_identifiers:
            return None
        entries = [entry.to_document() for entry in source.codebook(reference)]
        return TableSchema.from_document({"columns": entries})
    except ValueError as error:
        raise ConfigError("schema", str(error)) from error


def _inferred(table: pd.DataFrame, config: DatasetAnonymizationConfig) -> TableSchema:
    """Return what the table looks like."""
    columns = [name for name in table.columns if name != config.data.person]
    try:
        return TableSchema.infer(
            table[columns],
            quasi_identifiers=config.quasi_identifiers,
            sensitive=config.sensitive,
        )
    except ValueError as error:
        raise ConfigError("schema", str(error)) from error
