"""Renew the parts of the documentation that are derived from the code: ``python -m docs.generate``.

A page holds its derived parts between ``<!-- generated: NAME -->`` and ``<!-- end -->``; everything
around them is written by hand.
"""
