"""Choices that the command line lists before anything heavy is imported."""

from __future__ import annotations

AUTH_MODES = ("open", "tokens")
"""``open`` trusts the ids in the query; ``tokens`` wants a token from each participant."""
