"""The configuration of each command, as far as its arguments have chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from anomed_anomaly_detection.commands.data_options import PLAIN_DATA, DataOptions
from anomed_anomaly_detection.commands.options import (
    TRAINING_SHARE,
    AdamOptions,
    DirOptions,
    MLPOptions,
    detector_options,
    names_of,
    trigger_options,
)
from anomed_anomaly_detection.commands.parsing import choice, made
from anomed_anomaly_detection.registry import DETECTORS, TRIGGERS

ATTACK_EPS = 8 / 255


@dataclass(frozen=True, kw_only=True)
class CommandOptions:
    """What all commands have.

    Attributes
    ----------
    seed
        Of everything that is drawn.
    debug
        Tiny sizes, no files.
    debug_with_logging
        Tiny sizes, with files.
    overwrite
        Go on where results of another configuration are.
    """

    seed: int = 0
    debug: bool = False
    debug_with_logging: bool = False
    overwrite: bool = False

    @property
    def is_tiny(self) -> bool:
        """Whether little is trained and little is read."""
        return self.debug or self.debug_with_logging


@dataclass(frozen=True, kw_only=True)
class FromRunData(DataOptions):
    """The data that another classifier was trained on.

    Attributes
    ----------
    path
        Folder of that run.
    """

    slug: ClassVar[str] = "from_run"

    path: str = ""


@dataclass(frozen=True, kw_only=True)
class AdversarialData(DataOptions):
    """Adversarial inputs of another classifier, with the labels of their originals.

    Attributes
    ----------
    run_path
        Folder of that run.
    attack_batch_size
        Inputs that are attacked at once, if they are still to be made.
    success_threshold
        Accuracy under attack above which they are refused.
    """

    slug: ClassVar[str] = "adversarial"

    run_path: str = ""
    attack_batch_size: int | None = None
    success_threshold: float = 0.1


@dataclass(frozen=True, kw_only=True)
class TaskOptions:
    """What all tasks have on the command line.

    Attributes
    ----------
    run_path
        Folder of the classifier.
    normal_weight
        Share of the test inputs that are normal.
    max_train_size, max_test_size
        Records that are used at most.
    trusted_fraction
        Share of the training records that are trusted; the others make the untrusted mix.
    clean_train_weight
        Share of the mix that is normal.
    match_outputs
        Leave inputs out until both sides have the same predicted classes.
    """

    slug: ClassVar[str]

    run_path: str = ""
    normal_weight: float = 0.5
    max_train_size: int | None = None
    max_test_size: int | None = None
    trusted_fraction: float = 1.0
    clean_train_weight: float = 0.9
    match_outputs: bool = False


@dataclass(frozen=True, kw_only=True)
class AdversarialTask(TaskOptions):
    """Adversarial inputs of the classifier, which are made if they are not there.

    Attributes
    ----------
    attack_batch_size
        Inputs that are attacked at once.
    success_threshold
        Accuracy under attack above which the task is refused.
    """

    slug: ClassVar[str] = "adversarial_examples"

    attack_batch_size: int | None = None
    success_threshold: float = 0.1


@dataclass(frozen=True, kw_only=True)
class MaskedTask(TaskOptions):
    """Images with a square missing.

    Attributes
    ----------
    side
        Of the square, in pixels.
    """

    slug: ClassVar[str] = "masked"

    side: int = 3


@dataclass(frozen=True, kw_only=True)
class ShiftTask(TaskOptions):
    """A control: clean images moved by a pixel, which must not be flagged.

    Attributes
    ----------
    rows, columns
        By how many pixels.
    """

    slug: ClassVar[str] = "shift"

    rows: int = 0
    columns: int = 1


@dataclass(frozen=True, kw_only=True)
class CleanTask(TaskOptions):
    """A control: other clean inputs, on which every honest score is chance."""

    slug: ClassVar[str] = "clean"


@dataclass(frozen=True, kw_only=True)
class StoredDetector:
    """A detector that was trained before.

    Attributes
    ----------
    path
        Folder of its run.
    """

    slug: ClassVar[str] = "from_run"

    path: str = ""


TASKS = {cls.slug: cls for cls in (AdversarialTask, MaskedTask, ShiftTask, CleanTask)}
DATA = {**PLAIN_DATA, "from_run": FromRunData, "adversarial": AdversarialData}


def _backdoor(arguments: Sequence[str], flag: str, *, p_backdoor: float) -> Any:
    return choice(
        arguments,
        flag,
        names_of(TRIGGERS),
        lambda name: trigger_options(name, p_backdoor=p_backdoor),
    )


def _data(arguments: Sequence[str], name: str) -> type[Any]:
    if name != "backdoor":
        return DATA[name]
    fields = {
        "original": choice(arguments, "--train_data.original", DATA, DATA.__getitem__),
        "backdoor": _backdoor(arguments, "--train_data.backdoor", p_backdoor=TRAINING_SHARE),
    }
    return made("BackdoorData", fields, slug="backdoor", __doc__="Records, some with a trigger.")


def _task(arguments: Sequence[str], name: str) -> type[Any]:
    if name != "backdoor":
        return TASKS[name]
    fields = {"backdoor": _backdoor(arguments, "--task.backdoor", p_backdoor=1.0)}
    return made(
        "BackdoorTask", fields, TaskOptions, slug="backdoor", __doc__="Inputs with a trigger."
    )


def _detector(name: str) -> type[Any]:
    return StoredDetector if name == "from_run" else detector_options(name)


def _typed(fields: dict[str, tuple[Any, Any]], choices: dict[str, Any], name: str) -> type[Any]:
    """Return a command's configuration from plain fields, with their types, and choices."""
    chosen = made(f"{name}Choices", choices, CommandOptions)
    listed = [(key, kind, _default(value)) for key, (kind, value) in fields.items()]
    return dataclasses.make_dataclass(
        name, listed, bases=(chosen,), frozen=True, kw_only=True, namespace={"__doc__": name}
    )


def _default(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return dataclasses.field(default_factory=lambda: value)
    return dataclasses.field(default=value)


def _folder(base: str | None, *, save_config: bool) -> dict[str, tuple[Any, Any]]:
    return {"dir": (DirOptions, DirOptions(base=base)), "save_config": (bool, save_config)}


def train_classifier_config(arguments: Sequence[str]) -> type[Any]:
    """Return the flags of ``train_classifier``."""
    choices = {
        "train_data": choice(
            arguments, "--train_data", [*DATA, "backdoor"], lambda name: _data(arguments, name)
        ),
        "model": choice(arguments, "--model", ["mlp"], lambda _: MLPOptions),
        "optim": choice(arguments, "--optim", ["adam"], lambda _: AdamOptions, default="adam"),
    }
    fields = {
        "num_epochs": (int, 10),
        "batch_size": (int, 128),
        "max_batch_size": (int, 2048),
        "num_classes": (int, 10),
        "max_steps": (int | None, None),
        "wandb": (bool, False),
        **_folder("logs/train_classifier", save_config=True),
    }
    return _typed(fields, choices, "TrainClassifier")


def _task_choice(arguments: Sequence[str]) -> Any:
    return choice(arguments, "--task", [*TASKS, "backdoor"], lambda name: _task(arguments, name))


def train_detector_config(arguments: Sequence[str]) -> type[Any]:
    """Return the flags of ``train_detector``."""
    choices = {
        "detector": choice(arguments, "--detector", names_of(DETECTORS), _detector),
        "task": _task_choice(arguments),
    }
    return _typed(_folder("logs/train_detector", save_config=True), choices, "TrainDetector")


def eval_detector_config(arguments: Sequence[str]) -> type[Any]:
    """Return the flags of ``eval_detector``."""
    names = [*names_of(DETECTORS), "from_run"]
    choices = {
        "detector": choice(arguments, "--detector", names, _detector),
        "task": _task_choice(arguments),
    }
    fields = {
        "pbar": (bool, False),
        "layerwise": (bool, True),
        "histogram_percentile": (float, 95.0),
        "num_bins": (int, 100),
        **_folder(None, save_config=False),
    }
    return _typed(fields, choices, "EvalDetector")


def adversarial_config(_arguments: Sequence[str]) -> type[Any]:
    """Return the flags of ``make_adversarial_examples``; the folder is that of the classifier."""
    fields = {
        "attack": (str, "fgsm"),
        "eps": (float, ATTACK_EPS),
        "steps": (int, 40),
        "batch_size": (int, 128),
        "max_examples": (int | None, None),
        "success_threshold": (float, 0.1),
        **_folder(None, save_config=False),
    }
    return _typed(fields, {}, "MakeAdversarialExamples")
