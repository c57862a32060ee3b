"""The house panel: attacks that the server runs on every submission."""
