"""Lomas' wire: its words and documents, in the dialects of its clients 0.3.4 to 0.5.

Clients up to 0.4 name their user in the header ``user-name`` and are answered at once; those from
0.5 on send a token alone, and are answered by jobs.
"""
