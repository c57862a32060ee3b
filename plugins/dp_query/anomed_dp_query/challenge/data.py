"""The hidden tables: loaded once, fitted to their metadata, kept where all workers find them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa
import structlog

from anomed_core import ConfigError, CreationContext
from anomed_dp_query.challenge.config import DatasetSettings
from anomed_dp_query.metadata import (
    Kind,
    TableMetadata,
    csvw_document,
    fit,
    metadata_of,
    read_metadata,
)
from anomed_dp_query.metadata.fitting import DTYPES

log = structlog.get_logger(__name__)

_READ_AS = {
    Kind.STRING: "text",
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "integer",
    Kind.FLOAT: "number",
}


@attrs.frozen(kw_only=True, slots=False)
class Dataset:
    """A hidden table, and what is public about it.

    Attributes
    ----------
    name
        Under which it is asked for.
    settings
        As configured.
    metadata
        What is public.
    """

    name: str
    settings: DatasetSettings
    metadata: TableMetadata
    _table: np.ndarray = attrs.field(repr=False, eq=False, alias="table")

    @cached_property
    def n_bytes(self) -> int:
        """Size of the table as it is kept."""
        return int(self._table.nbytes)

    @property
    def arrow(self) -> pa.Table:
        """The private rows, mapped from where they are kept."""
        return pa.ipc.open_file(pa.py_buffer(self._table)).read_all()

    def frame(self) -> pd.DataFrame:
        """Return the private rows, with types as `anomed_dp_query.metadata.fitting` has them."""
        return typed(self.arrow.to_pandas(ignore_metadata=True), self.metadata)


def typed(frame: pd.DataFrame, metadata: TableMetadata) -> pd.DataFrame:
    """Return a frame with types as `anomed_dp_query.metadata.fitting` has them."""
    kept = {
        column.name: DTYPES[column.kind]
        for column in metadata.columns
        if column.name in frame and (column.nullable or column.kind in {Kind.STRING, Kind.DATETIME})
    }
    return frame.astype(kept)


def open_datasets(
    settings: Mapping[str, DatasetSettings], context: CreationContext
) -> dict[str, Dataset]:
    """Load the tables, once for all processes, and hold them against their metadata.

    Raises
    ------
    ConfigError
        Naming the table and what is wrong with it.
    """
    return {name: _open(name, one, context) for name, one in settings.items()}


def _open(name: str, settings: DatasetSettings, context: CreationContext) -> Dataset:
    key = f"challenges.{context.challenge_id}.datasets.{name}"
    with _blamed_on(f"{key}.metadata"):
        metadata = _metadata(settings, context)
    facts = {
        "source": context.source_fingerprint(settings.source),
        "metadata": csvw_document(metadata),
        "size_is_public": settings.size_is_public,
    }
    with _blamed_on(key):
        arrays = context.freeze(
            f"table {name}",
            json.dumps(facts, sort_keys=True),
            lambda: _loaded(name, settings, metadata, context),
        )
    if settings.size_is_public:
        metadata = attrs.evolve(metadata, public_length=int(arrays["n_rows"][0]))
    else:
        metadata = metadata.without_length()
    return Dataset(name=name, settings=settings, metadata=metadata, table=arrays["table"])


@contextmanager
def _blamed_on(key: str) -> Iterator[None]:
    try:
        yield
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(key, str(error)) from error


def _metadata(settings: DatasetSettings, context: CreationContext) -> TableMetadata:
    if settings.metadata:
        return read_metadata(Path(settings.metadata).expanduser())
    source, reference = context.source(settings.source)
    if source.codebook is None:
        raise ValueError(
            f"is missing, and {source.scheme}: does not say itself what is public about its "
            "tables; give the path of a file"
        )
    return metadata_of(source.codebook(reference))


def _loaded(
    name: str, settings: DatasetSettings, metadata: TableMetadata, context: CreationContext
) -> dict[str, np.ndarray]:
    kinds = {
        column.name: _READ_AS[column.kind] for column in metadata.columns if column.kind in _READ_AS
    }
    frame: Any = context.load(settings.source, "table", kinds=kinds)
    declared = metadata.public_length
    if settings.size_is_public and declared is not None and declared != len(frame):
        raise ConfigError(
            f"challenges.{context.challenge_id}.datasets.{name}.metadata",
            f"says that the table has {declared} rows, but it has {len(frame)}; correct it",
        )
    fitted = fit(frame, metadata)
    if fitted.changed:
        log.warning(
            "cells were changed to what the metadata say",
            challenge=context.challenge_id,
            dataset=name,
            changed=fitted.changed,
        )
    return {"table": _as_bytes(fitted.frame), "n_rows": np.array([len(frame)])}


def _as_bytes(frame: pd.DataFrame) -> np.ndarray:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return np.frombuffer(sink.getvalue(), dtype=np.uint8)
