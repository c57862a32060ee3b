"""The house's tasks: built once, put on the grid and into drawn order, checked, and kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import structlog

from anomed_anomaly_detection.challenge.config import AnomalyDetectionConfig, TaskSettings
from anomed_anomaly_detection.challenge.data import Pools, public_records
from anomed_anomaly_detection.challenge.offers import taken_source
from anomed_anomaly_detection.challenge.soundness import Controls, check_built, controls_of
from anomed_anomaly_detection.dealing import as_bytes, from_bytes
from anomed_anomaly_detection.interface import (
    Batch,
    BuiltTask,
    DetectionTask,
    LabelledPools,
    TaskFacts,
)
from anomed_anomaly_detection.network import MLP, Recipe
from anomed_anomaly_detection.tasks import Dealing
from anomed_core import ConfigError, CreationContext, Split, one_thread

SPLITS = tuple(Split)

log = structlog.get_logger(__name__)


@attrs.frozen(kw_only=True, eq=False)
class HouseTask:
    """A task of the house as the server keeps it.

    Attributes
    ----------
    name
        Of its kind of submissions.
    settings
        As configured.
    levels
        By part (``trusted``, ``untrusted`` and the splits), uint8 of shape (n, d).
    trusted_y
        Labels of the trusted records, int64 of shape (n,).
    flags
        By split, bool of shape (n,): which test inputs are anomalous.
    untrusted_flags
        The same of the untrusted ones; empty without any.
    model
        The network, where it is one that can be handed out.
    activations
        By part and layer where the task hands out activations, float32 of shape (n, ...).
    facts
        What may be told of it.
    controls
        How much of a test is told without any mechanism.
    labels
        What an organiser should know of it; empty if all is well.
    """

    name: str
    settings: TaskSettings
    levels: Mapping[str, np.ndarray] = attrs.field(repr=False)
    trusted_y: np.ndarray = attrs.field(repr=False)
    flags: Mapping[Split, np.ndarray] = attrs.field(repr=False)
    untrusted_flags: np.ndarray = attrs.field(repr=False)
    model: MLP | None = attrs.field(repr=False)
    activations: Mapping[str, Mapping[str, np.ndarray]] = attrs.field(repr=False)
    facts: TaskFacts
    controls: Controls
    labels: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return a few words for people."""
        return self.settings.title or self.name

    @property
    def anomalous_share(self) -> float:
        """Return the share of the test inputs that are anomalous."""
        return float(np.mean(self.flags[Split.VALIDATION]))

    def X(self, part: str) -> np.ndarray:
        """Return the inputs of a part, float32 of shape (n, d) in [0, 1]."""
        return from_bytes(np.asarray(self.levels[part]))

    def for_detectors(self, model: MLP | None = None) -> DetectionTask:
        """Return what a detector is given; with another model, to compare.

        Raises
        ------
        ValueError
            If there is no model to hand out.
        """
        model = model or self.model
        if model is None:
            raise ValueError(f"the task {self.name!r} hands out activations, and no model")
        untrusted = Batch(self.X("untrusted")) if len(self.levels["untrusted"]) else None
        return DetectionTask(
            model=model,
            trusted=Batch(self.X("trusted"), np.asarray(self.trusted_y)),
            untrusted=untrusted,
            facts=self.facts,
        )


def open_tasks(
    config: AnomalyDetectionConfig, pools: Pools, context: CreationContext
) -> dict[str, HouseTask]:
    """Build the tasks of the configuration, or take those of an earlier run.

    Parameters
    ----------
    config
        What the organiser decided.
    pools
        What they are made of.
    context
        Draws, and keeps what was built.

    Returns
    -------
    dict of str to HouseTask

    Raises
    ------
    ConfigError
        If a source is unknown, or its task is not sound; the message has the measured numbers.
    """
    tasks = {}
    for name, settings in config.tasks.items():
        key = f"tasks.{name}"
        source = taken_source(settings.source, settings.options, _usual(config), context, key=key)
        made_by = [point.code for point in context.taken if point.name.endswith(settings.source)]
        frozen = context.freeze(
            f"task {name}",
            f"{source} {settings.view} {made_by} {context.frozen_digests['pools']}",
            lambda source=source, name=name: _arrays(  # type: ignore[misc]
                _built(source, name, pools, context), name, config, context
            ),
        )
        tasks[name] = _read(name, config, frozen)
        for sentence in tasks[name].labels:
            log.warning("a task is labelled", task=name, label=sentence)
    return tasks


def _usual(config: AnomalyDetectionConfig) -> dict[str, Any]:
    """Return what the challenge says of every task, where its source has such an option."""
    return {
        "recipe": Recipe(**attrs.asdict(config.recipe)),
        "dealing": Dealing(
            n_each=config.n_each,
            contamination=config.contamination,
            decoys=config.decoys,
            match_outputs=config.match_outputs,
        ),
        "contamination": config.contamination,
    }


def labelled_pools(pools: Pools) -> LabelledPools:
    """Return the pools as task sources take them."""

    def batch(name: str) -> Batch:
        return Batch(pools.X(name), pools.y(name))

    return LabelledPools(
        training=batch("training"),
        trusted=batch("trusted"),
        untrusted=batch("untrusted"),
        tuning=batch("tuning"),
        validation=batch("validation"),
        shape=pools.shape,
        n_classes=pools.n_classes,
    )


def _built(source: Any, name: str, pools: Pools, context: CreationContext) -> BuiltTask:
    try:
        with one_thread():
            built: BuiltTask = source.build(
                labelled_pools(pools), context.lottery.generator("task", name)
            )
    except ValueError as error:
        raise ConfigError(f"tasks.{name}", str(error)) from error
    return built


def _arrays(
    built: BuiltTask, name: str, config: AnomalyDetectionConfig, context: CreationContext
) -> dict[str, np.ndarray]:
    """Return a task as arrays: on the grid, in an order that the lottery draws."""
    task, settings = built.task, config.tasks[name]
    trusted = task.trusted or Batch(np.empty((0, 0)), np.empty(0))
    untrusted = task.untrusted
    arrays: dict[str, np.ndarray] = {
        "trusted": as_bytes(trusted.X),
        "trusted y": trusted.labels,
    }
    flags = built.untrusted_flags
    if untrusted is None or flags is None:
        arrays |= {"untrusted": arrays["trusted"][:0], "untrusted flags": np.empty(0, bool)}
    else:
        order = context.lottery.permutation(len(flags), "order of the untrusted", name)
        arrays |= {"untrusted": as_bytes(untrusted.X)[order], "untrusted flags": flags[order]}
    for split in SPLITS:
        order = context.lottery.permutation(
            len(built.flags[split]), "order of the test", name, split
        )
        arrays[f"{split}"] = as_bytes(built.tests[split].X)[order]
        arrays[f"{split} flags"] = np.asarray(built.flags[split])[order]
    if isinstance(task.model, MLP):
        arrays |= {f"model {label}": array for label, array in task.model.to_arrays().items()}
    elif settings.view == "model":
        raise ConfigError(
            f"tasks.{name}.view",
            f"the model of {settings.source} is no plain network whose weights could be handed "
            "out; say view = 'activations'",
        )
    if settings.view == "activations":
        for part in ("trusted", "untrusted", *SPLITS):
            for layer, values in task.model.activations(from_bytes(arrays[part])).items():
                arrays[f"activations {part} {layer}"] = np.asarray(values, dtype=np.float32)
    facts = {
        "task": task.facts.task,
        "numbers": dict(task.facts.numbers),
        "shape": list(task.facts.shape),
    }
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    check_built(arrays, name)
    measured = controls_of(
        trusted=arrays["trusted"],
        test=arrays[Split.TUNING],
        flags=arrays[f"{Split.TUNING} flags"],
        predicted={
            part: task.model.predict(from_bytes(arrays[part]))
            for part in ("trusted", "untrusted", Split.TUNING)
        },
        public=public_records(config.data, context),
    )
    arrays["controls"] = np.array(attrs.astuple(measured))
    return arrays


def _read(name: str, config: AnomalyDetectionConfig, frozen: Mapping[str, np.ndarray]) -> HouseTask:
    weights = {
        label.removeprefix("model "): np.asarray(array)
        for label, array in frozen.items()
        if label.startswith("model ")
    }
    activations: dict[str, dict[str, np.ndarray]] = {}
    for label, array in frozen.items():
        if label.startswith("activations "):
            _, part, layer = label.split(" ", 2)
            activations.setdefault(part, {})[layer] = array
    facts = json.loads(bytes(np.asarray(frozen["facts"])))
    controls = Controls(*np.asarray(frozen["controls"]).tolist())
    return HouseTask(
        name=name,
        settings=config.tasks[name],
        levels={part: frozen[str(part)] for part in ("trusted", "untrusted", *SPLITS)},
        trusted_y=frozen["trusted y"],
        flags={split: np.asarray(frozen[f"{split} flags"]) for split in SPLITS},
        untrusted_flags=np.asarray(frozen["untrusted flags"]),
        model=MLP.from_arrays(weights) if weights else None,
        activations=activations,
        facts=TaskFacts(task=facts["task"], shape=facts["shape"], numbers=facts["numbers"]),
        controls=controls,
        labels=tuple(controls.sentences(config)),
    )
