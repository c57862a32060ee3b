"""What the game is played on: the hidden tables by their names."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from anomed_core import CreationContext
from anomed_dp_query.challenge.config import DpQueryConfig
from anomed_dp_query.challenge.data import Dataset, open_datasets


@attrs.frozen(kw_only=True)
class Arena:
    """A challenge, ready to be played.

    Attributes
    ----------
    config
        What the organiser decided.
    datasets
        The hidden tables, by name.
    """

    config: DpQueryConfig
    datasets: Mapping[str, Dataset]


def open_arena(config: DpQueryConfig, context: CreationContext) -> Arena:
    """Load the tables, once for all workers.

    Raises
    ------
    ConfigError
        If a table or its metadata are missing or contradict each other.
    """
    return Arena(config=config, datasets=open_datasets(config.datasets, context))
