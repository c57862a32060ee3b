"""What the columns of a table of people mean, and which values they may hold."""

from .column import Bounds, Column, ColumnKind, ColumnRole
from .coordinates import Coordinates, encode, factorise, read_cells, read_numbers, snap, write_cells
from .table import RESERVED_NAMES, GeneratedName, TableSchema

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
