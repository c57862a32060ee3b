"""Synthetic tables against the attacks on them: a challenge type for anomed-core."""
