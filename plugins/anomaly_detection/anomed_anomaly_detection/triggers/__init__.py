"""What an attacker adds to an input: one formula, and the ways of choosing its arrays."""

from anomed_anomaly_detection.triggers.formula import Formula, on_grid
from anomed_anomaly_detection.triggers.painted import Blend, Constant, Corner, Noise, Patch
from anomed_anomaly_detection.triggers.warped import WaNet, draw_field

__all__ = [
    "Blend",
    "Constant",
    "Corner",
    "Formula",
    "Noise",
    "Patch",
    "WaNet",
    "draw_field",
    "on_grid",
]
