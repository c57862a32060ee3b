"""The test bench for plugins: conformance checks, a participant's client, a platform's double.

Names are imported when they are used, so that a test run that uses none of them pays nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
