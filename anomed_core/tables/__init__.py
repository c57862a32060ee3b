"""The one strict reader of tables that people bring, CSV and parquet.

Cells are text first; a column becomes numbers, booleans or dates only if its text says no more than
they do, and whoever knows better says so. What each column was taken for is said.
"""

from anomed_core.tables.options import KINDS, ColumnKind, TableOptions, parse_options
from anomed_core.tables.reading import TableRead, read_table
from anomed_core.tables.writing import write_table

__all__ = [
    "KINDS",
    "ColumnKind",
    "TableOptions",
    "TableRead",
    "parse_options",
    "read_table",
    "write_table",
]
