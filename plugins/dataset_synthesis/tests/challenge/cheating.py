"""What cheats are played with."""

from typing import Any

import numpy as np
from anomed_dataset_synthesis.attacks.membership import exact_match
from anomed_dataset_synthesis.table.canonical import canonicalise

TUNING, FINAL = "tuning", "validation"


def metrics_of(served: Any, attack: str, name: str) -> dict[str, float]:
    found = served.attacked(attack, name)
    assert found is not None
    return found


def exact_scores(served: Any, name: str) -> np.ndarray:
    """What an attacker finds by looking for the targets themselves."""
    book = served.player.codebook()
    tables = [
        canonicalise(served.player.table(path, **query), book)
        for path, query in (
            ("/data/deanonymizer/targets", {"data_split": TUNING}),
            ("/data/synthetic", {"anonymizer": name, "data_split": TUNING}),
            ("/data/background", {}),
        )
    ]
    return exact_match(*tables)
