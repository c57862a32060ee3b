"""What the columns of a table of people mean, and which values they may hold."""

from anomed_dataset_anonymization.schema.column import Bounds, Column, ColumnKind, ColumnRole
from anomed_dataset_anonymization.schema.coordinates import (
    Coordinates,
    encode,
    factorise,
    read_cells,
    read_numbers,
    snap,
    write_cells,
)
from anomed_dataset_anonymization.schema.table import RESERVED_NAMES, GeneratedName, TableSchema

__all__ = [
    "RESERVED_NAMES",
    "Bounds",
    "Column",
    "ColumnKind",
    "ColumnRole",
    "Coordinates",
    "GeneratedName",
    "TableSchema",
    "encode",
    "factorise",
    "read_cells",
    "read_numbers",
    "snap",
    "write_cells",
]
