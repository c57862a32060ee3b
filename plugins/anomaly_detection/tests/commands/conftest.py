"""Runs of the commands in folders of their own, with small networks."""

import pytest
from anomed_anomaly_detection.commands.running import COMMANDS

CLASSIFIER = (
    "--train_data backdoor --train_data.original digits --train_data.backdoor corner --model mlp "
    "--model.hidden_dims 32 32 --num_epochs 60 --dir.full logs/classifier"
)
CORNER = "--task backdoor --task.backdoor corner --task.run_path logs/classifier"
DETECTOR = f"--detector mahalanobis {CORNER} --dir.full logs/detector"
EVALUATION = f"--detector from_run --detector.path logs/detector {CORNER} --dir.full logs/detector"


def call(name, arguments):
    """Run a command and return the lines that it says."""
    lines = []
    COMMANDS[name](arguments.split(), lines.append)
    return lines


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return a folder with a classifier and a detector, which tests leave as it is."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        call("train_classifier", CLASSIFIER)
        call("train_detector", DETECTOR)
        yield folder


@pytest.fixture
def run():
    """Return what runs a command."""
    return call
