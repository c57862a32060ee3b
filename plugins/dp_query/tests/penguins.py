"""A made-up table of penguins, with the public facts of the one that Lomas demonstrates with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

BOUNDS = {
    "bill_length_mm": (30.0, 65.0),
    "bill_depth_mm": (13.0, 23.0),
    "flipper_length_mm": (150.0, 250.0),
    "body_mass_g": (2000.0, 7000.0),
}
KEYS = {
    "species": ["Adelie", "Chinstrap", "Gentoo"],
    "island": ["Torgersen", "Biscoe", "Dream"],
    "sex": ["MALE", "FEMALE"],
}
ORDER = ("species", "island", *BOUNDS, "sex")
N_ROWS = 344


def smartnoise() -> dict:
    columns: dict = {
        name: {"type": "string", "cardinality": len(keys), "categories": keys}
        for name, keys in KEYS.items()
    } | {
        name: {"type": "float", "precision": 64, "lower": lower, "upper": upper}
        for name, (lower, upper) in BOUNDS.items()
    }
    return {
        "max_ids": 1,
        "rows": N_ROWS,
        "row_privacy": True,
        "censor_dims": False,
        "columns": {name: columns[name] for name in ORDER},
    }


def csvw(**table) -> dict:
    """As an owner writes it, in camelCase."""
    columns: dict = {
        name: {
            "name": name,
            "datatype": "string",
            "required": True,
            "keyValues": keys,
            "exhaustiveKeys": True,
            "maxLength": N_ROWS,
            "maxGroupsPerUnit": 1,
            "maxContributions": 1,
        }
        for name, keys in KEYS.items()
    } | {
        name: {
            "name": name,
            "datatype": "double",
            "required": True,
            "minimum": lower,
            "maximum": upper,
        }
        for name, (lower, upper) in BOUNDS.items()
    }
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "privacyUnit": "penguin",
        "maxContributions": 1,
        "maxLength": N_ROWS,
        "tableSchema": {"columns": [columns[name] for name in ORDER]},
        **table,
    }


def table(n_rows: int = N_ROWS, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    columns: dict = {name: rng.choice(keys, n_rows) for name, keys in KEYS.items()}
    for name, (lower, upper) in BOUNDS.items():
        columns[name] = np.round(rng.uniform(lower, upper, n_rows), 1)
    return pd.DataFrame(columns)[list(ORDER)]


def write(folder: Path, n_rows: int = N_ROWS, seed: int = 0) -> tuple[Path, Path]:
    """Write table and metadata; return their paths."""
    data, metadata = folder / "penguins.csv", folder / "penguin.json"
    table(n_rows, seed).to_csv(data, index=False)
    metadata.write_text(json.dumps(smartnoise()))
    return data, metadata
