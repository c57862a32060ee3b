"""Questions to hidden tables, answered with noise: a challenge type for anomed-core."""
