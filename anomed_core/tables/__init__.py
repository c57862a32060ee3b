"""The one strict reader of tables that people bring, CSV and parquet.

Cells are text first; a column becomes numbers, booleans or dates only if its text says no more than
they do, and whoever knows better says so. What each column was taken for is said.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
