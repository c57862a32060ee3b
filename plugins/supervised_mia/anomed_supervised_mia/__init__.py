"""Supervised learning against membership inference: a challenge type for anomed-core."""
