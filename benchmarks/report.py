"""What four figures and their page cost: python -m benchmarks.report.

Each run is a fresh process; times are those of the processor, after the imports, which are told
beside them.
"""

import statistics
import subprocess
import sys

MOST_S = 2.0
N_RUNS = 5

RUN = """
import time
import numpy as np
start = time.process_time()
import matplotlib.figure, matplotlib.backends.backend_svg, jinja2
import anomed_core.report as report
imported = time.process_time()
rng = np.random.default_rng(1)
fpr = np.linspace(0, 1, 5001)
level = np.geomspace(1e-3, 1, 33)
curves = {f"attack {i}": (fpr, fpr ** (0.4 + i / 10)) for i in range(5)}
epochs = np.arange(1, 51)
auc = 0.5 + epochs / 200
charts = [
    report.roc_chart(curves, n_non_members=5000, band=(level, level**0.5, level**0.3)),
    report.epochs_chart({n: (epochs, auc, auc - 0.02, auc + 0.02) for n in ("small", "large")}),
    report.slices_chart([f"class {i}" for i in range(10)], auc[:10], auc[:10] - 0.1, auc[:10] + 1),
    report.histogram_chart(rng.normal(size=50_000), rng.normal(1, 1, size=50_000)),
]
html = report.page("Benchmark", charts)
print(imported - start, time.process_time() - imported, len(html.encode()))
"""


def main() -> int:
    """Print the medians and fail where drawing takes too long."""
    runs = [
        [
            float(word)
            for word in subprocess.run(
                [sys.executable, "-c", RUN], check=True, capture_output=True, text=True
            ).stdout.split()
        ]
        for _ in range(N_RUNS)
    ]
    imports, drawing, size = (statistics.median(column) for column in zip(*runs, strict=True))
    print(
        f"imports {imports:.2f} s, four figures and their page {drawing:.2f} s, {size / 1e3:.0f} kB"
    )
    return int(drawing > MOST_S)


if __name__ == "__main__":
    sys.exit(main())
