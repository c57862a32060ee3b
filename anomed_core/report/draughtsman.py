"""Draw charts that wait as files in a folder, in a process of its own, and end when none is left.

matplotlib takes 90 MiB and most of a second to import, which web workers shall not spend.
``KEY.json`` holds the name of a drawing and its chart; ``KEY.svg`` is what comes of it, empty if it
could not be drawn.
"""

from __future__ import annotations

import fcntl
import json
import sys
import time
import traceback
from pathlib import Path

from anomed_core.report.chart import Chart
from anomed_core.report.keeping import parts_from_json

ORDERS, DRAWN = ".json", ".svg"
_IDLE_S, _LOOK_S = 20.0, 0.25
_MOST_KEPT = 300


def write_whole(path: Path, text: str) -> None:
    """Write a file that nobody ever sees half."""
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def draw_waiting(folder: Path) -> int:
    """Draw what waits, the oldest first, and return how many there were."""
    waiting = sorted(folder.glob(f"*{ORDERS}"), key=lambda path: path.stat().st_mtime)
    for order in waiting:
        write_whole(order.with_suffix(DRAWN), _drawn(order))
        order.unlink(missing_ok=True)
    return len(waiting)


def _drawn(order: Path) -> str:
    try:
        name, parts = json.loads(order.read_text(encoding="utf-8"))
        (chart,) = parts_from_json(parts)
        return chart.svg(name) if isinstance(chart, Chart) else ""
    except Exception:  # noqa: BLE001  # the border of a process: the page says that there is no figure
        traceback.print_exc()
        return ""


def forget_oldest(folder: Path) -> None:
    """Remove what was drawn long ago."""
    drawn = sorted(folder.glob(f"*{DRAWN}"), key=lambda path: -path.stat().st_mtime)
    for path in drawn[_MOST_KEPT:]:
        path.unlink(missing_ok=True)


def main(folder: Path) -> None:
    """Draw until nothing has waited for a while; a second process ends at once."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        last = time.monotonic()
        while time.monotonic() - last < _IDLE_S and folder.is_dir():
            if draw_waiting(folder):
                forget_oldest(folder)
                last = time.monotonic()
            else:
                time.sleep(_LOOK_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
