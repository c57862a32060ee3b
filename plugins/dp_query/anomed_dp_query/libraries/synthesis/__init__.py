"""Synthetic tables with noise: three of SmartNoise's synthesizers, on public domains."""

from anomed_dp_query.libraries.synthesis.library import SmartNoiseSynth

__all__ = ["SmartNoiseSynth"]
