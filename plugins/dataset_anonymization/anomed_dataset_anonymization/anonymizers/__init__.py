"""Anonymizers that come with the challenge type: references to beat, and tools to use."""

from .anonymizer import Anonymizer
from .mondrian import Mondrian, mondrian_partition

__all__ = ["Anonymizer", "Mondrian", "mondrian_partition"]
