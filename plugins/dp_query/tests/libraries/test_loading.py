"""What a worker of the server loads before anybody asks."""

import subprocess
import sys

HEAVY = ("opendp", "msgpack", "scipy.stats", "polars", "snsql", "diffprivlib", "snsynth", "sklearn")


def test_libraries_are_loaded_by_questions_alone():
    script = (
        "import sys; from anomed_dp_query.libraries import libraries; libraries();"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
