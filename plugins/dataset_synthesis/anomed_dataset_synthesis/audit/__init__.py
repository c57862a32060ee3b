"""Audits of claims of privacy: canaries and tests."""
