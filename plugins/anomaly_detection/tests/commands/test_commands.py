"""The four command lines of cupbearer 0.0.1, their files, and what happens in a used folder."""

import json
import shutil

import numpy as np
import pytest
import yaml

from anomed_core import UsageError

CORNER = "--task backdoor --task.backdoor corner --task.run_path logs/classifier"
STORED = "--detector from_run --detector.path logs/detector"


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_classifier_is_written_with_what_it_is(runs):
    metrics = json.loads((runs / "logs/classifier/metrics.json").read_text())
    config = yaml.safe_load((runs / "logs/classifier/config.yaml").read_text())

    assert metrics["clean_accuracy"] > 0.9
    assert metrics["success"] > 0.8
    assert len(metrics["loss_per_epoch"]) == 60
    assert config["train_data"]["backdoor"]["name"] == "corner"
    assert config["train_data"]["backdoor"]["p_backdoor"] == 0.05
    assert {"model/weights.npz", "model/model.json", "model/trigger.npz"} <= set(
        files(runs / "logs/classifier")
    )


def test_an_evaluation_joins_its_detector_and_leaves_it_alone(runs, run, tmp_path):
    copy = tmp_path / "detector"
    shutil.copytree(runs / "logs/detector", copy)
    before = {name: (copy / name).read_bytes() for name in files(copy)}
    run("eval_detector", f"{STORED} {CORNER} --dir.full {copy}")
    told = json.loads((copy / "eval.json").read_text())

    assert told["AUC_ROC"] > 0.99
    assert told["facts"]["trained_trigger"] is True
    assert {name: (copy / name).read_bytes() for name in before} == before
    assert set(files(copy)) - set(before) == {"eval.json", "histogram.pdf", "scores.npz"}
    assert run("eval_detector", f"{STORED} {CORNER} --dir.full {copy}") == [
        f"{copy}/eval.json is there already"
    ]
    with pytest.raises(UsageError, match=r"made with --task.backdoor corner, and now it is noise"):
        run(
            "eval_detector",
            f"{STORED} --task backdoor --task.backdoor noise --task.run_path logs/classifier "
            f"--dir.full {copy}",
        )


def test_the_ablation_is_flagged_though_it_is_no_backdoor(runs, run, tmp_path):
    run(
        "eval_detector",
        f"{STORED} --task backdoor --task.backdoor noise --task.backdoor.std 0.2 "
        f"--task.run_path logs/classifier --dir.full {tmp_path}",
    )
    told = json.loads((tmp_path / "eval.json").read_text())

    assert told["AUC_ROC"] > 0.9
    assert told["facts"]["trained_trigger"] is False


def test_the_same_again_does_nothing_and_another_is_refused(runs, run):
    same = f"--detector mahalanobis {CORNER} --dir.full logs/detector"

    assert run("train_detector", same) == ["logs/detector holds this detector already"]
    with pytest.raises(
        UsageError, match=r"made with --detector.train.relative False, and now it is True"
    ):
        run("train_detector", f"{same} --detector.train.relative true")


def test_a_detector_of_another_classifier_is_refused(runs, run, tmp_path):
    run(
        "train_classifier",
        "--train_data digits --model mlp --model.hidden_dims 16 --num_epochs 1 "
        f"--dir.full {tmp_path}",
    )
    task = f"--task clean --task.run_path {tmp_path}"
    with pytest.raises(UsageError, match="was fitted to another classifier than the one in"):
        run("eval_detector", f"{STORED} {task}")


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("train_detector", "--task clean", "--detector is required; choose of beatrix"),
        (
            "train_detector",
            f"--detector mahalanobi {CORNER}",
            "--detector 'mahalanobi' is not known; did you mean 'mahalanobis'",
        ),
        (
            "train_detector",
            f"--detector lof {CORNER} --task.backdor corner",
            "--task.backdor is not known: did you mean --task.backdoor",
        ),
        (
            "train_detector",
            f"--detector lof {CORNER} --detector.train.k many",
            "invalid int value: 'many'",
        ),
        (
            "train_detector",
            f"--detector que {CORNER}",
            "que needs untrusted data; this task has none",
        ),
        ("train_detector", "--detector lof --task clean", "--task.run_path is required"),
        (
            "train_detector",
            "--detector lof --task clean --task.run_path nowhere",
            "nowhere holds no classifier",
        ),
        (
            "eval_detector",
            f"--detector from_run --detector.path logs/classifier {CORNER}",
            "logs/classifier holds no trained detector",
        ),
        ("eval_detector", f"{STORED} {CORNER} --task.normal_weight 2", "give a number from 0 to 1"),
        (
            "eval_detector",
            f"{STORED} {CORNER} --task.normal_weight 1",
            "there must be some of both",
        ),
        (
            "train_classifier",
            "--train_data digits --model mlp --wandb true",
            "--wandb true is not supported",
        ),
        (
            "train_classifier",
            "--train_data digits --model mlp --num_classes 5",
            "the data have 10 classes; raise --num_classes",
        ),
        ("make_adversarial_examples", "--eps 0.1", "--dir.full is required"),
        (
            "make_adversarial_examples",
            "--dir.full logs/classifier --eps 0.001",
            "keeps an accuracy of 0.9",
        ),
    ],
)
def test_what_was_asked_wrongly_is_said_in_one_line(command, arguments, message, runs, run):
    with pytest.raises(UsageError) as raised:
        run(command, arguments)

    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_part_of_the_records_makes_a_mix_with_anomalies(runs, run, tmp_path):
    run(
        "eval_detector",
        f"--detector que {CORNER} --task.trusted_fraction 0.7 --dir.full {tmp_path}",
    )
    told = json.loads((tmp_path / "eval.json").read_text())

    assert told["AUC_ROC"] > 0.99
    assert told["facts"]["n_trusted"] == round(0.7 * (1797 - 539))


def test_matched_outputs_leave_a_look_at_the_prediction_at_chance(runs, run, tmp_path):
    run(
        "eval_detector",
        f"--detector output_lift {CORNER} --task.trusted_fraction 0.7 --task.match_outputs true "
        f"--dir.full {tmp_path}",
    )

    assert json.loads((tmp_path / "eval.json").read_text())["AUC_ROC"] == 0.5


def test_adversarial_inputs_are_kept_and_used(runs, run, tmp_path):
    shutil.copytree(runs / "logs/classifier", tmp_path / "classifier")
    made = f"--dir.full {tmp_path}/classifier --eps 0.2 --attack pgd"
    run("make_adversarial_examples", made)
    with np.load(tmp_path / "classifier/adv_examples.npz") as kept:
        assert kept["X"].shape == (539, 64)
    assert {"adv_examples.json", "adv_examples.npz", "adv_examples.pdf"} <= set(
        files(tmp_path / "classifier")
    )
    assert run("make_adversarial_examples", made)[-1].endswith("is there already")

    task = f"--task adversarial_examples --task.run_path {tmp_path}/classifier"
    run("eval_detector", f"--detector mahalanobis_class {task} --dir.full {tmp_path}/evaluation")
    assert json.loads((tmp_path / "evaluation/eval.json").read_text())["AUC_ROC"] > 0.8


@pytest.mark.parametrize("task", ["clean", "shift", "masked"])
def test_controls_are_tasks_too(task, runs, run):
    (line,) = run(
        "eval_detector", f"{STORED} --task {task} --task.run_path logs/classifier --debug"
    )
    area = float(line.split()[1])

    assert 0.3 < area < 0.7 if task == "clean" else area > 0.6


def test_debugging_writes_nothing(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("train_classifier", "--train_data digits --model mlp --debug")

    assert files(tmp_path) == []


def test_a_configuration_can_build_no_object(runs, run, tmp_path):
    folder = tmp_path / "classifier"
    shutil.copytree(runs / "logs/classifier", folder)
    (folder / "config.yaml").write_text("train_data: !!python/object/apply:os.getcwd []\n")

    with pytest.raises(UsageError, match="is not plain YAML"):
        run("eval_detector", f"{STORED} --task clean --task.run_path {folder}")


def test_pickled_state_is_refused(runs, run, tmp_path):
    folder = tmp_path / "detector"
    shutil.copytree(runs / "logs/detector", folder)
    np.savez(folder / "detector/state.npz", state=np.array([{"a": 1}], dtype=object))

    with pytest.raises(UsageError, match="is not an npz file of plain arrays"):
        run("eval_detector", f"--detector from_run --detector.path {folder} {CORNER}")
