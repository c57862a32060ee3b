"""What a challenge hands out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from anomed_anomaly_detection.challenge.arena import Arena
from anomed_anomaly_detection.challenge.authors import author_mix, authored, suspects_of
from anomed_anomaly_detection.challenge.house_tasks import HouseTask
from anomed_anomaly_detection.challenge.recipe import MODEL, POISON
from anomed_anomaly_detection.dealing import as_bytes
from anomed_core import PAIR, ArraySchema, ArraysSchema, DataProduct, DataRequest, Role, Split

TASKS_PATH, RECIPE_PATH, TRAINING_PATH = (
    "/data/tasks",
    "/data/anonymizer/recipe",
    ("/data/anonymizer/training"),
)
TRUSTED_PATH = "/data/deanonymizer/trusted"

_LEVELS = "Inputs, one row each, in steps of 1/255: divide by 255."
_LABELS = "Labels, from 0."


def suspects_path(form: str) -> str:
    """Return where detectors get the inputs of an author's model or poisoned rows."""
    return f"/data/deanonymizer/suspects/{form}"


def data_products(arena: Arena) -> list[DataProduct]:
    """Declare the tasks, what authors build with, and what each pair examines."""
    training = {"X": arena.pools.levels["training"], "y": arena.pools.labels["training"]}
    trusted = {"X": arena.pools.levels["trusted"], "y": arena.pools.labels["trusted"]}
    meanings = {"X": _LEVELS, "y": _LABELS}
    return [
        DataProduct(
            path=TASKS_PATH,
            audience={Role.PUBLIC},
            data=described(arena),
            description="The house's tasks: sizes, layers, how they were checked; no trigger.",
        ),
        DataProduct(
            path=RECIPE_PATH,
            data=arena.recipe.announced() | {"budget": arena.budget},
            description="What authors build: architecture, trainer, budget and floors.",
        ),
        DataProduct(
            path=TRAINING_PATH,
            data=_arrays(training),
            meanings=meanings,
            description="Clean records and labels to build a network with.",
        ),
        DataProduct(
            path=TRUSTED_PATH,
            data=_arrays(trusted),
            meanings=meanings,
            description="Records that all networks handle normally, to examine authors with.",
        ),
        *(product for task in arena.tasks.values() for product in _task_products(task)),
        *(_suspects(arena, form) for form in (MODEL, POISON)),
    ]


def _arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.asarray(array) for name, array in arrays.items()}


def _task_products(task: HouseTask) -> list[DataProduct]:
    """Return a task's products: weights and inputs, or what the layers say of inputs."""
    path = f"/data/deanonymizer/{task.name}"
    parts = ["trusted", *(["untrusted"] if len(task.levels["untrusted"]) else []), *Split]
    if task.settings.view == "activations":
        return DataProduct.of_parts(
            f"{path}/activations",
            {
                part: _arrays(dict(zip(_layer_names(values), values.values(), strict=True)))
                for part, values in ((part, task.activations[part]) for part in parts)
            },
            description="What each layer says of the inputs, before its non-linearity.",
        )
    held = {part: {"X": np.asarray(task.levels[part])} for part in parts}
    held["trusted"]["y"] = np.asarray(task.trusted_y)
    model = task.model.to_arrays() if task.model is not None else {}
    return [
        DataProduct(
            path=f"{path}/model",
            data=model,
            meanings={
                name: f"{'Weights' if name[0] == 'W' else 'Biases'} of layer {name[1:]}."
                for name in model
            },
            description="The network: x @ W0 + b0, then max(0, .) @ W1 + b1, and so on.",
        ),
        *DataProduct.of_parts(
            path,
            held,
            meanings={"X": _LEVELS, "y": _LABELS},
            description="Inputs of the task; only trusted ones have labels.",
        ),
    ]


def _layer_names(values: Iterable[str]) -> list[str]:
    """Return layers as names of arrays, whatever a source calls them."""
    plain = [re.sub(r"\W", "_", name) for name in values]
    return [name if name[:1].isalpha() else f"layer_{name}" for name in plain]


def _suspects(arena: Arena, form: str) -> DataProduct:
    width = arena.pools.width
    n_mix = len(arena.pools.labels["untrusted"])

    def levels(name: str, n: int, description: str) -> ArraySchema:
        return ArraySchema(
            name=name,
            kinds=("int",),
            shape=(n, width),
            dtype="uint8",
            description=description,
        )

    weights = [
        ArraySchema(
            name=name, kinds=("float",), shape=shape, dtype="float64", description="Of the network."
        )
        for name, shape in arena.recipe.shapes.items()
    ]
    inputs = [
        levels("X", 2 * arena.config.n_each, f"{_LEVELS} Half of them carry the trigger."),
        levels("untrusted", n_mix, f"{_LEVELS} A few of them carry the trigger."),
    ]
    return DataProduct(
        path=suspects_path(form),
        audience={Role.DEANONYMIZER},
        with_target=True,
        attacks=form,
        parameters=PAIR,
        schema=ArraysSchema(arrays=[*weights, *inputs]),
        data=lambda request: _handed(arena, request),
        description="An author's network, and inputs of this pair of which half are triggered.",
    )


def _handed(arena: Arena, request: DataRequest) -> dict[str, np.ndarray]:
    drawn = suspects_of(arena, request)
    target = request.target
    if target is None or target.submission is None or request.split is None:
        raise ValueError("suspects are those of an author, a detector and a split")
    author = authored(arena, target.submission)
    mix = author_mix(arena, author, target.anonymizer, request.split)
    weights = {name: np.asarray(a, np.float64) for name, a in author.model.to_arrays().items()}
    return weights | {"X": as_bytes(drawn.X), "untrusted": as_bytes(mix.X)}


def described(arena: Arena) -> dict[str, Any]:
    """Return what everybody is told of the tasks."""
    config = arena.config
    return {
        "tasks": {
            task.name: {
                "title": task.title,
                "kind": task.facts.task,
                "view": task.settings.view,
                "layers": list(task.model.layers) if task.model is not None else [],
                "shape": list(arena.pools.shape),
                "n_classes": arena.pools.n_classes,
                "levels": 256,
                "n_trusted": len(task.levels["trusted"]),
                "n_untrusted": len(task.levels["untrusted"]),
                "n_test": {split.value: len(flags) for split, flags in task.flags.items()},
                "anomalous_share_of_untrusted": config.contamination
                if len(task.levels["untrusted"])
                else 0.0,
                "anomalous_share_of_test": round(task.anomalous_share, 3),
                "measured": {name: round(value, 3) for name, value in task.facts.numbers.items()},
                "labels": list(task.labels),
            }
            for task in arena.tasks.values()
        },
        "match_outputs": config.match_outputs,
        "decoys": config.decoys,
        "metrics": ["auc", "tpr_at_fpr_0.01", "ap"],
    }
