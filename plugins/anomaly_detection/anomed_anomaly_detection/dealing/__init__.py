"""How a contest's records are dealt: pools, deformation, one value grid, decoys, tests.

It knows neither networks nor detectors: a model is a function that predicts, a trigger a function
that changes records. All randomness enters as a generator.
"""

from anomed_anomaly_detection.dealing.decoys import Decoy, decoy_of
from anomed_anomaly_detection.dealing.deformation import deformed
from anomed_anomaly_detection.dealing.drawing import (
    Drawn,
    TooFewRecordsError,
    Triggered,
    draw_mix,
    draw_test,
)
from anomed_anomaly_detection.dealing.grid import N_LEVELS, as_bytes, from_bytes, on_grid
from anomed_anomaly_detection.dealing.pools import POOLS, stratified

__all__ = [
    "N_LEVELS",
    "POOLS",
    "Decoy",
    "Drawn",
    "TooFewRecordsError",
    "Triggered",
    "as_bytes",
    "decoy_of",
    "deformed",
    "draw_mix",
    "draw_test",
    "from_bytes",
    "on_grid",
    "stratified",
]
