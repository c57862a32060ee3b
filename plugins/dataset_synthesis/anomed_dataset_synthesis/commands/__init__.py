"""Commands that the plugin adds to ``anomed``."""
