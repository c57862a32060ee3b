"""The arena: what the server keeps of a challenge, and the draws that decide what is tested."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import attrs

from anomed_anomaly_detection.challenge.config import AnomalyDetectionConfig
from anomed_anomaly_detection.challenge.data import Pools, open_pools
from anomed_anomaly_detection.challenge.house_tasks import HouseTask, labelled_pools, open_tasks
from anomed_anomaly_detection.challenge.offers import taken_detectors
from anomed_anomaly_detection.challenge.recipe import AuthorRecipe
from anomed_anomaly_detection.interface import Detector, LabelledPools
from anomed_anomaly_detection.network import MLP
from anomed_core import CreationContext, Lottery


@attrs.frozen(kw_only=True, eq=False, slots=False)
class Arena:
    """Everything about one challenge.

    Attributes
    ----------
    config
        What the organiser decided.
    pools
        The labelled records.
    recipe
        What authors' networks are, and how networks are trained.
    tasks
        The house's tasks, by name.
    clean_model
        Trained on clean records by the recipe; not handed out.
    detectors
        The house's, by name, as the configuration lists them.
    context
        Draws what participants must not foresee, and keeps files.
    """

    config: AnomalyDetectionConfig
    pools: Pools = attrs.field(repr=False)
    recipe: AuthorRecipe = attrs.field(repr=False)
    tasks: Mapping[str, HouseTask] = attrs.field(repr=False)
    clean_model: MLP = attrs.field(repr=False)
    detectors: Mapping[str, Detector] = attrs.field(repr=False)
    context: CreationContext = attrs.field(repr=False)

    @property
    def lottery(self) -> Lottery:
        """Return the source of all draws."""
        return self.context.lottery

    @cached_property
    def labelled(self) -> LabelledPools:
        """Return the pools as task sources take them."""
        return labelled_pools(self.pools)

    @property
    def budget(self) -> int:
        """Rows that an author may add to the training records."""
        return round(self.config.budget * len(self.pools.labels["training"]))

    @property
    def panel(self) -> dict[str, Detector]:
        """Return the detectors that are sent against authors, by name."""
        return {name: self.detectors[name] for name in self.config.panel}

    @property
    def entered(self) -> dict[str, Detector]:
        """Return the detectors that are entered for the house's tasks, by name."""
        return {name: self.detectors[name] for name in self.config.entries}

    def keep(self, key: str, content: bytes) -> None:
        """Keep a file about a submission, unless it is there already."""

        def write(file: object) -> None:
            file.write(content)  # type: ignore[attr-defined]

        self.context.artifacts.build_once(self._file_key(key), write)

    def kept(self, key: str) -> bytes | None:
        """Return a file that was kept; None if there is none."""
        artifact = self.context.artifacts.find(self._file_key(key))
        return None if artifact is None else artifact.path.read_bytes()

    def _file_key(self, key: str) -> str:
        digests = self.context.frozen_digests
        return f"{self.lottery.fingerprint} {digests['pools']} {self.config.recipe} {key}"


def open_arena(config: AnomalyDetectionConfig, context: CreationContext) -> Arena:
    """Load the records, draw the pools, train the models and check the tasks, once for all.

    Parameters
    ----------
    config
        What the organiser decided.
    context
        Loads sources, draws lots and keeps what was drawn.

    Returns
    -------
    Arena

    Raises
    ------
    ConfigError
        If the records do not suffice, a task is not sound, or the configuration names what there
        is not.
    """
    pools = open_pools(config.data, context)
    recipe = AuthorRecipe(settings=config.recipe, floors=config.floors, pools=pools)
    detectors = taken_detectors((*config.panel, *config.entries), context)
    weights = context.freeze(
        "clean model",
        f"{config.recipe} {context.frozen_digests['pools']}",
        lambda: recipe.trained(
            pools.X("training"), pools.y("training"), context.lottery.generator("clean model")
        ).to_arrays(),
    )
    return Arena(
        config=config,
        pools=pools,
        recipe=recipe,
        tasks=open_tasks(config, pools, context),
        clean_model=MLP.from_arrays(weights),
        detectors=detectors,
        context=context,
    )
