"""The test bench: contracts as test classes, for whoever implements them. Needs pytest."""
