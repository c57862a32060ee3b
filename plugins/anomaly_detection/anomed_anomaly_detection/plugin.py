"""Hooks of mechanistic anomaly detection."""

from __future__ import annotations

from anomed_core import hookimpl

ANOMED_API = 1


@hookimpl
def anomed_cli_commands() -> dict[str, str]:
    """Add the group of commands ``anomed anomaly``."""
    return {"anomaly": "anomed_anomaly_detection.commands:anomaly"}
