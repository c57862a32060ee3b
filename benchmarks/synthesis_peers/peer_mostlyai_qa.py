"""mostlyai-qa's accuracies and whole report, as a worker of `../synthesis_metrics.py`."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path

from joblib import parallel_config
from measure import ACCURACY, WHOLE, Tables, run
from mostlyai import qa
from mostlyai.qa._accuracy import (
    bin_data,
    calculate_bivariates,
    calculate_trivariates,
    calculate_univariates,
)
from mostlyai.qa._common import TGT_COLUMN_PREFIX


def accuracy(tables: Tables) -> dict[str, float]:
    """Compute what its report shows, in one process: its pool's CPU time can't be read."""
    real, synthetic = (
        tables[name].add_prefix(TGT_COLUMN_PREFIX) for name in ("training", "synthetic")
    )
    binned, bins = bin_data(real, bins=10)
    other, _ = bin_data(synthetic, bins=bins)
    with parallel_config(n_jobs=1):
        found = [
            calculate(binned, other)
            for calculate in (calculate_univariates, calculate_bivariates, calculate_trivariates)
        ]
    return {f"{order}-way": float(part["accuracy"].mean()) for order, part in enumerate(found, 1)}


def whole(tables: Tables) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, parallel_config(n_jobs=1):
        _, metrics = qa.report(
            syn_tgt_data=tables["synthetic"],
            trn_tgt_data=tables["training"],
            hol_tgt_data=tables["control"],
            report_path=Path(folder) / "report.html",
        )
    return {
        "2-way": metrics.accuracy.bivariate,
        "AUC": metrics.similarity.discriminator_auc_training_synthetic,
    }


if __name__ == "__main__":
    run(version("mostlyai-qa"), {ACCURACY: accuracy, WHOLE: whole})
