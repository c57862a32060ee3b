"""Dummy data of the shipped types, and of what `anomed plugins new` writes, can be worked with."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from anomed_core.application import server_from_files
from anomed_core.model import ArraySchema, ArraysSchema, ColumnSchema, TableSchema
from anomed_core.scaffold import write_package
from anomed_core.service import dummy_data, encoded
from anomed_core.service.decoding import decode
from anomed_core.service.hosting import HostedChallenge
from anomed_core.wire import Limits

SCAFFOLD = "begun-today"
TYPES = ("supervised-mia", "dataset-anonymization", "dataset-synthesis", SCAFFOLD)


@pytest.fixture(scope="module", params=TYPES)
def hosted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HostedChallenge]:
    folder, plugin = tmp_path_factory.mktemp("dummy"), request.param
    if plugin == SCAFFOLD:
        plugin = str(write_package(SCAFFOLD, folder) / "anomed_begun_today" / "plugin.py")
    state = str(folder / "state")
    server = server_from_files(None, plugins=(plugin,), overrides={"state": state})
    yield next(iter(server.challenges.values()))
    server.close()


def test_dummy_data_can_be_worked_with(hosted: HostedChallenge) -> None:
    looked_at = 0
    for path, product in hosted.products.items():
        schema = product.schema
        if isinstance(schema, TableSchema):
            declared: Any = schema.columns
        else:
            declared = schema.arrays if isinstance(schema, ArraysSchema) else ()
        if not declared:
            continue
        made = decode(encoded(dummy_data(hosted, product, 0), schema), schema, Limits())
        if isinstance(schema, TableSchema):
            made = made.to_pandas()
        for one in declared:
            hold_values_to(one, np.asarray(made[one.name]), f"{path} {one.name}")
            looked_at += 1
    assert looked_at >= 2


def hold_values_to(schema: ArraySchema | ColumnSchema, values: np.ndarray, where: str) -> None:
    if isinstance(schema, ArraySchema):
        fits = (length in {None, n} for n, length in zip(values.shape, schema.shape, strict=True))
        assert all(fits), where
    elif schema.categories:
        assert set(values) <= set(schema.categories), where
    if values.dtype.kind in "iuf" and schema.low is not None:
        assert values.min() >= schema.low, where
    if values.dtype.kind in "iuf" and schema.high is not None:
        assert values.max() <= schema.high, where
    if values.dtype.kind in "iu" and schema.low is None and (schema.high or 0) >= 0:
        counts = np.bincount(values.ravel())
        assert np.eye(len(counts))[values].shape == (*values.shape, len(counts)), where
        assert schema.high is not None or len(counts) <= 3, where
