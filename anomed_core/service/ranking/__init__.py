"""Who won: declared rankings, the columns that they read, and the tables that everybody sees.

``rankings`` computes; ``rules`` says how. ``declared_rankings`` and ``declared_metrics`` judge what
plugins declare.
"""
