"""An extension that is named as module:object."""

from tests.example_types import Watching

plugin = Watching()
