"""A simulated hospital register, as a table that is asked about."""

import numpy as np
from anomed_dp_query.metadata import metadata_of

from anomed_core import simulate_hospital_register
from anomed_core.datasets import HOSPITAL_REGISTER

METADATA = metadata_of(HOSPITAL_REGISTER)


def draw(n_patients, seed):
    """Return patients with the types that hidden tables have."""
    frame = simulate_hospital_register(n_patients, rng=np.random.default_rng(seed))
    texts = [name for name in frame if frame[name].dtype == "category"]
    return frame.astype(dict.fromkeys(texts, "string"))
