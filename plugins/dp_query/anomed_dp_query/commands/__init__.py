"""Commands of ``anomed dp``."""
