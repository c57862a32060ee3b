"""Supervised learning against membership inference: a challenge type for anomed-core.

The names are those of anomed-challenge, so its examples run with ``import anomed_supervised_mia as
anochal``. They are imported when they are used: finding the plugin must not load scikit-learn.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
