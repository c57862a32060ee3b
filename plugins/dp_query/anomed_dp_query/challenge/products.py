"""What is handed out: everything that is public about the tables, and no row."""

from __future__ import annotations

from typing import Any

from anomed_core import DataProduct
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.challenge.data import Dataset
from anomed_dp_query.challenge.handing_out import contest_products
from anomed_dp_query.metadata import csvw_document, smartnoise_document


def data_products(arena: Arena) -> list[DataProduct]:
    """Declare the metadata, for everybody, and what belongs to a contest."""
    return [
        *([] if arena.contest is None else contest_products(arena.contest)),
        DataProduct(
            path="/data/metadata",
            audience="public",
            data={name: _public(dataset) for name, dataset in arena.datasets.items()},
            description="What is public about each table, in both formats; no row of any.",
        ),
    ]


def _public(dataset: Dataset) -> dict[str, Any]:
    return {
        "unit": dataset.settings.unit,
        "size_is_public": dataset.settings.size_is_public,
        "csvw": csvw_document(dataset.metadata),
        "smartnoise": smartnoise_document(dataset.metadata),
    }
