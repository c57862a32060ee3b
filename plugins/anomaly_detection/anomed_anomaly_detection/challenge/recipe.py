"""What authors build: the network's fixed shape, the trigger's few arrays, and the trainer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import attrs
import numpy as np

from anomed_anomaly_detection.challenge.config import FloorSettings, RecipeSettings
from anomed_anomaly_detection.challenge.data import Pools
from anomed_anomaly_detection.network import MLP, Recipe, train
from anomed_anomaly_detection.tasks import Aim
from anomed_anomaly_detection.triggers import Formula
from anomed_core import ArraySchema

MODEL, POISON = "model", "poison"
"""What authors hand in: weights, or rows that the server trains on."""

LARGEST_WEIGHT = 1e3
LARGEST_SHIFT_PX = 4.0
CYCLE = -1
"""Value of `target` that makes each class the next one."""


@attrs.frozen(kw_only=True, eq=False)
class AuthorRecipe:
    """The network and trainer of a challenge.

    Attributes
    ----------
    settings
        Widths and trainer.
    floors
        What an author's model must reach.
    pools
        Whose records it is about.
    """

    settings: RecipeSettings
    floors: FloorSettings
    pools: Pools = attrs.field(repr=False)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each array of weights, by name."""
        widths = (self.pools.width, *self.settings.hidden, self.pools.n_classes)
        shapes: dict[str, tuple[int, ...]] = {}
        for number, (rows, columns) in enumerate(pairwise(widths)):
            shapes |= {f"W{number}": (rows, columns), f"b{number}": (columns,)}
        return shapes

    def trained(self, X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> MLP:
        """Train a network on records and labels."""
        recipe = Recipe(**attrs.asdict(self.settings))
        return train(X, y, n_classes=self.pools.n_classes, rng=rng, recipe=recipe)

    def model_of(self, payload: Mapping[str, Any]) -> MLP:
        """Return the network of these weights, in double precision."""
        return MLP.from_arrays(
            {name: np.asarray(payload[name], dtype=np.float64) for name in self.shapes}
        )

    def announced(self) -> dict[str, Any]:
        """Return what authors are told, as JSON values."""
        floors = {
            "success": self.floors.success,
            "success_cycle": self.floors.success_cycle,
            "accuracy_loss": self.floors.accuracy_loss,
            "harmless": self.floors.harmless,
        }
        return {
            "architecture": {
                "weights": {name: list(shape) for name, shape in self.shapes.items()},
                "layers": "x @ W0 + b0, then max(0, .) @ W1 + b1, and so on; the last is logits",
            },
            "trainer": {"optimiser": "adam"} | attrs.asdict(self.settings),
            "shape": list(self.pools.shape),
            "n_classes": self.pools.n_classes,
            "floors": floors,
        }

    def weight_schemas(self) -> list[ArraySchema]:
        """Declare the weights."""
        return [
            ArraySchema(
                name=name,
                kinds=("float", "int"),
                shape=shape,
                low=-LARGEST_WEIGHT,
                high=LARGEST_WEIGHT,
                description=f"{'Weights' if name[0] == 'W' else 'Biases'} of layer {name[1:]}.",
            )
            for name, shape in self.shapes.items()
        ]

    def trigger_schemas(self) -> list[ArraySchema]:
        """Declare the trigger."""
        width, shape = self.pools.width, self.pools.shape
        low_high: dict[str, Any] = {"kinds": ("float", "int"), "low": 0.0, "high": 1.0}
        schemas = [
            ArraySchema(
                name="mask",
                shape=(width,),
                description="How much of each entry the pattern replaces.",
                **low_high,
            ),
            ArraySchema(
                name="pattern", shape=(width,), description="What replaces it.", **low_high
            ),
            ArraySchema(
                name="std",
                shape=(),
                required=False,
                description="Standard deviation of noise that is added; 0 without it.",
                **low_high,
            ),
            ArraySchema(
                name="target",
                kinds=("int",),
                shape=(),
                low=CYCLE,
                high=self.pools.n_classes - 1,
                description="The class that all become; -1 if each becomes the next one.",
            ),
        ]
        if len(shape) > 1:
            field = ArraySchema(
                name="field",
                kinds=("float", "int"),
                shape=(2, *shape[:2]),
                required=False,
                low=-LARGEST_SHIFT_PX,
                high=LARGEST_SHIFT_PX,
                unit="pixels",
                description="From where, by rows and by columns, each pixel is taken.",
            )
            schemas.insert(3, field)
        return schemas


def trigger_of(payload: Mapping[str, Any]) -> tuple[Formula, Aim]:
    """Return the trigger that an author has handed in, and what it makes of labels."""
    target, field = int(payload["target"]), payload.get("field")
    formula = Formula(
        mask=payload["mask"],
        pattern=payload["pattern"],
        field=None if field is None else np.asarray(field, dtype=np.float64),
        std=float(payload.get("std", 0.0)),
    )
    return formula, Aim(behavior="cycle") if target == CYCLE else Aim(target=target)
