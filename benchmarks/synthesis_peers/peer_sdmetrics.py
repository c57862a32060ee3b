"""SDMetrics' quality report and distances, as a worker of `../synthesis_metrics.py`."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import pandas as pd
from measure import DISTANCES, N_DISTANCES, PAIRS, Tables, run
from sdmetrics.reports.single_table import QualityReport
from sdmetrics.single_table import DCROverfittingProtection


def metadata(table: pd.DataFrame) -> dict[str, Any]:
    columns = {
        name: {
            "sdtype": "numerical" if pd.api.types.is_numeric_dtype(table[name]) else "categorical"
        }
        for name in table
    }
    return {"tables": {"table": {"columns": columns}}}


def pairs(tables: Tables) -> dict[str, float]:
    report = QualityReport()
    described = metadata(tables["training"])["tables"]["table"]
    report.generate(tables["training"], tables["synthetic"], described, verbose=False)
    scores = report.get_properties().set_index("Property")["Score"]
    return {"shapes": scores["Column Shapes"], "pair trends": scores["Column Pair Trends"]}


def distances(tables: Tables) -> dict[str, float]:
    few = {name: table.head(N_DISTANCES) for name, table in tables.items()}
    found = DCROverfittingProtection.compute_breakdown(
        few["training"],
        few["synthetic"],
        few["control"],
        metadata(few["training"]),
        "table",
    )
    return {"nearer to training": found["synthetic_data_percentages"]["closer_to_training"]}


if __name__ == "__main__":
    run(version("sdmetrics"), {PAIRS: pairs, DISTANCES: distances})
