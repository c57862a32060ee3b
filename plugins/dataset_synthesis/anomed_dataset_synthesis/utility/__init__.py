"""Utility: how much of the training table's structure a synthetic table keeps."""
