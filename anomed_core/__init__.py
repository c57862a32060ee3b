"""A plugin-based framework for privacy challenges."""
