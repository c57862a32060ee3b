"""Threat models: how attacks on a synthetic table are scored."""
