"""Training a classifier, and finding again what it was trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from anomed_anomaly_detection.commands.data_options import Records
from anomed_anomaly_detection.commands.folders import (
    digest_of,
    folder_of,
    generator,
    is_done,
    read_arrays,
    read_settings,
    settings_of,
    write_arrays,
    write_json,
    write_settings,
)
from anomed_anomaly_detection.commands.options import plain_data
from anomed_anomaly_detection.interface import Batch, DrawnTrigger
from anomed_anomaly_detection.network import MLP, Recipe, initial, train_further
from anomed_anomaly_detection.tasks import Aim, perturb_others, poison, success
from anomed_anomaly_detection.triggers import Formula
from anomed_core import UsageError

Say = Callable[[str], None]
TINY = 200
_LONGEST_CHAIN = 10


@attrs.frozen(kw_only=True, eq=False)
class ClassifierRun:
    """A classifier that was trained, and what on.

    Attributes
    ----------
    model : MLP
    records : Records
        The originals, without any trigger.
    trigger : Formula or None
        What it was poisoned with.
    poisoned_by : mapping or None
        The options of that trigger, as plain values.
    folder : Path
    """

    model: MLP
    records: Records
    trigger: Formula | None
    poisoned_by: Mapping[str, Any] | None
    folder: Path


def plain_records(plain: Mapping[str, Any], source: str, depth: int = 0) -> Records:
    """Return the originals behind a ``train_data`` of plain values.

    Raises
    ------
    UsageError
        If a run points to runs without end, or names a data set that is not there.
    """
    if depth > _LONGEST_CHAIN:
        raise UsageError(f"{source} points from run to run without end")
    name = plain.get("name")
    if name == "backdoor":
        return plain_records(plain["original"], source, depth)
    if name in {"from_run", "adversarial"}:
        path = Path(str(plain["path" if name == "from_run" else "run_path"]))
        settings = read_settings(path / "config.yaml")
        if settings is None or "train_data" not in settings:
            raise UsageError(f"{path} holds no classifier: its config.yaml names no train_data")
        originals = plain_records(settings["train_data"], str(path), depth + 1)
        return originals.first(plain.get("max_size"))
    found: Records = plain_data(plain, source).records()
    return found


def read_run(path: str) -> ClassifierRun:
    """Return the classifier of a folder.

    Raises
    ------
    UsageError
        If there is none.
    """
    if not path:
        raise UsageError("--task.run_path is required; name the folder of a classifier")
    folder = Path(path)
    settings = read_settings(folder / "config.yaml")
    if settings is None or "train_data" not in settings:
        raise UsageError(f"{folder} holds no classifier: its config.yaml names no train_data")
    model = MLP.from_arrays(read_arrays(folder / "model" / "weights.npz", "trained classifier"))
    stored = folder / "model" / "trigger.npz"
    arrays = read_arrays(stored, "trigger") if stored.exists() else {}
    # A stranger's trigger has arrays of its own, and is drawn again from the seed.
    trigger = Formula.from_arrays(arrays) if "mask" in arrays else None
    data = settings["train_data"]
    records = plain_records(data, str(folder))
    if settings.get("debug_with_logging"):
        records = records.first(TINY)
    return ClassifierRun(
        model=model,
        records=records,
        trigger=trigger,
        poisoned_by=data.get("backdoor"),
        folder=folder,
    )


def train_classifier(config: Any, say: Say) -> None:
    """Train a classifier and write it to its folder."""
    if config.wandb:
        raise UsageError("--wandb true is not supported; results are in the folder alone")
    settings = settings_of(config)
    folder = folder_of(config.dir, is_dry=config.debug)
    if folder is not None and is_done(
        settings,
        read_settings(folder / "config.yaml"),
        result=folder / "model" / "weights.npz",
        overwrite=config.overwrite,
    ):
        say(f"{folder} holds this classifier already")
        return
    records = plain_records(settings["train_data"], "--train_data")
    if config.is_tiny:
        records = records.first(TINY)
    if records.n_classes > min(config.num_classes, config.model.output_dim):
        raise UsageError(
            f"the data have {records.n_classes} classes; raise --num_classes "
            f"({config.num_classes}) and --model.output_dim ({config.model.output_dim})"
        )
    rng = generator(config.seed, "classifier")
    training, drawn = _training_data(config, records, rng, say)
    recipe = Recipe(
        hidden=tuple(config.model.hidden_dims),
        epochs=1 if config.is_tiny else config.num_epochs,
        batch_size=config.batch_size,
        learning_rate=config.optim.learning_rate,
        l2=0.0,
        max_steps=config.max_steps or 0,
    )
    start = initial(training.X.shape[1], config.model.output_dim, recipe=recipe, rng=rng)
    model, log = train_further(start, training.X, training.labels, rng=rng, recipe=recipe)
    metrics: dict[str, Any] = {"loss_per_epoch": list(log.losses), "n_steps": log.n_steps}
    metrics["clean_accuracy"] = model.accuracy(records.test.X, records.test.labels)
    if drawn is not None:
        metrics["success"] = _success(config, model, drawn, records, rng)
    said = ", ".join(f"{k} {v:.3f}" for k, v in metrics.items() if isinstance(v, float))
    say(f"trained on {len(training)} records: {said}")
    if folder is not None:
        _write(folder, config, settings, model, records, drawn, metrics)
        say(f"wrote {folder}")


def _training_data(
    config: Any, records: Records, rng: np.random.Generator, say: Say
) -> tuple[Batch, DrawnTrigger | None]:
    data = config.train_data
    if data.slug == "adversarial":
        from anomed_anomaly_detection.commands.adversarial import adversarial_batch

        run = read_run(data.run_path)
        return adversarial_batch(
            run, threshold=data.success_threshold, batch_size=data.attack_batch_size, say=say
        ), None
    options = getattr(data, "backdoor", None)
    if options is None:
        return records.train, None
    if options.p_backdoor == 1:
        say("warning: p_backdoor is 1, so the model is trained on triggered inputs alone")
    trigger, aim = options.trigger(), options.aim()
    drawn = options.drawn(records.shape, rng)
    poisoned = poison(
        records.train,
        trigger=drawn,
        shape=records.shape,
        n_classes=records.n_classes,
        aim=aim,
        share=options.p_backdoor,
        rng=rng,
    )
    innocent = getattr(trigger, "innocent", None)
    if innocent is None:
        return poisoned.records, drawn
    share = options.p_backdoor if options.p_noise < 0 else options.p_noise
    return perturb_others(
        poisoned, innocent(drawn), shape=records.shape, share=share, rng=rng
    ), drawn


def _success(
    config: Any, model: MLP, drawn: DrawnTrigger, records: Records, rng: np.random.Generator
) -> float:
    aim: Aim = config.train_data.backdoor.aim()
    X, y = records.test.X, records.test.labels
    targets = aim.targets(y, n_classes=records.n_classes)
    works = success(model, X, drawn(X, records.shape, rng), y, targets=targets)
    return float(works[y != targets].mean())


def _write(
    folder: Path,
    config: Any,
    settings: Mapping[str, Any],
    model: MLP,
    records: Records,
    drawn: DrawnTrigger | None,
    metrics: Mapping[str, Any],
) -> None:
    (folder / "model").mkdir(parents=True, exist_ok=True)
    arrays = model.to_arrays()
    if drawn is not None:
        write_arrays(folder / "model" / "trigger.npz", drawn.to_arrays())
    described = {
        "kind": "mlp",
        "layers": list(model.layers),
        "n_classes": model.n_classes,
        "shape": list(records.shape),
        "digest": digest_of(arrays),
    }
    write_json(folder / "model" / "model.json", described)
    write_json(folder / "metrics.json", dict(metrics))
    if config.save_config:
        write_settings(folder, settings)
    # Last, as it says that the classifier is there.
    write_arrays(folder / "model" / "weights.npz", arrays)
