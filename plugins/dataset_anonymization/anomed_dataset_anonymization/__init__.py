"""Anonymized tables against re-identification: a challenge type for anomed-core."""
