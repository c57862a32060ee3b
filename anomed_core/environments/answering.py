"""Answer calls to a driver: run by the environment's own Python, which has nothing of ours.

``python answering.py DRIVER PARENT MEMORY_BYTES`` imports the driver once, then reads one JSON
line ``{"call", "arguments", "tables", "folder"}`` after the other and writes ``{"value"}``,
``{"table"}`` or ``{"error"}``. Tables are parquet files in the folder.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve until standard input ends."""
    driver_path, parent, memory_bytes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    # what the library prints must not stand between the answers
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if memory_bytes:
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    sys.path.insert(0, str(driver_path.parent))
    driver = importlib.import_module(driver_path.stem)
    for line in sys.stdin:
        try:
            answer = json.dumps(_answer(driver, json.loads(line)))
        except MemoryError:
            answer = json.dumps({"error": "MemoryError: it needs more memory than it may take"})
        except Exception as error:  # noqa: BLE001 - a process border: its words go to the caller
            answer = json.dumps({"error": f"{type(error).__name__}: {error}"})
        answers.write(answer + "\n")
        answers.flush()


def _end_with(parent: int) -> None:
    # PR_SET_PDEATHSIG would follow the parent's thread, which may end long before its process
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


def _answer(driver: Any, request: dict[str, Any]) -> dict[str, Any]:
    folder = Path(request["folder"])
    tables = {}
    if request["tables"]:
        import pandas as pd

        tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in request["tables"]}
    value = getattr(driver, request["call"])(**request["arguments"], **tables)
    if hasattr(value, "to_parquet"):
        value.to_parquet(folder / "answer.parquet")
        return {"table": "answer.parquet"}
    return {"value": value}


if __name__ == "__main__":
    main()
