"""What flags there are: made from the dataclasses of triggers, tasks and detectors."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast, get_type_hints

import numpy as np

from anomed_anomaly_detection.commands.data_options import PLAIN_DATA
from anomed_anomaly_detection.interface import Detector, DrawnTrigger, Trigger
from anomed_anomaly_detection.registry import DETECTORS, TRIGGERS, load
from anomed_anomaly_detection.tasks import Aim
from anomed_core import UsageError, extension_points

TRAINING_SHARE = 0.05
_OF_ALL_DETECTORS = ("layer_aggregation", "max_batch_size")


@dataclass(frozen=True, kw_only=True)
class DirOptions:
    """Where results go: full, else base/run, else nowhere.

    Attributes
    ----------
    full
        The folder.
    base
        Folder of many runs.
    run
        Name of the run below it; the time, if it lacks.
    """

    full: str | None = None
    base: str | None = None
    run: str | None = None


@dataclass(frozen=True, kw_only=True)
class MLPOptions:
    """A network of ReLU units.

    Attributes
    ----------
    hidden_dims
        Width of each hidden layer.
    output_dim
        Number of logits.
    """

    slug: ClassVar[str] = "mlp"

    hidden_dims: tuple[int, ...] = (256, 256)
    output_dim: int = 10


@dataclass(frozen=True, kw_only=True)
class AdamOptions:
    """Adam.

    Attributes
    ----------
    learning_rate
        The step.
    """

    slug: ClassVar[str] = "adam"

    learning_rate: float = 1e-3


@dataclass(frozen=True, kw_only=True)
class TriggerOptions:
    """What all triggers have on the command line.

    Attributes
    ----------
    p_backdoor
        Share of the inputs that get the trigger.
    target_class
        Class that they shall be given.
    behavior_type
        That class, or the next one.
    value_range
        Lowest and highest value of an input.
    """

    slug: ClassVar[str]

    p_backdoor: float = 1.0
    target_class: int = 0
    behavior_type: Literal["fixed_class", "cycle_class"] = "fixed_class"
    value_range: tuple[float, float] = (0.0, 1.0)

    def drawn(self, shape: tuple[int, ...], rng: np.random.Generator) -> DrawnTrigger:
        """Return the trigger, drawn for inputs of a shape."""
        low, high = self.value_range
        return self.trigger().draw(shape, rng, low=low, high=high)

    def trigger(self) -> Trigger:
        """Return the trigger that the options describe."""
        own = {field.name for field in dataclasses.fields(TriggerOptions)} | {"p_noise"}
        options = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        chosen = {name: value for name, value in options.items() if name not in own}
        return cast("Trigger", load(TRIGGERS, self.slug)(**chosen))

    def aim(self) -> Aim:
        """Return what triggered inputs shall be taken for."""
        behavior = "cycle" if self.behavior_type == "cycle_class" else "fixed"
        return Aim(behavior=behavior, target=self.target_class)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class DetectorOptions:
    """What all detectors have on the command line; their own options are below ``train``.

    Attributes
    ----------
    layer_aggregation
        How scores of the layers become one.
    max_batch_size
        Inputs that are scored at once.
    """

    slug: ClassVar[str]

    layer_aggregation: Literal["mean", "max"] = "mean"
    max_batch_size: int = 4096

    def detector(self) -> Detector:
        """Return the detector that the options describe."""
        offered = load(DETECTORS, self.slug)
        own = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        below = own.pop("train", None)
        train = {} if below is None else dataclasses.asdict(below)
        train.pop("pbar", None)
        known = {field.name for field in dataclasses.fields(offered)}
        return cast("Detector", offered(**{k: v for k, v in (own | train).items() if k in known}))


def _fields_of(cls: type[Any], without: set[str]) -> list[tuple[str, Any, Any]]:
    """Return the options of a dataclass as `dataclasses.make_dataclass` takes them."""
    hints = get_type_hints(cls)
    fields = []
    for field in dataclasses.fields(cls):
        if field.init and field.name not in without:
            default = field.default
            if default is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
                default = field.default_factory()
            fields.append((field.name, hints[field.name], dataclasses.field(default=default)))
    return fields


def _made(name: str, base: type[Any], fields: list[Any], documented: type[Any], slug: str) -> Any:
    space = {"slug": slug, "__doc__": documented.__doc__, "__module__": __name__}
    return dataclasses.make_dataclass(
        name, fields, bases=(base,), frozen=True, kw_only=True, namespace=space
    )


def trigger_options(slug: str, *, p_backdoor: float) -> type[TriggerOptions]:
    """Return the flags of a trigger, with the share that is triggered if none is said."""
    offered = load(TRIGGERS, slug)
    share = [("p_backdoor", float, dataclasses.field(default=p_backdoor))]
    # A third share is only for triggers that have innocent likenesses.
    noise = [("p_noise", float, dataclasses.field(default=-1.0))]
    fields = share + (noise if hasattr(offered, "innocent") else []) + _fields_of(offered, set())
    return cast(
        "type[TriggerOptions]",
        _made(f"{offered.__name__}Options", TriggerOptions, fields, offered, slug),
    )


def detector_options(slug: str) -> type[DetectorOptions]:
    """Return the flags of a detector: its own options are below ``train``."""
    offered = load(DETECTORS, slug)
    own = [
        *_fields_of(offered, set(_OF_ALL_DETECTORS)),
        ("pbar", bool, dataclasses.field(default=True)),
    ]
    train = _made(f"{offered.__name__}Train", object, own, offered, slug)
    fields = [("train", train, dataclasses.field(default_factory=train))]
    return cast(
        "type[DetectorOptions]",
        _made(f"{offered.__name__}Options", DetectorOptions, fields, offered, slug),
    )


def names_of(group: str) -> tuple[str, ...]:
    """Return what is installed in a group, without loading any of it."""
    return tuple(extension_points(group))


def as_plain(options: Any) -> Any:
    """Return options as plain values, each choice with its ``name``."""
    if dataclasses.is_dataclass(options):
        slug = getattr(options, "slug", None)
        values = {f.name: as_plain(getattr(options, f.name)) for f in dataclasses.fields(options)}
        named = slug is not None and not type(options).__name__.endswith("Train")
        return {"name": slug, **values} if named else values
    return list(options) if isinstance(options, tuple) else options


def from_plain(cls: type[Any], plain: Mapping[str, Any], source: str) -> Any:
    """Return options of a class from plain values.

    Raises
    ------
    UsageError
        If a value is unknown.
    """
    values = {name: value for name, value in plain.items() if name != "name"}
    known = {field.name for field in dataclasses.fields(cls)}
    if unknown := sorted(set(values) - known):
        raise UsageError(
            f"{source} says {unknown[0]!r} of {plain.get('name')}, which has no such option"
        )
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return cls(**values)


def plain_data(plain: Mapping[str, Any], source: str) -> Any:
    """Return the options of a plain data set.

    Raises
    ------
    UsageError
        If there is no such data set.
    """
    name = str(plain.get("name"))
    if name not in PLAIN_DATA:
        raise UsageError(f"{source} names the data set {name!r}; there are {', '.join(PLAIN_DATA)}")
    return from_plain(PLAIN_DATA[name], plain, source)
