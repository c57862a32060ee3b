"""What an organiser decides about an anomaly-detection challenge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs
from attrs import validators

NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
"""Names of tasks: lower-case words joined by hyphens."""

LEAST_EACH = 100
"""With fewer clean records, a true-positive rate at one false positive in a hundred is none."""

_SHARES = (0.40, 0.12, 0.12, 0.18, 0.18)

DEFAULT_PANEL = (
    "mahalanobis",
    "mahalanobis_class",
    "que",
    "lof",
    "isolation_forest",
    "output_lift",
    "input_mahalanobis",
)
"""Detectors that the house sends against every author's model."""

DEFAULT_ENTRIES = ("mahalanobis", "mahalanobis_class", "que", "ted", "lof")
"""Detectors that the house enters in the ranking of each of its tasks."""


@attrs.frozen(kw_only=True)
class DataSettings:
    """Table ``data``: labelled records, and how they are dealt.

    Attributes
    ----------
    source
        ``scheme:reference`` of all records with their labels, such as ``sklearn:digits``.
    X, y
        Names of the arrays.
    shape
        ``[h, w]`` or ``[h, w, channels]`` of images. Empty for records that are no images, and for
        square ones of one channel, whose side is seen from their length where `deform` is set.
    low, high
        Values that stand for 0 and 1; without `high`, the largest value there is.
    shares
        Of training, trusted, untrusted, tuning and validation records.
    deform
        Whether every image is rotated, scaled, moved and dimmed a little by a secret draw, so that
        nobody looks test images up in public data. Say false for data that nobody else has.
    copies
        Deformed copies of each training record that models are trained on.
    """

    source: str
    X: str = "X"
    y: str = "y"
    shape: tuple[int, ...] = ()
    low: float = 0.0
    high: float | None = None
    shares: tuple[float, ...] = _SHARES
    deform: bool = True
    copies: int = attrs.field(default=5, validator=validators.in_(range(1, 101)))

    def __attrs_post_init__(self) -> None:
        if len(self.shares) != len(_SHARES) or min(self.shares) <= 0 or sum(self.shares) > 1 + 1e-9:
            raise ValueError(
                "shares must be five positive numbers that add up to at most 1 (training, trusted, "
                f"untrusted, tuning, validation), got {list(self.shares)}"
            )
        if self.shape and (len(self.shape) not in {2, 3} or min(self.shape) < 1):
            raise ValueError(f"shape must be [h, w] or [h, w, channels], got {list(self.shape)}")
        if self.high is not None and not self.high > self.low:
            raise ValueError(f"high must be above low = {self.low}, got {self.high}")
        if not self.deform and self.copies > 1:
            object.__setattr__(self, "copies", 1)


@attrs.frozen(kw_only=True)
class RecipeSettings:
    """Table ``recipe``: the network that all models are, and how it is trained.

    Attributes
    ----------
    hidden
        Width of each hidden layer.
    epochs, batch_size, learning_rate
        Of Adam.
    l2
        Weight decay. Without it, the first weights of entries that are never lit stay as they were
        drawn, and a trigger there is found on models that have no backdoor.
    """

    hidden: tuple[int, ...] = (64, 64)
    epochs: int = attrs.field(default=30, validator=validators.in_(range(1, 1001)))
    batch_size: int = attrs.field(default=128, validator=validators.ge(1))
    learning_rate: float = attrs.field(default=3e-3, validator=validators.gt(0))
    l2: float = attrs.field(default=1e-4, validator=validators.ge(0))

    def __attrs_post_init__(self) -> None:
        if not self.hidden or min(self.hidden) < 2 or max(self.hidden) > 4096:
            raise ValueError(f"hidden must be widths from 2 to 4096, got {list(self.hidden)}")


@attrs.frozen(kw_only=True)
class FloorSettings:
    """Table ``floors``: what an author's model must reach to be ranked.

    Attributes
    ----------
    success
        Least share of records that are right without the trigger and wrong, as it says, with it;
        where it makes all of them one class.
    success_cycle
        The same, where each class becomes the next one.
    accuracy_loss
        By how much a model may be less accurate than the recipe's clean one.
    harmless
        Least share of triggered records to which the clean model says what it says without the
        trigger: one that really changes the class is no backdoor.
    """

    success: float = attrs.field(default=0.8, validator=[validators.ge(0), validators.le(1)])
    success_cycle: float = attrs.field(default=0.6, validator=[validators.ge(0), validators.le(1)])
    accuracy_loss: float = attrs.field(default=0.05, validator=[validators.ge(0), validators.le(1)])
    harmless: float = attrs.field(default=0.6, validator=[validators.ge(0), validators.le(1)])


@attrs.frozen(kw_only=True)
class TaskSettings:
    """Table ``tasks.NAME``: one task of the house.

    Attributes
    ----------
    source
        What makes the task: ``backdoor``, ``adversarial``, or another installed one, as
        ``anomed anomaly tasks`` lists them.
    options
        What the source is told, as ``anomed anomaly tasks`` lists it.
    title
        A few words for people; the name, if it is not given.
    view
        ``model`` hands out weights and records, ``activations`` only what the layers say of them.
    """

    source: str
    options: Mapping[str, Any] = attrs.field(factory=dict)
    title: str = ""
    view: Literal["model", "activations"] = "model"


def _named(_: object, attribute: attrs.Attribute[Any], value: Mapping[str, Any]) -> None:
    import re

    for name in value:
        if not re.fullmatch(NAME, name) or name in {"model", "poison"}:
            raise ValueError(
                f"{attribute.name} holds {name!r}; a task's name is lower-case words joined by "
                "hyphens, and neither model nor poison"
            )
    if not value:
        raise ValueError(f"{attribute.name} is empty; give at least one task, as in tasks.pair")


@attrs.frozen(kw_only=True)
class AnomalyDetectionConfig:
    """Options of an anomaly-detection challenge.

    Attributes
    ----------
    data
        Where the records come from.
    tasks
        The house's tasks, by name; each is a kind of submissions with a final of its own.
    recipe
        Network and trainer of the house's tasks, of the clean model, and of what authors hand in.
    floors
        What an author's model must reach.
    n_each
        Clean, and also anomalous, records in each test; at least 100.
    contamination
        Share of the untrusted records that are anomalous.
    match_outputs
        Whether clean test records are drawn to be predicted as the anomalous ones are. Without it
        and with one target class, a look at the prediction alone tells most of the truth; with it,
        that class must have enough records.
    decoys
        Share of the clean test records, and of the clean part of the untrusted ones, that carry a
        harmless perturbation of the trigger's size and kind.
    budget
        Share of the training records that an author may poison.
    entries
        Detectors that the house enters for each of its tasks.
    panel
        Detectors that the house sends against each author's model.
    house_feedback
        Whether the panel runs on tuning submissions, too. Its results would tell authors which
        variant it misses.
    max_input_auc
        A task on which a look at the records alone does better than this is labelled so.
    """

    data: DataSettings
    tasks: Mapping[str, TaskSettings] = attrs.field(validator=_named)
    recipe: RecipeSettings = attrs.field(factory=RecipeSettings)
    floors: FloorSettings = attrs.field(factory=FloorSettings)
    n_each: int = attrs.field(default=LEAST_EACH, validator=validators.ge(LEAST_EACH))
    contamination: float = attrs.field(
        default=0.1, validator=[validators.gt(0), validators.lt(0.5)]
    )
    match_outputs: bool = True
    decoys: float = attrs.field(default=0.5, validator=[validators.ge(0), validators.lt(1)])
    budget: float = attrs.field(default=0.2, validator=[validators.gt(0), validators.le(0.5)])
    entries: tuple[str, ...] = attrs.field(default=DEFAULT_ENTRIES, metadata={"fingerprint": False})
    panel: tuple[str, ...] = DEFAULT_PANEL
    house_feedback: bool = attrs.field(default=False, metadata={"fingerprint": False})
    max_input_auc: float = attrs.field(
        default=0.9, validator=[validators.gt(0.5), validators.le(1)]
    )
