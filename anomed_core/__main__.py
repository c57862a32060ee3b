"""``python -m anomed_core`` is ``anomed``."""

from anomed_core.cli import main

main()
