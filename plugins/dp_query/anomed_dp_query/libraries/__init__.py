"""Libraries for differential privacy: what reads a question, prices it, and answers it."""
