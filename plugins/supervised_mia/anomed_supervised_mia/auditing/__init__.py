"""Audit a model: what attacks learn from its answers, in tables, text and conclusions."""
