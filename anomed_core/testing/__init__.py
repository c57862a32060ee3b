"""The test bench: what implementations of the core's contracts are tried on; needs pytest."""
