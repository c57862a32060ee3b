"""Anonymized tables against re-identification: a challenge type for anomed-core.

The names are those of anomed-challenge. They are imported when they are used: finding the plugin
must not load pandas.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
