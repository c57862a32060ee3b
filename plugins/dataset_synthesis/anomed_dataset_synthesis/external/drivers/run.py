"""Answer one request to a library: ``python run.py WORKSPACE``, run by the library's own Python.

Reads ``request.json`` (path of the driver, action, options, domain, seed, n_records) and, to fit,
``table.parquet``. Writes ``report.json`` and, to sample, ``synthetic.parquet``. Needs nothing but
pandas, pyarrow and the library; imports nothing of the program that calls it.
"""

import importlib
import json
import sys
import time
from pathlib import Path

import pandas as pd


def main() -> None:
    """Dispatch the request to the driver's `fit` or `sample`."""
    workspace = Path(sys.argv[1])
    request = json.loads((workspace / "request.json").read_text(encoding="utf-8"))
    script = Path(request["driver"])
    sys.path.insert(0, str(script.parent))
    driver = importlib.import_module(script.stem)
    start = time.perf_counter()
    if request["action"] == "fit":
        report = driver.fit(
            pd.read_parquet(workspace / "table.parquet"),
            workspace / "model",
            options=request["options"],
            domain=request["domain"],
            seed=request["seed"],
        )
    else:
        sampled = driver.sample(
            workspace / "model", n_records=request["n_records"], seed=request["seed"]
        )
        sampled.to_parquet(workspace / "synthetic.parquet", index=False)
        report = {}
    report["seconds"] = time.perf_counter() - start
    (workspace / "report.json").write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    main()
