"""Drive mostlyai-engine's TabularARGN."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd


def fit(
    table: pd.DataFrame,
    model: str,
    *,
    options: dict[str, Any],
    domain: dict[str, int],  # noqa: ARG001 - this library finds the domain itself
    seed: int,
) -> dict[str, Any]:
    """Train, and report what the checkpoint that counts says of time and privacy."""
    from mostlyai.engine import TabularARGN  # type: ignore[import-not-found]  # not installed here
    from mostlyai.engine.domain import (  # type: ignore[import-not-found]
        DifferentialPrivacyConfig,
    )

    wanted = options["differential_privacy"]
    limits = {"max_epochs": options["max_epochs"], "max_training_time": options["max_minutes"]}
    TabularARGN(
        # a plain dictionary is accepted and crashes later
        differential_privacy=DifferentialPrivacyConfig(**wanted) if wanted else None,
        workspace_dir=Path(model),
        random_state=seed,
        **{name: value for name, value in limits.items() if value is not None},
    ).fit(table)
    messages = pd.read_csv(Path(model) / "ModelStore" / "model-data" / "progress-messages.csv")
    kept = messages[messages["is_checkpoint"] == 1].iloc[-1]
    report: dict[str, Any] = {
        "version": version("mostlyai-engine"),
        "n_epochs": float(kept["epoch"]),
        "training_seconds": float(kept["total_time"]),
    }
    if wanted:
        report |= {
            "epsilon": float(kept["dp_eps"]) + 0.005,  # the messages round to two decimals
            "delta": float(kept["dp_delta"]),
            "accountant": "opacus for training plus value ranges",
            "public_inputs": ["number of records", "validation records that stop the training"],
        }
    return report


def sample(model: str, *, n_records: int, seed: int) -> pd.DataFrame:
    """Draw records; rare categories are drawn from the others, not masked by a made-up one."""
    from mostlyai.engine import generate, set_random_state
    from mostlyai.engine.domain import RareCategoryReplacementMethod

    set_random_state(seed)
    generate(
        sample_size=n_records,
        workspace_dir=Path(model),
        rare_category_replacement_method=RareCategoryReplacementMethod.sample,
    )
    parts = sorted((Path(model) / "SyntheticData").glob("*.parquet"))
    return pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True)
