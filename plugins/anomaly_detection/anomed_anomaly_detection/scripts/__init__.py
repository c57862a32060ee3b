"""Programs with the flags of cupbearer 0.0.1."""
