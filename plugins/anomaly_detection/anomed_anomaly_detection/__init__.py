"""Mechanistic anomaly detection: tasks that plant anomalies in a model, detectors that flag them.

The names are imported when they are used: finding the plugin must not load SciPy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
