"""Tests of the core; `e2e` runs real servers and real clients."""
