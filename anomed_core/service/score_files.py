"""Recorded scores as files: every metric at full precision."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def as_json_lines(rows: Rows) -> str:
    """Return scores, as `Score.as_dict` tells them, one JSON document a line."""
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def as_csv(rows: Rows) -> str:
    """Return scores, as `Score.as_dict` tells them, one line each, and one column a metric."""
    names = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    facts = [name for name in rows[0] if name != "metrics"] if rows else ["id"]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*facts, *names])
    for row in rows:
        metrics = [row["metrics"].get(name) for name in names]
        values = [*(row[name] for name in facts), *metrics]
        writer.writerow("" if value is None else _exact(value) for value in values)
    return text.getvalue()


def _exact(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    return repr(value) if isinstance(value, float) else str(value)
