"""An organiser is told who is handed how many records."""

import attrs
import numpy as np
import pytest

from anomed_core import ArraySchema, ArraysSchema, DataProduct, JSONSchema, Role, TableSchema
from anomed_core.model.payloads import ProductSchema
from anomed_core.service.handouts import Handout, handouts, n_broken_records
from anomed_core.service.server import Server


def test_what_arrays_hold_is_counted_by_product(server: Server) -> None:
    (hosted,) = server.challenges.values()

    counted = {handout.path: handout.n_records for handout in handouts(hosted)}

    for path, n_records in counted.items():
        lengths = [array.shape[0] for array in hosted.products[path].schema.arrays]
        assert n_records == max(lengths)
    assert counted


@pytest.mark.parametrize(
    ("readers", "sentence"),
    [
        ({Role.PUBLIC}, "600 records at /data/x for everybody, also without a token"),
        ({Role.ANONYMIZER}, "600 records at /data/x for anonymizers"),
        (
            {Role.DEANONYMIZER, Role.ANONYMIZER},
            "600 records at /data/x for anonymizers and deanonymizers",
        ),
    ],
)
def test_a_handout_is_a_sentence(readers: set[Role], sentence: str) -> None:
    handout = Handout(path="/data/x", n_records=600, readers=frozenset(readers))

    assert str(handout) == sentence


@pytest.mark.parametrize(
    ("schema", "n_records"),
    [
        (TableSchema(min_rows=5, max_rows=5), 5),
        (TableSchema(min_rows=0, max_rows=5), 0),
        (ArraysSchema(arrays=[ArraySchema(name="x", kinds="int", shape=(7, 2))]), 7),
        (ArraysSchema(arrays=[ArraySchema(name="x", kinds="int", shape=(None,))]), 0),
        (JSONSchema(), 0),
    ],
)
def test_records_are_counted_where_they_are_declared(
    schema: ProductSchema, n_records: int, server: Server
) -> None:
    product = DataProduct(path="/data/x", audience="public", schema=schema)
    (hosted,) = server.challenges.values()
    hosted = attrs.evolve(hosted, products={"/data/x": product})

    assert [handout.n_records for handout in handouts(hosted)] == ([n_records] if n_records else [])


@pytest.mark.parametrize(
    ("shape", "n_broken"),
    [((0,), 0), ((0, 3), 0), ((3, 0), 0), ((2,), 1), ((2, 3), 1), ((2, 3, 2), 1)],
)
def test_records_that_are_not_finite_are_counted_in_any_shape(
    shape: tuple[int, ...], n_broken: int
) -> None:
    values = np.zeros(shape)
    values[-1:] = np.nan

    assert n_broken_records(values) == n_broken
