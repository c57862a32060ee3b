"""Models through Lomas' published clients: minutes, so `make test-lomas` runs it."""
